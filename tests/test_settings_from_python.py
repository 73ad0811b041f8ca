"""Settings that are made in Python: their errors are ours, and name the value."""

from __future__ import annotations

from typing import Any

import pytest

import imgcache
from imgcache.config import FetchSettings, Settings
from imgcache.errors import ConfigError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"fetch": {"concurrency": 0}},
            "Settings: fetch.concurrency = 0: write a number of at least 1",
        ),
        (
            {"fetch": {"concurency": 3}},
            "Settings: unknown setting 'fetch.concurency'; did you mean 'fetch.concurrency'?",
        ),
        (
            {"rules": [{"name": "hero", "max_bytes": -1}]},
            "Settings: rules.max_bytes = -1: write a number of at least 0",
        ),
        (
            {"serve": {"token": "a secret"}},
            "serve.token: write ASCII characters without blanks, at least one",
        ),
        (
            {"freshness": {"least": "2d", "greatest": "1d"}},
            "freshness.least must not be longer than freshness.greatest",
        ),
    ],
)
def test_a_wrong_value_is_a_config_error_that_names_it(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings(**values)
    assert message in str(caught.value)
    assert isinstance(caught.value, imgcache.ImgcacheError)


def test_a_section_of_its_own_says_the_same() -> None:
    with pytest.raises(ConfigError, match="FetchSettings: attempts = 0: "):
        FetchSettings(attempts=0)
    with pytest.raises(ConfigError, match="FetchSettings: nothing = 1: "):
        FetchSettings(nothing=1)  # type: ignore[call-arg]


def test_sections_may_be_given_as_such_or_as_mappings() -> None:
    assert Settings(fetch=FetchSettings(attempts=5)).fetch.attempts == 5
    assert Settings.model_validate({"fetch": {"attempts": 5}}).fetch.attempts == 5


def test_the_package_tells_its_version() -> None:
    assert imgcache.__version__ == imgcache.version.VERSION
