"""The pool: verdicts of the workers, and what becomes of a worker that dies."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import signal
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imgcache.config import LimitSettings, ThumbnailSettings
from imgcache.core.images.dhash import is_dhash
from imgcache.core.images.label import Label
from imgcache.core.images.placeholder import is_placeholder
from imgcache.core.images.placeholder import text as placeholder_text
from imgcache.edge.decoder import pool as decode_module
from imgcache.edge.decoder.pool import Decoded, DecodeJob, DecodePool
from imgcache.edge.decoder.process import Worker
from imgcache.edge.decoder.protocol import WorkerLimits
from imgcache.model import Failure, Format, Size, Verdict
from tests.support import pictures

SMALL = (("small", ThumbnailSettings(width=32, height=32)),)


def job(
    data: bytes | None = None,
    *,
    path: Path | None = None,
    content_type: str | None = None,
    nosniff: bool = False,
    thumbnails: tuple[tuple[str, ThumbnailSettings], ...] = SMALL,
) -> DecodeJob:
    return DecodeJob(path or data or b"", Label(content_type, nosniff), thumbnails)


@pytest.fixture
async def pool() -> AsyncIterator[DecodePool]:
    async with DecodePool(LimitSettings(), workers=1) as pool:
        yield pool


def worker_of(pool: DecodePool) -> int:
    """The process id of the one worker."""
    (worker,) = pool._alive
    return worker._program.pid


@pytest.fixture
def decode(pool: DecodePool) -> Any:
    async def decode(data: bytes, **label: Any) -> Decoded | Failure:
        return await pool.decode(job(data, **label))

    return decode


WHOLE: Mapping[str, tuple[bytes, Format, tuple[int, int]]] = {
    "jpeg": (pictures.jpeg(), Format.JPEG, (160, 120)),
    "progressive": (pictures.jpeg(progressive=True), Format.JPEG, (160, 120)),
    "turned": (pictures.jpeg(orientation=6), Format.JPEG, (120, 160)),
    "cmyk": (pictures.cmyk_jpeg(), Format.JPEG, (160, 120)),
    "mpo": (pictures.mpo(), Format.JPEG, (160, 120)),
    "png": (pictures.png(), Format.PNG, (160, 120)),
    "16 bits": (pictures.grey_png_16(), Format.PNG, (160, 120)),
    "palette": (pictures.palette_png(), Format.PNG, (64, 64)),
    "apng": (pictures.apng(), Format.PNG, (80, 60)),
    "gif": (pictures.gif(frames=3), Format.GIF, (160, 120)),
    "webp": (pictures.webp(), Format.WEBP, (160, 120)),
    "lossless": (pictures.webp(lossless=True), Format.WEBP, (160, 120)),
    "animated": (pictures.webp(frames=3), Format.WEBP, (160, 120)),
    "avif": (pictures.avif(), Format.AVIF, (64, 48)),
    "turned avif": (pictures.avif(orientation=6), Format.AVIF, (48, 64)),
    "sequence": (pictures.avif(frames=2), Format.AVIF, (64, 48)),
    "bmp": (pictures.bmp(), Format.BMP, (160, 120)),
    "ico": (pictures.ico(16, 48), Format.ICO, (48, 48)),
    "bmp in ico": (pictures.ico(16, 48, bitmap="bmp"), Format.ICO, (48, 48)),
    "cur": (pictures.cur(), Format.ICO, (32, 32)),
}


@pytest.mark.parametrize("kind", WHOLE)
async def test_a_sound_image_is_decoded_with_its_thumbnail(decode: Any, kind: str) -> None:
    data, expected, size = WHOLE[kind]
    result = await decode(data)
    assert isinstance(result, Decoded)
    assert (result.format, result.size) == (expected, size)
    (made,) = result.thumbnails
    assert (made.name, made.recipe) == ("small", "v3-32x32-inside-webp-q80-m2")
    assert pictures.opened(made.data).size == (made.width, made.height)
    assert max(made.width, made.height) == 32


async def test_an_svg_is_sound_and_has_no_thumbnail(decode: Any) -> None:
    result = await decode(pictures.svg(), content_type="image/svg+xml")
    assert result == Decoded(Format.SVG, Size(80, 60), "#ffffff", (), has_position=False)


@pytest.mark.parametrize(
    ("body", "told"), [(pictures.placed_jpeg(), True), (pictures.jpeg(), False)]
)
async def test_a_position_in_the_exif_is_told(decode: Any, body: bytes, *, told: bool) -> None:
    result = await decode(body)
    assert isinstance(result, Decoded)
    assert result.has_position is told


@pytest.mark.parametrize(
    ("body", "animated"),
    [
        (pictures.gif(frames=3), True),
        (pictures.gif(), False),
        (pictures.apng(), True),
        (pictures.jpeg(), False),
    ],
)
async def test_what_the_pixels_tell_comes_along(
    decode: Any, body: bytes, *, animated: bool
) -> None:
    result = await decode(body)
    assert isinstance(result, Decoded)
    assert (result.animated, result.alpha) == (animated, False)
    assert is_placeholder(result.placeholder)
    assert is_dhash(result.dhash)


@pytest.mark.parametrize("forged", [{"placeholder": '"><script>'}, {"dhash": "0" * 17}])
def test_no_text_of_a_worker_is_taken_for_more_than_it_is(forged: dict[str, str]) -> None:
    head = decode_module._Head(Format.JPEG, Size(3, 2))
    told = {"animated": False, "alpha": False, "placeholder": placeholder_text(b"RIFF")}
    words = {"color": "#000000", "thumbnails": [], "dhash": "0" * 16} | told
    assert decode_module._result(job(), head, words, b"").dhash == "0" * 16
    with pytest.raises(ValueError, match=re.escape(*forged.values())):
        decode_module._result(job(), head, words | forged, b"")


async def test_an_image_may_come_as_a_file(pool: DecodePool, tmp_path: Path) -> None:
    file = tmp_path / "picture"
    file.write_bytes(pictures.jpeg())
    result = await pool.decode(job(path=file))
    assert isinstance(result, Decoded)


async def test_a_name_of_odd_bytes_is_no_trouble(pool: DecodePool, tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9\xff \xc3\xa9")
    file.write_bytes(pictures.jpeg())
    assert isinstance(await pool.decode(job(path=file)), Decoded)


async def test_warm_workers_are_ready_and_no_more_than_allowed() -> None:
    async with DecodePool(LimitSettings(), workers=2) as pool:
        await asyncio.gather(pool.warm_up(), pool.decode(job(pictures.jpeg())))
        warm = {worker._program.pid for worker in pool._alive}
        assert len(warm) == 2
        await pool.warm_up()
        await asyncio.gather(*(pool.decode(job(pictures.jpeg())) for _ in range(4)))
        assert {worker._program.pid for worker in pool._alive} == warm


async def test_a_file_that_can_not_be_read_is_this_machines_fault(
    pool: DecodePool, tmp_path: Path
) -> None:
    result = await pool.decode(job(path=tmp_path / "missing"))
    assert isinstance(result, Failure)
    assert result.verdict is Verdict.LOCAL_ERROR
    assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :]


BROKEN: Mapping[str, tuple[bytes, Verdict, tuple[int, int] | None]] = {
    "no bytes": (b"", Verdict.EMPTY, None),
    "html": (pictures.HTML, Verdict.NOT_AN_IMAGE, None),
    "tiff": (pictures.TIFF, Verdict.UNSUPPORTED_FORMAT, None),
    "jxl": (pictures.JPEG_XL, Verdict.UNSUPPORTED_FORMAT, (32, 32)),
    "half a jpeg": (pictures.cut(pictures.jpeg()), Verdict.TRUNCATED, (160, 120)),
    "a jpeg without its end": (pictures.jpeg()[:-2], Verdict.TRUNCATED, (160, 120)),
    "half a png": (pictures.cut(pictures.png()), Verdict.TRUNCATED, (160, 120)),
    "a png without its end": (pictures.png()[:-12], Verdict.TRUNCATED, (160, 120)),
    "a gif without its end": (pictures.gif()[:-1], Verdict.TRUNCATED, (160, 120)),
    "half a webp": (pictures.cut(pictures.webp()), Verdict.TRUNCATED, (160, 120)),
    "half a bmp": (pictures.cut(pictures.bmp()), Verdict.TRUNCATED, (160, 120)),
    "a higher jpeg": (pictures.forged_jpeg(160, 200), Verdict.CORRUPT, (160, 200)),
    "a wider jpeg": (pictures.forged_jpeg(320, 120), Verdict.CORRUPT, (320, 120)),
    "a huge jpeg": (pictures.forged_jpeg(4000, 4000), Verdict.CORRUPT, (4000, 4000)),
    "a png with a flipped bit": (_flipped(pictures.png(), 200), Verdict.CORRUPT, (160, 120)),
    "a png of few rows": (
        pictures.raw_png(64, 64, rows=b"\0" * 65 * 10),
        Verdict.CORRUPT,
        (64, 64),
    ),
    "an interlaced png of few rows": (
        pictures.raw_png(64, 64, rows=b"\0" * 65 * 10, interlaced=True),
        Verdict.CORRUPT,
        (64, 64),
    ),
    "a gif without pixels": (
        b"GIF89a\x10\0\x10\0\x80\0\0" + b"\0" * 6 + b",\0\0\0\0\x10\0\x10\0\0\2\0;",
        Verdict.CORRUPT,
        (16, 16),
    ),
    "a webp of noise": (
        pictures.webp()[:30] + b"\xff" * (len(pictures.webp()) - 30),
        Verdict.CORRUPT,
        (160, 120),
    ),
    "too many pixels": (pictures.png_bomb(), Verdict.TOO_MANY_PIXELS, (20_000, 20_000)),
    "too many scans": (pictures.many_scans_jpeg(101), Verdict.TOO_MANY_PIXELS, (160, 120)),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_broken_image_gets_its_verdict_and_keeps_its_size(decode: Any, kind: str) -> None:
    data, verdict, size = BROKEN[kind]
    result = await decode(data)
    assert isinstance(result, Failure), result
    assert (result.verdict, result.size, result.bytes) == (verdict, size, len(data))


@pytest.mark.parametrize("grey", [127, 128, 129])
@pytest.mark.parametrize("progressive", [False, True])
async def test_a_picture_that_is_grey_by_itself_is_no_forgery(
    decode: Any, grey: int, *, progressive: bool
) -> None:
    image = Image.new("RGB", (200, 200), (grey,) * 3)
    assert isinstance(await decode(pictures.saved(image, "JPEG", progressive=progressive)), Decoded)


async def test_metadata_that_no_decoder_needs_can_not_spoil_an_image(decode: Any) -> None:
    bomb = pictures.chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * (8 << 20)))
    wrong = pictures.chunk(b"tEXt", b"key\0value")[:-4] + b"\0\0\0\0"
    assert isinstance(await decode(pictures.with_chunk(pictures.png(), bomb, wrong)), Decoded)


async def test_a_label_that_browsers_trust_hides_an_image(decode: Any) -> None:
    result = await decode(pictures.jpeg(), content_type="text/html", nosniff=True)
    assert (result.verdict, result.size) == (Verdict.UNSUPPORTED_FORMAT, (160, 120))


# Limits and dying workers -------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
async def test_an_image_that_needs_too_much_memory_costs_one_verdict() -> None:
    limits = LimitSettings(decode_memory=400 << 20)
    async with DecodePool(limits, workers=1) as pool:
        result = await pool.decode(job(pictures.webp_bomb(7000, 7000)))
        assert isinstance(result, Failure)
        assert (result.verdict, result.size) == (Verdict.TOO_MANY_PIXELS, (7000, 7000))
        assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)


async def test_more_memory_than_the_system_can_count_is_no_limit() -> None:
    async with DecodePool(LimitSettings(decode_memory=1 << 70), workers=1) as pool:
        assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)


async def test_an_image_that_takes_too_long_costs_one_verdict() -> None:
    async with DecodePool(LimitSettings(decode_time=0.05), workers=1) as pool:
        result = await pool.decode(job(pictures.webp_bomb(7900, 7900)))
        assert isinstance(result, Failure)
        assert (result.verdict, result.size) == (Verdict.TOO_MANY_PIXELS, (7900, 7900))


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        (signal.SIGSEGV, Verdict.CORRUPT),
        (signal.SIGXCPU, Verdict.TOO_MANY_PIXELS),
        (signal.SIGKILL, Verdict.TOO_MANY_PIXELS),
    ],
)
async def test_how_a_worker_dies_is_the_verdict(
    pool: DecodePool, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, verdict: Verdict
) -> None:
    _once_told(monkeypatch, lambda: os.kill(worker_of(pool), number))
    result = await pool.decode(job(pictures.webp_bomb(7000, 7000)))
    monkeypatch.undo()
    assert isinstance(result, Failure)
    assert (result.verdict, result.size) == (verdict, (7000, 7000))
    assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)


def _once_told(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Does something right after a worker told the size, while it decodes."""
    read_head = decode_module._read_head

    def read_and_act(words: Mapping[str, Any], head: Any) -> None:
        read_head(words, head)
        act()

    monkeypatch.setattr(decode_module, "_read_head", read_and_act)


async def test_a_worker_that_makes_no_progress_is_ended_by_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with DecodePool(LimitSettings(decode_time=1), workers=1) as pool:
        _once_told(monkeypatch, lambda: os.kill(worker_of(pool), signal.SIGSTOP))
        result = await pool.decode(job(pictures.webp_bomb(7000, 7000)))
    assert isinstance(result, Failure)
    assert (result.verdict, result.size) == (Verdict.TOO_MANY_PIXELS, (7000, 7000))


async def test_leaving_the_pool_is_not_held_against_the_image_in_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = asyncio.Event()
    async with DecodePool(LimitSettings(), workers=1) as pool:
        _once_told(monkeypatch, told.set)
        waiting = asyncio.ensure_future(pool.decode(job(pictures.webp_bomb(7000, 7000))))
        await told.wait()
    result = await waiting
    assert isinstance(result, Failure)
    assert result.verdict is Verdict.LOCAL_ERROR


async def test_a_worker_that_died_in_its_sleep_is_replaced_silently(pool: DecodePool) -> None:
    await pool.decode(job(pictures.jpeg()))
    first = worker_of(pool)
    os.kill(first, signal.SIGKILL)
    assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)
    assert worker_of(pool) != first


async def test_the_pipes_of_one_that_died_in_its_sleep_are_closed_before_another_starts(
    pool: DecodePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pool.decode(job(pictures.jpeg()))
    (worker,) = pool._alive
    start, closed = Worker.start, []

    async def started(limits: WorkerLimits) -> Worker:
        closed.append(worker._pipes.stdin.is_closing())
        return await start(limits)

    monkeypatch.setattr(Worker, "start", started)
    worker._program.kill()
    worker._program.wait()  # in the loop's thread, which does not hear of it meanwhile
    assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)
    assert closed == [True]


async def test_a_worker_serves_many_images(pool: DecodePool) -> None:
    await pool.decode(job(pictures.jpeg()))
    first = worker_of(pool)
    await pool.decode(job(pictures.TEXT))
    await pool.decode(job(pictures.cut(pictures.png())))
    assert worker_of(pool) == first


@pytest.mark.skipif("glibc" not in platform.libc_ver(), reason="glibc keeps memory as told")
async def test_a_worker_keeps_the_memory_of_one_image_for_the_next(pool: DecodePool) -> None:
    kinds = (("JPEG", (1200, 900)), ("WEBP", (1500, 1000)), ("PNG", (1600, 1000)))
    bodies = [pictures.saved(Image.new("RGB", size, "orange"), kind) for kind, size in kinds]
    faults = []
    for body in bodies * 6:  # in the first rounds the heap finds room between what lies there
        assert isinstance(await pool.decode(job(body)), Decoded)
        faults.append(page_faults(worker_of(pool)))
    assert faults[-1] - faults[-1 - len(kinds)] < 500  # of 4,000 pages for the pixels alone


def page_faults(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7])  # the tenth of all, the first two stand before


@pytest.mark.parametrize("steps", range(12))
async def test_a_start_may_be_cancelled_at_any_step(steps: int) -> None:
    limits = LimitSettings(decode_time=2)
    async with DecodePool(limits, workers=1) as pool:
        starting = asyncio.ensure_future(pool.decode(job(pictures.jpeg())))
        for _ in range(steps):
            await asyncio.sleep(0)
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
        async with asyncio.timeout(20):  # the next one has pipes of the same numbers
            assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)


async def test_a_cancelled_job_ends_its_worker(pool: DecodePool) -> None:
    await pool.decode(job(pictures.jpeg()))
    first = worker_of(pool)
    os.kill(first, signal.SIGSTOP)
    waiting = asyncio.ensure_future(pool.decode(job(pictures.jpeg())))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)


async def test_leaving_the_pool_ends_its_workers_and_its_jobs() -> None:
    async with DecodePool(LimitSettings(), workers=1) as pool:
        await pool.decode(job(pictures.jpeg()))
        process = worker_of(pool)
        os.kill(process, signal.SIGSTOP)
        waiting = asyncio.ensure_future(pool.decode(job(pictures.jpeg())))
        await asyncio.sleep(0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    result = await waiting
    assert isinstance(result, Failure)
    assert result.verdict is Verdict.LOCAL_ERROR


async def test_no_more_workers_run_than_allowed_and_all_jobs_are_done() -> None:
    async with DecodePool(LimitSettings(), workers=2) as pool:
        results = await asyncio.gather(*(pool.decode(job(pictures.jpeg())) for _ in range(12)))
        assert all(isinstance(result, Decoded) for result in results)
        assert len(pool._alive) == 2


async def test_a_decoder_that_can_not_start_is_this_machines_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with DecodePool(LimitSettings(), workers=1) as pool:
        result = await pool.decode(job(pictures.jpeg()))
    assert isinstance(result, Failure)
    assert result.verdict is Verdict.LOCAL_ERROR


async def test_a_decoder_that_ends_at_once_is_this_machines_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    async with DecodePool(LimitSettings(), workers=1) as pool:
        result = await pool.decode(job(pictures.jpeg()))
    assert isinstance(result, Failure)
    assert result.verdict is Verdict.LOCAL_ERROR


async def test_a_worker_ends_with_the_process_that_started_it(pool: DecodePool) -> None:
    await pool.decode(job(pictures.jpeg()))
    (worker,) = pool._alive
    worker._pipes.stdin.close()
    assert await asyncio.to_thread(worker._program.wait) == 0


async def test_the_folder_we_stand_in_can_not_replace_a_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PIL.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    async with DecodePool(LimitSettings(), workers=1) as pool:
        assert isinstance(await pool.decode(job(pictures.jpeg())), Decoded)


async def test_a_working_folder_that_is_gone_changes_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    async with DecodePool(LimitSettings(), workers=1) as pool:
        await pool.warm_up()
        gone.rmdir()
        # It is not larger than its thumbnail: Pillow saves what it has opened.
        assert isinstance(await pool.decode(job(pictures.jpeg(16, 12))), Decoded)


async def test_a_path_is_one_in_the_working_folder_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: DecodePool
) -> None:
    (tmp_path / "a.jpg").write_bytes(pictures.jpeg(16, 12))
    monkeypatch.chdir(tmp_path)
    assert isinstance(await pool.decode(job(path=Path("a.jpg"))), Decoded)
