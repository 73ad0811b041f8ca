"""Damage: what transfer, storage and attackers do to a file, each from its own seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

_EXTREMES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\1")
_MOST_BYTES = 1 << 16


def mutated(files: Sequence[bytes], seed: int) -> bytes:
    """One of the files, damaged in one to four ways."""
    random = Random(seed)
    data = bytearray(random.choice(files)[:_MOST_BYTES])
    for _ in range(random.randint(1, 4)):
        damage = random.choice((_flip, _overwrite, _cut, _insert, _hole, _repeat, _splice))
        damage(data, random, files)
    return bytes(data[: 2 * _MOST_BYTES])


def _place(data: bytearray, random: Random) -> int:
    """Somewhere in the file, in its header mostly: there it hurts."""
    last = max(len(data) - 1, 0)
    return random.randint(0, min(last, 160) if random.random() < 0.6 else last)


def _flip(data: bytearray, random: Random, files: Sequence[bytes]) -> None:
    if data:
        data[_place(data, random)] ^= 1 << random.randrange(8)


def _overwrite(data: bytearray, random: Random, files: Sequence[bytes]) -> None:
    at, length = _place(data, random), random.choice((1, 2, 4, 8))
    data[at : at + length] = random.choice(_EXTREMES) * length


def _cut(data: bytearray, random: Random, files: Sequence[bytes]) -> None:
    del data[_place(data, random) + 8 :]


def _insert(data: bytearray, random: Random, files: Sequence[bytes]) -> None:
    at = _place(data, random)
    data[at:at] = random.randbytes(random.choice((1, 3, 16, 200)))


def _hole(data: bytearray, random: Random, files: Sequence[bytes]) -> None:
    at = _place(data, random)
    length = min(random.choice((16, 200, 2000)), len(data) - at)
    data[at : at + length] = b"\0" * length


def _repeat(data: bytearray, random: Random, files: Sequence[bytes]) -> None:
    at, length = _place(data, random), random.choice((4, 12, 64, 300))
    data[at:at] = data[at : at + length] * random.choice((1, 2, 50))


def _splice(data: bytearray, random: Random, files: Sequence[bytes]) -> None:
    other = random.choice(files)[:_MOST_BYTES]
    data[_place(data, random) :] = other[random.randint(0, len(other)) :]
