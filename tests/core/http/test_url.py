"""The URL policy and the address policy."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imgcache.core.http.address import AddressRule, is_public
from imgcache.core.http.url import WebUrl, parse_location, parse_web
from imgcache.model import Failure, Verdict
from imgcache.units import AllowedNetwork


def web(text: str, base: WebUrl | None = None) -> WebUrl:
    url = parse_location(text.encode(), base) if base else parse_web(text)
    assert isinstance(url, WebUrl), url
    return url


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("HTTP://EXAMPLE.test:80/a.jpg#top", "http://example.test/a.jpg"),
        ("https://example.test", "https://example.test/"),
        ("//cdn.test/a", "https://cdn.test/a"),
        ("http://example.test/a%2Cb%7c|c", "http://example.test/a%2Cb%7c|c"),
        ("http://example.test/a/../b/./c", "http://example.test/b/c"),
        ("http://example.test/é?é", "http://example.test/%C3%A9?%C3%A9"),
        ("http://faß.test/", "http://xn--fa-hia.test/"),
        ("http://example.test/?", "http://example.test/?"),
        ("http://example.test/a@b:c", "http://example.test/a@b:c"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://[2606:2800:220:0:0:0:0:1]/", "http://[2606:2800:220::1]/"),
    ],
)
def test_a_url_is_normalised_as_whatwg_has_it(text: str, href: str) -> None:
    assert web(text).href == href


def test_a_url_knows_its_parts() -> None:
    url = web("http://Example.test:8080/a?b=c#d")
    assert (url.scheme, url.host, url.port) == ("http", "example.test", 8080)
    assert url.target == "/a?b=c"
    assert (web("https://a.test").port, web("http://a.test").port) == (443, 80)


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("http://127.1/", "127.0.0.1"),
        ("http://[::1]:8080/", "::1"),
        ("http://example.test/", None),
        ("http://example1/", None),
        ("http://1.example/", None),
    ],
)
def test_a_literal_address_is_told_from_a_name(text: str, literal: str | None) -> None:
    assert web(text).literal == (ip_address(literal) if literal else None)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("http://", "parsed"),
        ("http://[::1", "parsed"),
        ("http://a.test:99999/", "parsed"),
        ("http://a.test/\ud800", "parsed"),
        ("a.jpg", "parsed"),
        ("ftp://a.test/a.jpg", "scheme is ftp"),
        ("javascript:alert(1)", "scheme is javascript"),
        ("http://user:secret@a.test/", "user:password"),
        ("http://user@a.test/", "user:password"),
        ("http://@a.test/", "user:password"),
        ("//user@a.test/", "user:password"),
        (" \t\n", "empty"),
        ("http://a b.test/", "parsed"),
        ("http:\\\\@a.test", "user:password"),
        ("http:/:@a.test", "user:password"),
        ("http:@a.test", "user:password"),
        ("http://a.test/\x00b", "control"),
        ("http://a.test/b\x0cc", "control"),
        ("http://a.test/\x7f", "control"),
        ("http://a.test/\x85", "control"),
        ("http://a.test:25/", "port 25"),
        ("http://a.test:0/", "port 0"),
        ("https://a.test:6667/", "port 6667"),
    ],
)
def test_what_is_never_asked_for_says_why(text: str, word: str) -> None:
    failed = parse_web(text)
    assert isinstance(failed, Failure), failed
    assert failed.verdict is Verdict.UNSUPPORTED_URL
    assert word in failed.detail
    assert "secret" not in failed.detail


def test_a_location_is_resolved_against_the_current_url() -> None:
    base = web("https://a.test/x/y?z")
    assert web("../b.jpg", base).href == "https://a.test/b.jpg"
    assert web("//c.test/d", base).href == "https://c.test/d"
    assert web("?q", base).href == "https://a.test/x/y?q"
    assert web("/img@2x.png", base).href == "https://a.test/img@2x.png"
    assert web("http:img@2x.png", web("http://a.test/x/")).href == "http://a.test/x/img@2x.png"
    for text in (b"//u:p@c.test/d", b"http:u@c.test", b"/\\@c.test", b"https:\\\\@c.test"):
        assert isinstance(parse_location(text, base), Failure)


@given(st.binary(max_size=40))
def test_any_location_is_a_url_or_a_failure(location: bytes) -> None:
    url = parse_location(location, web("http://a.test/x/y?z"))
    if isinstance(url, WebUrl):
        assert parse_web(url.href) == url


# Most parts of these are plain: so are some of the whole, and others are nearly so.
ODD_HOSTS = (
    "xn--a",
    "a.xn--p1ai",
    "1.2.3.4",
    "a.0x1f",
    "0x7f.1",
    "a.08",
    "1",
    "a_b.c",
    "a.b.",
    "A",
)
HOSTS = st.one_of(
    st.from_regex(r"[az09]{1,3}(-?[az09]){0,2}(\.[az]{1,3}){0,2}", fullmatch=True),
    st.text("az09-.", min_size=1, max_size=8),
    st.sampled_from(ODD_HOSTS),
)
PORTS = ("", "", ":8080", ":65535", ":65536", ":80", ":443", ":080", ":", ":22", ":6667", ":0")
PATHS = st.one_of(st.text("/aZ0~-_.", max_size=6), st.text("/aZ0.%2e?=&#@+ \\", max_size=6)).map(
    "/{}".format
)
QUERIES = ("", "", "?", "?a=1&b=/~+", "?a#b", "?a?b")
PLAIN = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(("http", "https", "http", "https", "HTTP", "ftp")),
    *(HOSTS, st.sampled_from(PORTS), PATHS, st.sampled_from(QUERIES)),
)


@settings(max_examples=500)
@given(PLAIN)
@example("http://a.1/")
@example("http://a.0x1f/")
@example("http://one.example/a/..")
@example("http://one.example/%2e%2E/a")
@example("http://one.example:80/")
@example("http://one.example:65536/")
@example("http://one.example:22/")
def test_a_plain_url_is_read_as_the_parser_reads_it(text: str) -> None:
    # What has a blank before it is not plain, and means the same.
    assert parse_web(text) == parse_web(f" {text}")


@pytest.mark.parametrize("repeated", ["a.", "a-", "a", "/a", "/", "?a", "a.1."])
def test_a_long_url_takes_no_longer_than_it_is_long(repeated: str) -> None:
    # Anything but linear would take hours.
    assert isinstance(parse_web(f"http://{repeated * 200_000} "), WebUrl | Failure)


@given(st.text(max_size=40))
def test_any_text_is_a_url_or_a_failure_and_a_url_stays_what_it_is(text: str) -> None:
    for url in (parse_web(text), parse_web("http://" + text)):
        if isinstance(url, WebUrl):
            assert parse_web(url.href) == url
            assert url.href.isascii()
            assert url.target.startswith("/")


REFUSED = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
    198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    168.63.129.16 :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1
    ::ffff:0:8.8.8.8 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::1:808:808 64:ff9b::808:808%1
    64:ff9b:1::1 64:ff9b:1::808:808 64:ff9b:1:808:8:800:: 100::1 2001::1 2001:0:7f00:1::
    2001:0:7f00:1::a247:27dd 2001:0:808:808::f5ff:fffe 2001:db8::1 2001:10::1 2002:7f00:1::
    2002:c058:6301:: 2002:808:808::5efe:a00:1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1
    fe80::1%eth0 fec0::1 ff02::1 2606:2800::5efe:7f00:1 2606:2800::200:5efe:a00:1
    2606:2800:220::1%1"""
PUBLIC = """
    1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.0.1.1
    198.17.255.255 198.20.0.0 223.255.255.255 2606:2800:220::1 2001:4860:4860::8888 2a00:1450::1
    2606:2800::5efe:808:808 ::ffff:8.8.8.8 64:ff9b::5db8:d822 64:ff9b::808:808 2002:808:808::
    2001:0:808:808::a247:27dd"""


@pytest.mark.parametrize("text", REFUSED.split())
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_a_public_address_is_let_through(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_an_ipv6_one_is_no_way_around(address: IPv4Address) -> None:
    number, google = int(address), 0x08080808
    isatap = (0x26062800 << 96) | (0x5EFE << 32) | number
    six_to_four = (0x2002 << 112) | (number << 80)
    server = (0x20010000 << 96) | (number << 64) | (google ^ 0xFFFFFFFF)
    client = (0x20010000 << 96) | (google << 64) | (number ^ 0xFFFFFFFF)
    nat64, mapped = (0x64FF9B << 96) | number, (0xFFFF << 32) | number
    for form in (isatap, six_to_four, server, client, nat64, mapped):
        assert is_public(IPv6Address(form)) == is_public(address)
    for wrapped in (f"64:ff9b:1::{address}", f"::{address}", f"::ffff:0:{address}"):
        assert not is_public(ip_address(wrapped))


def test_the_operator_opens_what_is_named_and_nothing_else() -> None:
    words = ("10.1.0.0/16", "127.0.0.1:8080", "[::1]:8080")
    rule = AddressRule([AllowedNetwork.parse(text) for text in words])
    opened = [("10.1.2.3", 80), ("127.0.0.1", 8080), ("::1", 8080), ("8.8.8.8", 80)]
    closed = [
        ("10.2.0.1", 80), ("127.0.0.1", 80), ("127.0.0.2", 8080), ("::1", 80),
        ("::ffff:127.0.0.1", 8080), ("::ffff:10.1.2.3", 80),
    ]  # fmt: skip
    assert not any(rule.refuses(ip_address(address), port) for address, port in opened)
    assert all(rule.refuses(ip_address(address), port) for address, port in closed)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("mailto:a@b.test", "an e-mail address"),
        ("MAILTO:a@b.test", "an e-mail address"),
        ("tel:+1-23", "a telephone number"),
    ],
)
def test_what_is_a_link_of_another_kind_is_called_by_its_name(text: str, what: str) -> None:
    found = parse_web(text)
    assert isinstance(found, Failure)
    assert found.detail == f"this is {what}, not the URL of an image"
