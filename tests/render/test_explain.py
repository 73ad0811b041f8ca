"""What `imgcache explain` prints: of a code, and what the cache knows of a URL."""

from __future__ import annotations

import json

import pytest

from imgcache.cache_results import Explanation, Known
from imgcache.core.verdicts import rules
from imgcache.core.verdicts.rules import OK, RULES, Rule
from imgcache.facts import ImageFacts
from imgcache.model import Failure, Format, Size, Verdict
from imgcache.render import explain
from imgcache.results import Place, UrlState
from tests.support.facts import NOON

COPY = ImageFacts("ab" * 32, Format.JPEG, Size(160, 120), 1234, "#808080")
STATE = UrlState(
    "https://a.test/x.jpg",
    "a.test",
    asked_at=NOON + 60,
    succeeded_at=NOON - 60,
    failing_since=NOON,
    failure=Failure(Verdict.GONE, "the server answered 404\x1b", 404),
    status=404,
    copy=COPY,
)
PLACES = (Place("a\x1b.md", 4, 9, 0), Place("b.md", 5, 9, 1))


def told(known: Known | None) -> str:
    return "".join(explain.as_text(Explanation("https://a.test/x.jpg", known=known)))


def test_a_code_is_told_with_cause_example_and_remedy() -> None:
    rule = rules.find("IMG501")
    assert rule is not None
    assert "".join(explain.rule_as_text(rule, 60)) == (
        "IMG501 too-heavy (error): the file is heavier than a rule of the site allows\n"
        "\nCause\n"
        "    It has more bytes than max_bytes, or more a pixel than\n"
        "    max_bytes_per_pixel.\n"
        "\nExample\n"
        '    [[rules]]\n    name = "hero"\n    max_bytes = "300 kB"\n\n'
        '    images:\n      - url: "https://example.com/bridge.jpg"\n'
        "        width: 4000\n        height: 3000\n\n"
        "    too-heavy (IMG501), rule hero: it has 412,345 bytes, and\n"
        "    the site wants at most 300,000; compress it more, or\n"
        "    scale it\n"
        "\nWhat to do\n"
        "    Compress it more, scale it down, or save it as WebP or\n"
        "    AVIF.\n"
        "\nMore: docs/verdicts.md#img501\n"
    )


@pytest.mark.parametrize("rule", [OK, *RULES], ids=lambda rule: rule.name)
def test_in_a_pipe_nothing_is_wrapped_and_json_has_the_same(rule: Rule) -> None:
    lines = "".join(explain.rule_as_text(rule)).splitlines()
    document = json.loads("".join(explain.rule_as_json(rule)))
    assert f"    {document['meaning']}".replace("`", "") in lines
    assert f"    {document['example']['finding']}" in lines
    assert f"    {document['remedy']}".replace("`", "") in lines
    assert document.keys() == {
        *("schema", "command", "version", "code", "name", "severity", "title", "meaning"),
        *("example", "remedy", "docs"),
    }
    assert document["code"] == (rule.code or None)


def test_what_the_cache_knows_is_told_below_the_steps() -> None:
    assert told(Known(STATE, PLACES, 540)).partition("What the cache knows\n")[2] == (
        f"    last good copy: images/ab/{'ab' * 32}.jpg, jpeg, 160 x 120, 1.2 kB\n"
        "    last answer with it: 2025-11-23T11:59:00Z\n"
        "    last asked for: 2025-11-23T12:01:00Z\n"
        "    failing since 2025-11-23T12:00:00Z: gone, the server answered 404\\x1b\n"
        "    named by:\n"
        "      a\\x1b.md:4:9\n"
        "      b.md:5:9\n"
        "      and 540 more places\n"
    )


def test_where_nothing_is_known_that_is_told_and_without_a_cache_nothing() -> None:
    nothing = told(Known(None, ())).partition("What the cache knows\n")[2]
    assert nothing == "    it was never asked for\n    no article names it\n"
    never = told(Known(UrlState("u", "h", asked_at=NOON), PLACES[1:]))
    assert "last good copy: none\n    last answer with it: never\n" in never
    assert "What the cache knows" not in told(None)


def test_scripts_get_it_in_the_words_of_the_service() -> None:
    shown = Explanation("u", known=Known(STATE, PLACES, 540))
    known = json.loads("".join(explain.as_json(shown)))["known"]
    assert known["total"] == 542
    assert known["places"][1] == {"article": "b.md", "line": 5, "column": 9}
    assert known["failure"] == {
        "verdict": "gone",
        "code": "IMG201",
        "detail": "the server answered 404\x1b",
        "status": 404,
        "since": "2025-11-23T12:00:00.000Z",
    }
    assert known["copy"]["path"] == f"images/ab/{'ab' * 32}.jpg"
    assert (known["copy"]["width"], known["copy"]["bytes"]) == (160, 1234)
    empty = json.loads("".join(explain.as_json(Explanation("u", known=Known(None, ())))))
    assert empty["known"] == {
        "asked_at": None,
        "succeeded_at": None,
        "failure": None,
        "copy": None,
        "total": 0,
        "places": [],
        "worst": None,
    }
    assert json.loads("".join(explain.as_json(Explanation("u"))))["known"] is None
