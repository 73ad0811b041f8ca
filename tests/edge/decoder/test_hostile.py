"""Images that are made to hurt: one verdict each, with their size, and the next one is decoded."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from PIL import Image

from imgcache.config import LimitSettings
from imgcache.edge.decoder.pool import Decoded, DecodeJob, DecodePool
from imgcache.model import Failure, Verdict
from tests.dialects import avifs, bmps, gifs, icons, jpegs, pngs, webps
from tests.support import pictures

MANY, CORRUPT = Verdict.TOO_MANY_PIXELS, Verdict.CORRUPT


@pytest.fixture
async def pool() -> AsyncIterator[DecodePool]:
    async with DecodePool(LimitSettings(), workers=1) as pool:
        yield pool


def job(data: bytes) -> DecodeJob:
    return DecodeJob(data)


def _large_icon() -> bytes:
    return icons.icon(icons.Entry(64, 64, 32, pictures.png_bomb(60_000, 60_000)))


def _announced_frames() -> bytes:
    data = avifs.sequence()
    at = data.index(b"stsz") + 12
    return data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]


def _many_frames(count: int) -> bytes:
    return gifs.screen(4, 4) + (gifs.control() + gifs.frame(4, 4)) * count + gifs.TRAILER


# What a file promises to be: its verdict and the size that it is reported with.
BOMBS: Mapping[str, tuple[bytes, Verdict, tuple[int, int]]] = {
    "a jpeg of pixels": (pictures.forged_jpeg(65_000, 65_000), MANY, (65_000, 65_000)),
    "a honest jpeg of 16,383 x 16,383": (jpegs.flat(16_383, 16_383), MANY, (16_383, 16_383)),
    "the same, turned": (
        jpegs.flat(16_383, 9000, before=jpegs.exif_segment(jpegs.tiff(6))), MANY, (9000, 16_383)
    ),
    "a png of pixels": (pictures.png_bomb(2**31 - 1, 2**31 - 1), MANY, (2**31 - 1, 2**31 - 1)),
    "a honest png": (
        pictures.raw_png(20_000, 20_000, rows=pngs.zeros(20_000, 20_000, 1), depth=1), MANY,
        (20_000, 20_000),
    ),
    "a gif of pixels": (
        gifs.screen(65_535, 65_535) + gifs.frame(4, 4) + gifs.TRAILER, MANY, (65_535, 65_535)
    ),
    "a webp of pixels": (pictures.webp_bomb(16_383, 16_383), MANY, (16_383, 16_383)),
    "an avif of pixels": (
        avifs.avif(avifs.picture(said=avifs.ispe(60_000, 60_000))), MANY, (60_000, 60_000)
    ),
    "a bmp of pixels": (bmps.bmp(30_000, 30_000, pixels=b""), MANY, (30_000, 30_000)),
    "an icon with a picture of pixels": (_large_icon(), MANY, (64, 64)),
    "a gif of frames": (_many_frames(1001), MANY, (4, 4)),
    "a webp of frames": (
        webps.riff(webps.canvas(24, 16, webps.ANIMATED), *webps.frames(*[(0, 0)] * 1001)), MANY,
        (24, 16),
    ),
    "an avif of announced frames": (_announced_frames(), MANY, (64, 48)),
    "an apng of announced frames": (
        pngs.apng((24, 16, 0, 0), announced=2**31 - 1), MANY, (24, 16)
    ),
    "a jpeg of scans": (pictures.many_scans_jpeg(200), MANY, (160, 120)),
    "a png whose pixels never end": (
        pictures.raw_png(4000, 4000, rows=b"\0" * 100_000), CORRUPT, (4000, 4000)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BOMBS)
async def test_a_bomb_costs_one_verdict_and_has_its_size(pool: DecodePool, kind: str) -> None:
    data, verdict, size = BOMBS[kind]
    result = await pool.decode(job(data))
    assert isinstance(result, Failure)
    assert (result.verdict, result.size) == (verdict, size)
    assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)


def _profiled_webp() -> bytes:
    profile = webps.chunk(b"ICCP", b"\0" * (8 << 20))
    picture = webps.picture(pictures.webp(24, 16))
    return webps.riff(webps.canvas(24, 16, 0x20), profile, picture)


# Metadata that would grow, or is no metadata: the picture is shown all the same.
HEAVY: Mapping[str, tuple[bytes, tuple[int, int]]] = {
    "a jpeg with a profile of 13 MB": (jpegs.icc_bomb(), (40, 24)),
    "a png with a text of 64 MB": (
        pictures.with_chunk(
            pictures.png(), pictures.chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * (64 << 20)))
        ),
        (160, 120),
    ),
    "a png with a profile of 64 MB": (
        pictures.with_chunk(
            pictures.png(), pictures.chunk(b"iCCP", b"k\0\0" + zlib.compress(b"\0" * (64 << 20)))
        ),
        (160, 120),
    ),
    "a png of 100,000 texts": (
        pictures.with_chunk(pictures.png(), *[pictures.chunk(b"tEXt", b"a\0b")] * 100_000),
        (160, 120),
    ),
    "a webp with a profile of 8 MB": (_profiled_webp(), (24, 16)),
    "a gif of 100,000 comments": (
        gifs.screen(4, 4) + b"!\xfe\1a\0" * 100_000 + gifs.frame(4, 4) + gifs.TRAILER, (4, 4)
    ),
    "a jpeg of 100,000 comments": (
        jpegs.with_segments(pictures.jpeg(), *[jpegs.segment(0xFE, b"a")] * 100_000), (160, 120)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HEAVY)
async def test_heavy_metadata_does_no_harm(pool: DecodePool, kind: str) -> None:
    data, size = HEAVY[kind]
    result = await pool.decode(job(data))
    assert isinstance(result, Decoded), result
    assert result.size == size


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"


@pytest.mark.parametrize("disguise", [b"", b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 32, 90)])
async def test_postscript_never_reaches_ghostscript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disguise: bytes
) -> None:
    called = tmp_path / "called"
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {called}\n", encoding="utf-8")
    ghostscript.chmod(ghostscript.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    async with DecodePool(LimitSettings(), workers=1) as pool:
        result = await pool.decode(job(disguise.ljust(32 if disguise else 0, b"\0") + POSTSCRIPT))
    assert isinstance(result, Failure)
    assert result.verdict is Verdict.UNSUPPORTED_FORMAT
    assert not called.exists()


FOREIGN = ("TIFF", "PPM", "SGI", "TGA", "PCX", "MSP", "DIB", "DDS", "XBM", "EPS", "PDF",
           "ICNS", "JPEG2000", "QOI", "SPIDER")  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
async def test_no_other_decoder_of_pillow_is_ever_asked(pool: DecodePool, name: str) -> None:
    mode = {"MSP": "1", "XBM": "1", "SPIDER": "F"}.get(name, "RGB")
    data = pictures.saved(Image.new(mode, (64, 64)), name)
    result = await pool.decode(job(data))
    assert isinstance(result, Failure)
    assert result.verdict in {Verdict.UNSUPPORTED_FORMAT, Verdict.NOT_AN_IMAGE}
