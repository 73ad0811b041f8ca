"""Each byte of an AVIF's boxes changed: what a Chromium paints nothing of is not called sound."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from imgcache.core.images.examine import examine
from imgcache.core.images.formats.isobmff import boxes
from imgcache.core.images.limits import Limits
from imgcache.edge.decoder import pixels
from tests.browser.gallery import Exhibit, opened
from tests.dialects import avifs

LIMITS = Limits(1_000_000, 100, 100)
FILES = {
    "picture": avifs.avif(avifs.picture(64, 48, avifs.irot(1), avifs.imir(1))),
    "sequence": avifs.sequence(),
}
# docs/browser-differences.md: by type, the bytes that tell of the coded pixels.
EXCEPT = {b"av1C": range(2, 3), b"tkhd": range(88, 96)}


def excepted(data: bytes) -> set[int]:
    found = set()
    for kind, span in EXCEPT.items():
        at = data.find(kind)
        while at >= 0:
            found |= {at + 4 + offset for offset in span}
            at = data.find(kind, at + 1)
    return found


def mutants(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The file with one bit of its boxes turned over, the lowest or the highest of each byte."""
    for outer in boxes(data, 0, len(data)):
        if outer.kind in (b"meta", b"moov"):
            for at in sorted({*range(outer.start, outer.end)} - excepted(data)):
                for bit in (0x01, 0x80):
                    changed = bytes((data[at] ^ bit,))
                    yield f"{at}-{bit}", data[:at] + changed + data[at + 1 :]


def is_sound(data: bytes) -> bool:
    examined = examine(data, None, LIMITS)
    if examined.format is None or examined.structure.flaw is not None:
        return False
    try:
        pixels.decode(data, examined, ())
    except pixels.UndecodableError:
        return False
    return True


@pytest.mark.parametrize("name", FILES)
def test_no_changed_byte_hides_a_sound_avif_from_a_browser(page: Page, name: str) -> None:
    pixels.prepare()
    sound = {mark: one for mark, one in mutants(FILES[name]) if is_sound(one)}
    assert sound
    with opened() as gallery:
        urls = gallery.hang({mark: Exhibit(one) for mark, one in sound.items()})
        painted = gallery.painted(page, urls)
    assert [mark for mark, is_painted in zip(sound, painted, strict=True) if not is_painted] == []
