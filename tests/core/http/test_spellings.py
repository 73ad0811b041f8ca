"""The address rule over every way to spell a host: the same answers on each Python."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from imgcache.core.http.address import AddressRule
from imgcache.core.http.location import locate
from imgcache.core.http.url import WebUrl, parse_location, parse_web
from imgcache.model import Failure, Verdict
from imgcache.userinfo import masked
from tests.support.spellings import (
    LOCATIONS,
    NAMES,
    NONE,
    PRIVATE,
    PUBLIC,
    URLS,
    WITH_USERINFO,
)

RULE = AddressRule(())


def web(host: str) -> WebUrl:
    url = parse_web(f"http://{host}/")
    assert isinstance(url, WebUrl), url
    return url


def test_the_table_is_large() -> None:
    assert len(PRIVATE) >= 120
    assert len(set(PRIVATE.values())) >= 50


@pytest.mark.parametrize(("spelling", "host"), (PRIVATE | PUBLIC).items(), ids=ascii)
def test_an_address_is_known_however_it_is_spelt(spelling: str, host: str) -> None:
    redirected = parse_location(f"//{spelling}".encode(), web("a.test"))
    for url in (web(spelling), web(spelling.upper()), redirected):
        assert isinstance(url, WebUrl)
        assert url.host == host
        assert url.literal == ip_address(host.strip("[]"))
        assert RULE.refuses(url.literal, 80) is (spelling in PRIVATE)


@pytest.mark.parametrize("spelling", NONE, ids=ascii)
def test_what_browsers_do_not_open_is_no_url(spelling: str) -> None:
    redirected = parse_location(f"//{spelling}/".encode(), web("a.test"))
    for failed in (parse_web(f"http://{spelling}/"), redirected):
        assert isinstance(failed, Failure)
        assert failed.verdict is Verdict.UNSUPPORTED_URL


@pytest.mark.parametrize(("spelling", "name"), NAMES.items(), ids=ascii)
def test_a_name_is_no_address(spelling: str, name: str) -> None:
    assert (web(spelling).host, web(spelling).literal) == (name, None)


@pytest.mark.parametrize(("spelling", "target"), URLS.items(), ids=ascii)
def test_a_url_is_asked_for_as_browsers_ask(spelling: str, target: str) -> None:
    url = locate(spelling.replace("HOST", "img.test"))
    assert isinstance(url, WebUrl)
    assert (url.host, url.target) == ("img.test", target)
    assert parse_web(url.href) == url


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::ffff:7f00:1]", "0x7f.1", "10.0.0.1"])
def test_no_spelling_of_a_url_hides_an_address(host: str) -> None:
    for spelling in URLS:
        url = locate(spelling.replace("HOST", host))
        assert isinstance(url, WebUrl)
        assert url.literal is not None
        assert RULE.refuses(url.literal, url.port)


@pytest.mark.parametrize("spelling", WITH_USERINFO, ids=ascii)
def test_no_spelling_of_userinfo_is_asked_for_or_shown(spelling: str) -> None:
    text = spelling.replace("HOST", "img.test")
    for failed in (locate(text), parse_location(text.encode(), web("a.test"))):
        assert isinstance(failed, Failure)
        assert failed.detail == "the URL carries user:password@"
    assert "word" not in masked(text)


def test_a_location_is_read_byte_by_byte() -> None:
    for location, target in LOCATIONS.items():
        if b"\r" in location or b"\n" in location:
            continue  # not what reaches this rule: see the tests of header lines
        url = parse_location(location.replace(b":PORT", b""), web("a.test/from"))
        assert isinstance(url, WebUrl)
        assert url.target == target
