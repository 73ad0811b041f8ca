"""Corpus of pictures as news sites have them, made once and kept in a folder of the user.

85 % are JPEGs (a third of these progressive), 8 % PNG, 5 % WebP, 2 % GIF; 1.08 megapixels and
175 KB on average. The same seed, packages and RECIPE give the same bytes. A folder holds

    corpus.json       what is in it
    pictures/0/...    the pictures; 1, 2 and 3 hold them under other bytes (by a comment inside),
                      so that no tool can save work by noticing equal ones
    small/...         the same at a fifth of the size, for sites of very many pictures
"""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import shutil
import struct
import zlib
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import msgspec
import PIL
from msgspec import Struct
from PIL import Image

from benchmarks.beside import photographs

RECIPE = 1  # raise it when a change makes other pictures
COPIES = 4
SMALLER = 5
CHANGED = 1613425260  # of each file, so that Last-Modified is the same wherever they were made
SHARES = {"png": 0.08, "webp": 0.05, "gif": 0.02}
SIZES = (
    (1600, 1035),
    (530, 360),
    (1200, 800),
    (1200, 1200),
    (1200, 630),
    (1024, 683),
    (1920, 1080),
    (800, 450),
    (1920, 1280),
)


class Picture(Struct, frozen=True):
    """One picture of a corpus: its file's name, its size and that of its small copy."""

    name: str
    size: tuple[int, int]
    small: tuple[int, int]
    bytes: int


class MadeBy(Struct, frozen=True):
    """What a corpus follows from."""

    seed: int
    count: int
    wheel: str | None
    pillow: str = PIL.__version__
    recipe: int = RECIPE


class Corpus(Struct, frozen=True):
    """The pictures in a folder."""

    made_by: MadeBy
    pictures: tuple[Picture, ...]

    def described(self) -> str:
        """The figures that say whether it is lifelike."""
        count = len(self.pictures)
        megapixels = sum(one.size[0] * one.size[1] for one in self.pictures) / count / 1e6
        kilobytes = sum(one.bytes for one in self.pictures) / count / 1000
        return f"{count} pictures, {megapixels:.2f} megapixels and {kilobytes:.0f} KB on average"


def make(folder: Path, seed: int, count: int, wheel: Path | None) -> Corpus:
    """The corpus in this folder, which is made where it is not there."""
    wanted = MadeBy(seed, count, wheel.name if wheel else None)
    listed = folder / "corpus.json"
    if listed.is_file():
        kept = msgspec.json.decode(listed.read_bytes(), type=Corpus)
        if kept.made_by == wanted:
            return kept
        shutil.rmtree(folder)
    for name in ("small", *(f"pictures/{copy}" for copy in range(COPIES))):
        (folder / name).mkdir(parents=True)
    mixed = zip(_kinds(seed, count), _sizes(seed, count), strict=True)
    jobs = ((folder, wheel, seed, number, *one) for number, one in enumerate(mixed))
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        made = Corpus(wanted, tuple(pool.map(_make_one, *zip(*jobs, strict=True), chunksize=4)))
    listed.write_bytes(msgspec.json.encode(made))
    return made


def _kinds(seed: int, count: int) -> list[str]:
    """The exact shares, in a mixed order."""
    row = [kind for kind, share in SHARES.items() for _ in range(round(count * share))]
    row += ["jpg"] * (count - len(row))
    random.Random(f"{seed} kinds").shuffle(row)
    return row


def _sizes(seed: int, count: int) -> list[tuple[int, int]]:
    """All sizes equally often, in a mixed order."""
    row = [SIZES[number % len(SIZES)] for number in range(count)]
    random.Random(f"{seed} sizes").shuffle(row)
    return row


@cache
def _photographs(wheel: Path | None) -> list[photographs.Photograph]:
    return photographs.load(wheel)


def _make_one(
    folder: Path, wheel: Path | None, seed: int, number: int, kind: str, size: tuple[int, int]
) -> Picture:
    """One picture with its copies; runs in processes of the pool."""
    rng = random.Random(f"{seed} {number}")
    how = rng.getrandbits(32)
    image = photographs.picture(rng, _photographs(wheel), size)
    if kind in {"png", "gif"}:  # which sites use for smaller pictures
        image = image.reduce(2 if size[0] <= 1200 else 3)
    small = image.reduce(SMALLER)
    data, name = encoded(image, kind, how), f"{number:04}.{kind}"
    files = {folder / "small" / name: encoded(small, kind, how)}
    for copy in range(COPIES):
        files[folder / "pictures" / str(copy) / name] = tagged(data, kind, f"{copy} {name} {seed}")
    for path, content in files.items():
        path.write_bytes(content)
        os.utime(path, (CHANGED, CHANGED))
    return Picture(name, image.size, small.size, len(data))


def encoded(image: Image.Image, kind: str, how: int) -> bytes:
    """The bytes of a picture; `how` is a random number that its options follow from."""
    rng, out = random.Random(how), io.BytesIO()
    quality = rng.choice((75, 80, 82, 88))
    if kind == "jpg":
        progressive = rng.random() < 1 / 3
        image.save(out, "JPEG", quality=quality, progressive=progressive, optimize=True)
    elif kind == "webp":
        image.save(out, "WEBP", quality=quality, method=2)
    elif kind == "png":
        (image.quantize(128) if rng.random() < 0.6 else image).save(out, "PNG")
    else:
        image.quantize(rng.choice((32, 64))).save(out, "GIF")
    return out.getvalue()


def tagged(data: bytes, kind: str, text: str) -> bytes:
    """The same picture under other bytes: with a comment where its format has one."""
    note = text.encode("ascii")
    if kind == "jpg":  # a COM segment behind the first one
        at = 4 + struct.unpack(">H", data[4:6])[0]
        return data[:at] + b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note + data[at:]
    if kind == "png":  # a tEXt chunk behind IHDR
        body = b"tEXtComment\0" + note
        length, check = len(body) - 4, zlib.crc32(body)
        return data[:33] + struct.pack(">I", length) + body + struct.pack(">I", check) + data[33:]
    if kind == "gif":  # a comment extension before the trailer
        return data[:-1] + b"\x21\xfe" + bytes([len(note)]) + note + b"\0" + data[-1:]
    note += b" " * (len(note) % 2)  # WebP: a chunk that no reader knows, at the end
    data += b"note" + struct.pack("<I", len(note)) + note
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
