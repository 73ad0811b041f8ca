from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from imgcache.model import Breach, Severity, Source, Verdict
from imgcache.render.json import one_line
from imgcache.version import VERSION
from tests.render import sample


def test_the_report_has_the_shape_that_scripts_rely_on() -> None:
    document = json.loads(sample.finished().to_json())
    summary = document.pop("summary")
    ok, gone = document.pop("entries")
    assert document == {
        "schema": 1,
        "command": "refresh",
        "version": VERSION,
        "started": "2026-11-23T00:00:00.500Z",
        "seconds": 1.25,
        "interrupted": False,
        "article_errors": [
            {"article": "articles/b.md", "line": 3, "message": "the key 'images' occurs twice"}
        ],
    }
    assert ok == {
        "article": "articles/a.md",
        "line": 4,
        "column": 10,
        "pointer": "/images/0",
        "url": "https://a.test/ok.jpg",
        "verdict": "ok",
        "code": None,
        "severity": None,
        "message": None,
        "declared": {"width": 1600, "height": 1035, "cached": True},
        "actual": {"width": 1600, "height": 1035},
        "cached": True,
        "format": "jpeg",
        "bytes": 183211,
        "sha256": sample.SHA,
        "status": 200,
        "source": "downloaded",
        "path": f"images/ab/{sample.SHA}.jpg",
        "rules": [],
        "thumbnails": [
            {
                "name": "small",
                "path": f"thumbs/small/ab/{sample.SHA}.webp",
                "width": 320,
                "height": 207,
            }
        ],
    }
    unknown = ("actual", "format", "bytes", "sha256", "source", "path")
    assert {key: gone[key] for key in unknown} == dict.fromkeys(unknown)
    assert (gone["verdict"], gone["code"], gone["severity"]) == ("gone", "IMG201", "error")
    assert summary == {
        "articles": 2,
        "entries": 2,
        "urls": 2,
        "verdicts": {"gone": 1, "ok": 1},
        "errors": 1,
        "rules": {},
        "warnings": 0,
        "downloaded": 1,
        "revalidated": 0,
        "fresh": 0,
        "failed": 1,
        "bytes": 183211,
        "requests": 2,
        "articles_changed": 1,
        "articles_failed": 1,
        "placeholders": 0,
    }


def test_diffs_are_there_when_they_are_asked_for() -> None:
    report = sample.finished()
    assert "diffs" not in json.loads(report.to_json())
    document = json.loads(report.to_json(with_diffs=True))
    assert document["diffs"] == [{"article": "articles/a.md", "diff": sample.DIFF}]


def test_a_report_can_be_read_twice_at_once() -> None:
    report = sample.finished()
    first, second = report.entries(), report.entries()
    assert [next(first), next(second), next(first), next(second)] == [
        one for one in report.entries() for _ in range(2)
    ]


WORDS = st.one_of(st.text(), st.text(st.characters(max_codepoint=0x80)), st.just("half \ud800"))
NAMED = st.sampled_from([*Verdict, *Severity, *Source, *Breach])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | NAMED,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(WORDS, inside, max_size=3),
    max_leaves=12,
)


@given(document=st.dictionaries(WORDS, VALUES))
def test_an_entry_is_written_as_the_standard_library_writes_it(document: dict[str, object]) -> None:
    assert one_line(document) == json.dumps(document)
