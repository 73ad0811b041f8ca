"""The address rule over every way to spell a host: the same answers on each Python."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from imgcache.core.http.address import AddressRule
from imgcache.core.http.url import WebUrl, parse_web
from imgcache.model import Failure, Verdict
from tests.support.spellings import NAMES, NONE, PRIVATE, PUBLIC

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
    for url in (web(spelling), web(spelling.upper()), parse_web(f"//{spelling}", web("a.test"))):
        assert isinstance(url, WebUrl)
        assert url.host == host
        assert url.literal == ip_address(host.strip("[]"))
        assert RULE.refuses(url.literal, 80) is (spelling in PRIVATE)


@pytest.mark.parametrize("spelling", NONE, ids=ascii)
def test_what_browsers_do_not_open_is_no_url(spelling: str) -> None:
    for failed in (parse_web(f"http://{spelling}/"), parse_web(f"//{spelling}/", web("a.test"))):
        assert isinstance(failed, Failure)
        assert failed.verdict is Verdict.UNSUPPORTED_URL


@pytest.mark.parametrize(("spelling", "name"), NAMES.items(), ids=ascii)
def test_a_name_is_no_address(spelling: str, name: str) -> None:
    assert (web(spelling).host, web(spelling).literal) == (name, None)
