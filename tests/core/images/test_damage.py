"""The header parsers on anything at all: no error, no impossible size, no contradiction."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from imgcache.core.images.examine import Sized, examine, judge_prefix
from imgcache.core.images.formats import exif
from imgcache.core.images.limits import Limits
from imgcache.model import Format
from tests.dialects import avifs, gifs, icons, jpegs, jxls, pngs, webps
from tests.dialects.every import ALL
from tests.support import pictures
from tests.support.mutations import mutated

LIMITS = Limits(64_000_000, 1000, 100)
FILES = [dialect.data for dialect in ALL.values()]
MAGIC = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x40\0\0\0WEBP", b"BM",
    b"\0\0\0\x14ftypavif\0\0\0\0avif", b"\0\0\0\x14ftypavis\0\0\0\0avis", b"\0\0\1\0\1\0",
    b"\0\0\2\0\2\0", b"<svg xmlns='http://www.w3.org/2000/svg' ", b"\xff\x0a",
    b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\xfe<\0s\0v\0g\0", b"",
)  # fmt: skip
SIDES = st.integers(1, 60_000)
ORIENTATIONS = st.integers(1, 8)


@given(st.sampled_from(MAGIC), st.binary(max_size=300))
def test_anything_behind_a_magic_number_is_examined_without_an_error(
    magic: bytes, rest: bytes
) -> None:
    size = examine(magic + rest, None, LIMITS).structure.size
    assert min(size or (0,)) >= 0


@given(st.integers(0, 2**32), st.integers(0, 3000))
def test_the_beginning_of_a_damaged_file_never_contradicts_the_whole(
    seed: int, length: int
) -> None:
    data = mutated(FILES, seed)
    told = judge_prefix(data[:length], None, LIMITS)
    if isinstance(told, Sized):
        whole = examine(data, None, LIMITS)
        if told.format is Format.SVG and whole.format is None:
            return  # what looked like text turned out to be none
        assert (told.format, told.size) == (whole.format, whole.structure.size)


@given(st.binary(max_size=200))
@example(b"II*\0\xff\xff\xff\xff")
def test_any_exif_block_tells_a_possible_orientation(block: bytes) -> None:
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert exif.parse(start + block).orientation in range(1, 9)


def sized(data: bytes) -> tuple[int, int] | None:
    return examine(data, None, Limits(10**12, 1000, 100)).structure.size


def turned(width: int, height: int, orientation: int) -> tuple[int, int]:
    return (height, width) if orientation > 4 else (width, height)


@given(SIDES, SIDES, ORIENTATIONS, st.sampled_from("<>"))
def test_a_jpeg_has_the_size_of_its_frame_and_the_orientation_of_its_exif(
    width: int, height: int, orientation: int, order: str
) -> None:
    block = jpegs.exif_segment(jpegs.tiff(orientation, order=order))
    data = jpegs.flat(8, 8, before=block)
    at = data.index(b"\xff\xc0") + 5
    forged = data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 4 :]
    assert sized(forged) == turned(width, height, orientation)


@given(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1), ORIENTATIONS)
def test_a_png_has_the_size_of_its_header_and_the_orientation_of_its_exif(
    width: int, height: int, orientation: int
) -> None:
    data = pictures.with_chunk(pictures.raw_png(width, height, rows=b"\0"), pngs.turn(orientation))
    assert sized(data) == turned(width, height, orientation)


@given(SIDES, SIDES, st.integers(0, 900), st.integers(0, 900), st.integers(1, 900))
def test_a_gif_is_as_large_as_its_screen_and_first_frame(
    width: int, height: int, left: int, top: int, side: int
) -> None:
    frame = gifs.frame(side, side, left, top, data=b"\2\0")
    data = gifs.screen(width, height) + frame + gifs.TRAILER
    assert sized(data) == (max(width, left + side), max(height, top + side))


@given(st.integers(1, 1 << 24), st.integers(1, 1 << 24))
def test_a_webp_is_as_large_as_its_canvas(width: int, height: int) -> None:
    assert sized(webps.riff(webps.canvas(width, height))) == (width, height)


@given(SIDES, SIDES, st.integers(0, 3), st.sampled_from([None, 0, 1]))
def test_an_avif_has_its_extents_turned(
    width: int, height: int, quarters: int, axis: int | None
) -> None:
    mirror = [] if axis is None else [avifs.imir(axis)]
    item = avifs.Item(b"", [avifs.ispe(width, height), avifs.irot(quarters), *mirror])
    assert sized(avifs.avif(item)) == ((height, width) if quarters % 2 else (width, height))


@given(SIDES, SIDES, st.data())
def test_an_avif_is_cropped_from_its_corner_only(
    width: int, height: int, chance: st.DataObject
) -> None:
    across, down = chance.draw(st.integers(1, width)), chance.draw(st.integers(1, height))
    left = chance.draw(st.integers(0, width - across))
    crop = avifs.clap(across, down, left, 0, of=(width, height))
    item = avifs.Item(b"", [avifs.ispe(width, height), crop])
    assert sized(avifs.avif(item)) == ((across, down) if left == 0 else (width, height))


@given(st.lists(st.tuples(st.integers(1, 256), st.integers(1, 256)), min_size=1, max_size=6))
def test_an_icon_is_as_large_as_its_largest_entry(sides: list[tuple[int, int]]) -> None:
    data = icons.icon(*(icons.Entry(*side, 32, b"\0" * 40) for side in sides))
    areas = [width * height for width, height in sides]
    assert sized(data) == sides[areas.index(max(areas))]


@given(st.integers(1, 1 << 30), st.integers(1, 1 << 30), ORIENTATIONS)
def test_a_jpeg_xl_has_the_size_of_its_header(width: int, height: int, orientation: int) -> None:
    data = jxls.header(width, height, orientation=orientation)
    assert sized(data) == turned(width, height, orientation)
