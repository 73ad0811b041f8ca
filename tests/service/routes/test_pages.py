"""The gallery over HTTP; what a browser makes of it is in tests/browser."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from imgcache.render.html import jinja
from tests.support.service import Service

POLICY = f"{jinja.POLICY}; frame-ancestors 'none'"


def names(page: str) -> list[str]:
    """The images of a page, in its order."""
    return re.findall(r"<h[23] id=\"image-\d+\"><bdi>(.*?)</bdi>", page)


def links(page: str) -> set[str]:
    found = re.findall(r'(?:href|src)="([^"]+)"', page)
    return {unescape(one) for one in found if not one.startswith(("http", "#"))}


async def test_the_gallery_shows_what_is_broken_first(served: Service) -> None:
    answer = await served.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    shown = re.findall(r'<article class="\w+ (\w+)"', answer.text)
    assert shown == ["error", "warning"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?verdict=gone", 1),
        ("?text=GONE", 1),
        ("?host=127.0.0.1", 2),
        ("?severity=warning", 1),
        ("?verdict=dimensions-missing&copy=yes&shared=yes", 1),
        ("?copy=no", 1),
        ("?rule=none", 0),
        ("?sort=since&view=cards", 2),
        ("?host=other.test", 0),
        ("?text=&host=", 2),
        ("?page=999999", 2),
    ],
)
async def test_it_is_filtered_by_plain_links_and_forms(
    served: Service, query: str, count: int
) -> None:
    page = (await served.get(f"/{query}")).text
    assert len(names(page)) == count
    narrows = "=999999" not in query and query not in ("?text=&host=", "?sort=since&view=cards")
    assert ("Show everything" in page) == narrows


@pytest.mark.parametrize(
    "query", ["?verdict=nonsense", "?page=0", "?sort=x", "?copy=maybe", f"?text={'x' * 501}"]
)
async def test_what_can_not_be_asked_is_a_problem(served: Service, query: str) -> None:
    answer = await served.get(f"/{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "above"),
    [
        ("/?verdict=nonsense", 422, ""),
        ("/article?path=nowhere.md", 404, ""),
        ("/thumbs/small/x", 404, "../../"),
        ("/nothing", 404, ""),
    ],
)
async def test_a_browser_gets_errors_as_pages(
    served: Service, path: str, status: int, above: str
) -> None:
    answer = await served.get(path, headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")
    assert f'href="{above}./">All images' in answer.text
    for accept in ("application/json", "*/*", "text/html;q=0.1, application/problem+json"):
        other = await served.get(path, headers={"Accept": accept})
        assert other.headers["content-type"] == "application/problem+json"


async def test_a_host_that_is_not_ours_is_told_so_as_a_page(served: Service) -> None:
    answer = await served.get("/", headers={**BROWSER, "Host": "other.test"})
    assert answer.status_code == 421
    assert "does not go by that name" in answer.text


async def test_hosts_are_listed(served: Service) -> None:
    page = (await served.get("/hosts")).text
    assert "1 host with failing images" in page
    assert "1 image fails of 2, 50 %" in page


async def test_an_article_is_one_link_away(served: Service) -> None:
    home = (await served.get("/")).text
    (link,) = {one.partition("#")[0] for one in links(home) if "a.md#" in one}
    answer = await served.get(f"/{link}")
    assert answer.status_code == 200
    assert len(names(answer.text)) == 3


async def test_an_article_that_is_none_is_a_problem(served: Service) -> None:
    for path in ("nowhere.md", "../../etc/passwd", "%00", "<script>"):
        answer = await served.get("/article", params={"path": path})
        assert answer.status_code == 404
        assert path not in answer.text


async def test_every_link_of_every_page_is_answered(served: Service) -> None:
    waiting, seen = ["/"], {"/"}
    while waiting:
        here = waiting.pop()
        answer = await served.get(here)
        assert answer.status_code == 200, here
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        if here.count("=") > 2:  # filters of filters: there are many
            continue
        for link in links(answer.text):
            there = urlsplit(urljoin(here, link))._replace(fragment="").geturl()
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    assert "/articles" in seen
    assert any(one.startswith("/thumbs/") for one in seen)
    assert any(one.startswith("/images/") for one in seen)
    assert any(one.endswith("gallery.css") for one in seen)
    assert any(one.startswith("/api/images.csv") for one in seen)


async def test_links_are_relative_so_that_a_proxy_may_put_a_path_before_them(
    served: Service,
) -> None:
    home = (await served.get("/")).text
    assert not {one for one in links(home) if one.startswith("/")}
    assert 'action="./"' in home


async def test_a_strict_policy_goes_with_every_page(served: Service) -> None:
    for path in ("/", "/?verdict=gone", "/articles", "/hosts"):
        headers = (await served.get(path)).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-cache"


async def test_a_page_that_is_still_the_same_is_not_sent_again(served: Service) -> None:
    first = await served.get("/")
    again = await served.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await served.get("/", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_tag_is_of_one_page(served: Service) -> None:
    """A client that mixes them up must not take a page that there is not for one it has."""
    tag = (await served.get("/")).headers["etag"]
    for path in ("/article?path=nowhere.md", "/?verdict=gone", "/articles"):
        answer = await served.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == (404 if "nowhere" in path else 200)


EMPTY = (
    *(f"/?{name}=" for name in ("severity", "verdict", "rule", "host", "copy", "shared", "text")),
    "/?sort=&view=&page=&verdict",
    "/articles?page=",
    "/api/images?verdict=&per_page=",
    "/api/images.csv?sort=",
    "/api/entries?verdict=&severity=&article=&host=",
)


@pytest.mark.parametrize("path", EMPTY)
async def test_an_empty_filter_excludes_nothing(served: Service, path: str) -> None:
    """A form sends all its fields, also those that nobody filled."""
    answer = await served.get(path)
    assert answer.status_code == 200
    whole = await served.get(path.partition("?")[0])
    if "/api/" in path:
        assert answer.content == whole.content
    else:
        assert answer.text.count("<article") == whole.text.count("<article")


async def test_the_stylesheet_is_kept_for_ever_and_no_other_file_is_handed_out(
    served: Service,
) -> None:
    home = (await served.get("/")).text
    (sheet,) = {one for one in links(home) if one.endswith(".css")}
    answer = await served.get(f"/{sheet}")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    version = sheet.split("/")[1]
    for path in (f"{version}/pages.py", f"{version}/..%2fpages.py", "0/gallery.css", "/gallery.js"):
        assert (await served.get(f"/assets/{path}")).status_code == 404


async def test_the_api_does_not_describe_the_pages(served: Service) -> None:
    document = await served.document("/openapi.json")
    assert not {"/", "/article", "/articles", "/hosts"} & set(document["paths"])
