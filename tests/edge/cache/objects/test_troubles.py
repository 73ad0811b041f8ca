"""What an object store says when it fails, in words that help and give nothing away."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest
from obstore import exceptions

from imgcache import Settings
from imgcache.config_images import CacheSettings
from imgcache.edge.cache.objects.troubles import told
from imgcache.edge.cache.storage import storage_of
from imgcache.errors import ConfigError, LocalError
from imgcache.units import BucketUrl

URL = BucketUrl.parse("s3://bucket/site")
SIGNED = "https://x.example/images?sig=c2VjcmV0&X-Amz-Signature=0123abcd"


def _cache(text: str) -> CacheSettings:
    values: dict[str, Any] = {"cache": {"dir": text}}
    return Settings(**values).cache


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "status code: 403 Forbidden: <Code>AccessDenied</Code>",
            r"access denied \(AccessDenied\)",
        ),
        ("status code: 401 Unauthorized", "access denied; give this user the right"),
        ("status code: 404 <Code>NoSuchBucket</Code>", "there is no bucket 'bucket'; make it"),
        ("status code: 503 <Code>SlowDown</Code>", r"answers 503 \(SlowDown\); run again later"),
        ("Received redirect without LOCATION", "another region; set AWS_REGION"),
        (
            "PUT http://169.254.169.254/latest/api/token",
            "nobody is signed in; set AWS_",
        ),
        ("HTTP error: builder error", "set AWS_ALLOW_HTTP=true"),
        (
            "HTTP error: error sending request",
            "can't be reached, .* AWS_ENDPOINT_URL",
        ),
        ("status code: 500 <Code>{{ ${jndi} }}</Code>", "answers 500; run"),
    ],
)
def test_no_message_shows_what_the_store_said(text: str, expected: str) -> None:
    with pytest.raises(LocalError, match=expected) as caught, told(URL, "images/ab/x.jpg"):
        raise exceptions.GenericError(f"{SIGNED}: {text}")
    assert "sig" not in str(caught.value).replace("signed in", "")
    assert "Signature" not in str(caught.value)
    assert "jndi" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "answer", [FileNotFoundError, exceptions.AlreadyExistsError, exceptions.PreconditionError]
)
def test_an_answer_is_no_trouble(answer: type[Exception]) -> None:
    with pytest.raises(answer), told(URL, "images/ab/x.jpg"):
        raise answer


def test_whoever_loses_a_race_finds_something_there() -> None:
    with pytest.raises(exceptions.AlreadyExistsError), told(URL, "x"):
        raise exceptions.GenericError("status code: 409 <Code>ConditionalRequestConflict</Code>")


def test_a_store_without_conditions_says_so() -> None:
    with pytest.raises(NotImplementedError), told(URL, "x"):
        raise exceptions.GenericError("status code: 501 <Code>NotImplemented</Code>")


@pytest.mark.parametrize(
    "text",
    ["s3://", "s3:///x", "ftp://x/y", "s3://u:p@b/x", "s3://b/../x", "s3://b/x?y", "s3://b/a b"],
)
def test_what_is_no_bucket_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="dir = ") as caught:
        _cache(text)
    assert "u:p" not in str(caught.value)


def test_an_environment_that_names_no_account_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(ConfigError, match="no account is named"):
        storage_of(_cache("az://container/site"))
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "somebody")
    assert storage_of(_cache("az://container/site")).name == "az://container/site"


def test_google_needs_nothing_before_it_is_asked() -> None:
    assert storage_of(_cache("gs://bucket")).name == "gs://bucket"


def test_a_missing_extra_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.startswith("imgcache.edge.cache.objects")]:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "obstore":
            raise ModuleNotFoundError("No module named 'obstore'", name="obstore")
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"pip install 'imgcache\[cloud\]'"):
        storage_of(_cache("s3://bucket"))
