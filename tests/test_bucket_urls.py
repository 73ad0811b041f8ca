"""URLs of object stores: what is one, and that nothing else gets through."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.units import BucketUrl, folder_name, is_url

_PARTS = st.text("abcZ019-_./:@?#%*' \n\\\u00e9", max_size=12)
_TEXTS = st.builds("{}{}".format, st.sampled_from(["s3://", "GS://", "az://", "s3:/", ""]), _PARTS)


@given(_TEXTS)
def test_what_is_parsed_names_a_bucket_and_plain_folders(text: str) -> None:
    try:
        url = BucketUrl.parse(text)
    except ValueError:
        return
    assert is_url(text)
    assert BucketUrl.parse(str(url)) == url
    assert re.fullmatch(r"(s3|gs|az)://[^/@:?#%\s\\]+(/[^/@:?#%\s\\]+)*", str(url))
    assert not {"", ".", ".."} & {url.bucket, *url.prefix.split("/")[1:]}
    assert re.fullmatch(r"[A-Za-z0-9._-]+", folder_name(str(url)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket", BucketUrl("s3", "bucket", "")),
        (" S3://bucket//a/b/ ", BucketUrl("s3", "bucket", "a/b")),
        ("az://container/site", BucketUrl("az", "container", "site")),
    ],
)
def test_it_is_read_with_or_without_a_prefix(text: str, expected: BucketUrl) -> None:
    assert BucketUrl.parse(text) == expected


@pytest.mark.parametrize("text", ["cache", "/srv/cache", "./s3/x", "C:/x", "s3:/x", "", None, 3])
def test_a_folder_is_no_url(text: object) -> None:
    assert not is_url(text)
