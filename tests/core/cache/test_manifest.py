from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.config import ThumbnailSettings
from imgcache.core.cache import manifest
from imgcache.core.cache.manifest import Row, Style
from imgcache.core.images import placeholder
from imgcache.core.images.thumbnail_plan import fingerprint
from imgcache.facts import ImageFacts, ThumbnailFacts
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
                "type": "image/jpeg",
                "bytes": 7,
                "color": "#336699",
                "thumbnails": {
                    "large": {
                        "path": f"thumbs/large/{shard}/{sha256}.jpg",
                        "width": 1280,
                        "height": 960,
                        "type": "image/jpeg",
                        "bytes": 5,
                    },
                    "small": {
                        "path": f"thumbs/small/{shard}/{sha256}.webp",
                        "width": 320,
                        "height": 240,
                        "type": "image/webp",
                        "bytes": 5,
                    },
                },
                "srcset": {},
            }
        },
    }


BASE = "https://cdn.example/img/"


def row(image: ImageFacts, style: Style) -> Any:
    made = json.loads("".join(manifest.lines([Row(URL, image)], style)))
    return made["images"][URL]


def sized(name: str, width: int, suffix: str = "webp", recipe: str = "recipe-1") -> ThumbnailFacts:
    made = thumbnail_of(name.encode(), name)
    return replace(made, width=width, height=3 * width // 4, suffix=suffix, recipe=recipe)


def named(*thumbnails: ThumbnailFacts) -> dict[str, str]:
    return {one.name: "recipe-1" for one in thumbnails}


def test_urls_are_the_paths_behind_the_base() -> None:
    made = row(IMAGE, Style(BASE))
    assert made["url"] == f"{BASE}{made['path']}"
    small = made["thumbnails"]["small"]
    assert small["url"] == f"{BASE}{small['path']}"


def test_srcset_lists_each_width_of_a_type_once_and_the_original_last() -> None:
    small = [
        *(sized("c", 640, "jpg"), sized("a", 320), sized("b", 160), sized("d", 320)),
        *(sized("e", 320, "jpg"), sized("square", 80), sized("old", 90, recipe="another")),
    ]
    whole = named(*small) | {"old": "recipe-1"}
    del whole["square"]
    image = replace(IMAGE, thumbnails=tuple(small))
    shard, last = f"{IMAGE.sha256[:2]}/{IMAGE.sha256}", f"images/{IMAGE.sha256[:2]}/"
    assert row(image, Style("/i/", whole))["srcset"] == {
        "image/jpeg": f"/i/thumbs/e/{shard}.jpg 320w, /i/{last}{IMAGE.sha256}.jpg 640w",
        "image/webp": f"/i/thumbs/b/{shard}.webp 160w, /i/thumbs/a/{shard}.webp 320w",
    }


def test_what_pixels_tell_is_told_where_it_is_known() -> None:
    tiny = placeholder.text(b"RIFF")
    made = row(replace(IMAGE, animated=False, alpha=True, placeholder=tiny), Style())
    assert (made["animated"], made["alpha"], made["placeholder"]) == (False, True, tiny)
    assert not {"animated", "alpha", "placeholder"} & set(row(IMAGE, Style()))


def test_srcset_has_paths_where_no_base_is_set() -> None:
    made = row(replace(IMAGE, thumbnails=(sized("a", 320),)), Style(None, {"a": "recipe-1"}))
    assert "url" not in made
    assert made["srcset"] == {"image/webp": f"{made['thumbnails']['a']['path']} 320w"}


def test_a_thumbnail_that_a_manifest_told_of_counts_as_whole() -> None:
    made = row(replace(IMAGE, thumbnails=(sized("a", 320, recipe=""),)), Style(None, {"a": "x"}))
    assert list(made["srcset"]) == ["image/webp"]


def test_whole_are_those_that_fit_inside() -> None:
    how = {"a": ThumbnailSettings(), "b": ThumbnailSettings(width=9, height=9, fit="cover")}
    assert Style.of(None, how) == Style(None, {"a": fingerprint(how["a"])})


def test_a_manifest_of_an_earlier_version_is_read() -> None:
    made = document()
    fields = made["images"][URL]
    for key in ("type", "srcset"):
        del fields[key]
    for small in fields["thumbnails"].values():
        del small["type"], small["bytes"]
    assert parsed(made) == parsed(document())


def test_many_images_stream_through_in_flat_memory() -> None:
    rows = (Row(f"https://example.org/{n:05}.jpg", IMAGE) for n in range(6_000))
    tracemalloc.start()
    try:
        size = sum(map(len, manifest.lines(rows, Style(BASE))))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 6_000 * 500
    assert most < 50_000


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
