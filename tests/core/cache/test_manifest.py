from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.core.cache import manifest
from imgcache.core.cache.manifest import Row
from imgcache.core.images import placeholder
from imgcache.model import Format
from tests.support.facts import image_of, thumbnail_of

URL = "https://cdn.example.org/a b.jpg?x=1#top"
SMALL = thumbnail_of(b"small")
LARGE = replace(thumbnail_of(b"large", "large"), suffix="jpg", width=1280, height=960)
IMAGE = image_of(b"picture", SMALL, LARGE)


def text(*rows: Row) -> str:
    return "".join(manifest.lines(rows))


def document(**changes: Any) -> dict[str, Any]:
    """The manifest of one image, with some fields of its row changed."""
    made: dict[str, Any] = json.loads(text(Row(URL, IMAGE)))
    made["images"][URL] |= changes
    return made


def parsed(made: object) -> tuple[Row, ...]:
    return manifest.parse(json.dumps(made).encode())


def test_the_document_is_that_of_the_contract() -> None:
    sha256 = IMAGE.sha256
    shard = sha256[:2]
    assert json.loads(text(Row(URL, IMAGE))) == {
        "schema": 1,
        "images": {
            URL: {
                "path": f"images/{shard}/{sha256}.jpg",
                "sha256": sha256,
                "width": 640,
                "height": 480,
                "format": "jpeg",
                "bytes": 7,
                "color": "#336699",
                "thumbnails": {
                    "large": {
                        "path": f"thumbs/large/{shard}/{sha256}.jpg",
                        "width": 1280,
                        "height": 960,
                    },
                    "small": {
                        "path": f"thumbs/small/{shard}/{sha256}.webp",
                        "width": 320,
                        "height": 240,
                    },
                },
            }
        },
    }


def test_a_manifest_without_images_is_a_document_too() -> None:
    assert json.loads(text()) == {"schema": 1, "images": {}}


def test_thumbnails_are_sorted_whatever_their_order_in_the_facts() -> None:
    swapped = replace(IMAGE, thumbnails=(LARGE, SMALL))
    assert text(Row(URL, swapped)) == text(Row(URL, IMAGE))


@given(st.lists(st.text(), unique=True))
def test_any_spelling_gives_ascii_json(spellings: list[str]) -> None:
    made = text(*(Row(spelling, IMAGE) for spelling in sorted(spellings)))
    assert made.isascii()
    assert list(json.loads(made)["images"]) == sorted(spellings)


def test_what_is_written_is_read_again_but_for_what_it_does_not_tell() -> None:
    known = [replace(small, recipe="", bytes=0) for small in (LARGE, SMALL)]
    expected = replace(IMAGE, mtime_ns=0, thumbnails=tuple(known))
    assert manifest.parse(text(Row(URL, IMAGE)).encode()) == (Row(URL, expected),)


def test_what_pixels_told_is_read_and_nothing_that_is_not_in_its_form() -> None:
    told = {"animated": True, "alpha": False, "placeholder": placeholder.text(b"RIFF")}
    (row,) = parsed(document(**told))
    assert {key: getattr(row.image, key) for key in told} == told
    wrong = {"animated": 1, "alpha": "no", "placeholder": "javascript:alert(1)"}
    (row,) = parsed(document(**wrong))
    assert (row.image.animated, row.image.alpha, row.image.placeholder) == (None, None, "")


def test_a_manifest_of_another_schema_has_no_rows() -> None:
    assert parsed(document() | {"schema": 2}) == ()


def test_every_format_is_read_again() -> None:
    for fmt in Format:
        image = replace(IMAGE, format=fmt, thumbnails=())
        assert manifest.parse(text(Row(URL, image)).encode()) == (Row(URL, image),)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema": 1}', b'{"schema": 1, "images": []}',
     b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_manifest_has_no_rows(data: bytes) -> None:
    assert manifest.parse(data) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": IMAGE.sha256.upper()},
        {"sha256": "../../../etc/passwd"},
        {"sha256": IMAGE.sha256 + "\n"},
        {"sha256": None},
        {"path": f"images/../{IMAGE.sha256}.jpg"},
        {"path": f"/images/{IMAGE.sha256[:2]}/{IMAGE.sha256}.jpg"},
        {"format": "tiff"},
        {"format": ["jpeg"]},
        {"width": 0},
        {"width": -1},
        {"width": "640"},
        {"height": True},
        {"height": 1.5},
        {"bytes": 10**30},
        {"color": "red"},
        {"color": "#33669g"},
    ],
)
def test_a_row_with_a_bad_field_is_passed_over(changes: dict[str, Any]) -> None:
    assert parsed(document(**changes)) == ()


def test_a_bad_row_does_not_spoil_the_others() -> None:
    made = document()
    made["images"]["https://example.org/bad"] = 7
    assert [row.spelling for row in parsed(made)] == [URL]


@pytest.mark.parametrize(
    "fields",
    [
        None,
        {},
        {"path": f"thumbs/../{IMAGE.sha256}.webp", "width": 3, "height": 2},
        {"path": "thumbs/small/ab/x.webp", "width": 3, "height": 2},
        {
            "path": f"thumbs/small/{IMAGE.sha256[:2]}/{IMAGE.sha256}.webp",
            "width": 0,
            "height": 2,
        },
    ],
)
def test_a_bad_thumbnail_is_left_out_and_its_image_kept(fields: object) -> None:
    (row,) = parsed(document(thumbnails={"small": fields}))
    assert row.image == replace(IMAGE, thumbnails=())


@pytest.mark.parametrize("name", ["..", "a/b", "", "Small", "x" * 40])
def test_a_thumbnail_name_never_leaves_its_folder(name: str) -> None:
    path = f"thumbs/{name}/{IMAGE.sha256[:2]}/{IMAGE.sha256}.webp"
    fields = {name: {"path": path, "width": 3, "height": 2}}
    (row,) = parsed(document(thumbnails=fields))
    assert row.image.thumbnails == ()


def test_a_spelling_that_utf8_can_not_hold_is_passed_over() -> None:
    made = document()
    made["images"] = {"https://example.org/\ud800": made["images"][URL]}
    assert parsed(made) == ()
