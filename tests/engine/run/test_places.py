from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import Settings
from imgcache.engine.run.places import Places, fit, fitted


def test_where_there_is_room_all_goes_on_as_configured() -> None:
    assert fit(1024, 4, 64) == Places(requests=64, answers=36, decoders=4)
    assert fit(65536, 64, 500) == Places(requests=500, answers=560, decoders=64)


def test_where_there_is_little_room_each_gets_a_little() -> None:
    assert fit(48, 8, 64) == Places(requests=3, answers=1, decoders=1)
    assert fit(8, 8, 64) == Places(requests=1, answers=1, decoders=1)


@given(st.integers(40, 70_000), st.integers(1, 256), st.integers(1, 5000))
def test_the_places_need_no_more_than_there_is(available: int, cores: int, wanted: int) -> None:
    found = fit(available, cores, wanted)
    assert 1 <= found.requests <= wanted
    assert 1 <= found.decoders <= cores
    assert 1 <= found.answers <= 8 * found.decoders + 48
    assert 24 + 3 * found.requests + 9 * found.answers + 2 * found.decoders <= available


def test_settings_that_fit_stay_as_they_are() -> None:
    settings = Settings.model_validate({"fetch": {"concurrency": 2}})
    assert fitted(settings) == settings
    assert fitted(settings, 40).fetch.concurrency == 1
