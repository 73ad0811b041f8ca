"""Cached bytes over HTTP: the right ones, rightly labelled, and nothing else of the disk."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import pictures
from tests.support.service import Service, service
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)
SHA256 = hashlib.sha256(JPEG).hexdigest()
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
)
NOWHERE = "0" * 64


async def fill(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()


def image_file(world: World) -> Path:
    return world.cache / "images" / SHA256[:2] / f"{SHA256}.jpg"


def thumbnail_file(world: World) -> Path:
    return world.cache / "thumbs" / "small" / SHA256[:2] / f"{SHA256}.webp"


async def test_an_image_comes_with_what_keeps_it_harmless(served: Service) -> None:
    answer = await served.get(f"/images/{SHA256}")
    assert (answer.status_code, answer.content) == (200, JPEG)
    headers = answer.headers
    assert headers["content-type"] == "image/jpeg"
    assert headers["content-length"] == str(len(JPEG))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["etag"] == f'"{SHA256}"'
    assert headers["accept-ranges"] == "bytes"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    policy = headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy


async def test_a_script_in_an_svg_gets_no_chance(world: World) -> None:
    url = world.origin.route("/a.svg", body=SVG, content_type="image/svg+xml")
    world.article(world.entry(url, 9, 9))
    await world.refresh()
    async with service(world) as served:
        answer = await served.get(f"/images/{hashlib.sha256(SVG).hexdigest()}")
    assert answer.headers["content-type"] == "image/svg+xml"
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy.split("; ")
    assert "script-src" not in policy


async def test_a_thumbnail_has_a_tag_of_its_own(shared_world: World, served: Service) -> None:
    answer = await served.get(f"/thumbs/small/{SHA256}")
    data = thumbnail_file(shared_world).read_bytes()
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ({"range": "bytes=10-19"}, 206, 10, 20),
        ({"range": "bytes=-5"}, 206, len(JPEG) - 5, len(JPEG)),
        ({"range": "bytes=1-2", "if-range": f'"{SHA256}"'}, 206, 1, 3),
        ({"range": "bytes=1-2", "if-range": '"other"'}, 200, 0, len(JPEG)),
        ({"range": "bytes=0-1,3-4"}, 200, 0, len(JPEG)),
        ({"range": ",".join(["bytes=0-"] + ["0-"] * 2000)}, 200, 0, len(JPEG)),
    ],
)
async def test_one_range_is_answered(
    served: Service, asked: dict[str, str], status: int, start: int, end: int
) -> None:
    answer = await served.get(f"/images/{SHA256}", headers=asked)
    assert (answer.status_code, answer.content) == (status, JPEG[start:end])
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(JPEG)}"


async def test_a_range_means_nothing_but_to_get(served: Service) -> None:
    answer = await served.client.head(f"/images/{SHA256}", headers={"range": "bytes=0-9"})
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(JPEG))


async def test_a_range_behind_the_end_is_not_satisfiable(served: Service) -> None:
    answer = await served.get(f"/images/{SHA256}", headers={"range": f"bytes={len(JPEG)}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(JPEG)}"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_copy_that_the_client_has_is_not_sent(served: Service) -> None:
    answer = await served.get(f"/images/{SHA256}", headers={"if-none-match": f'"{SHA256}"'})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_head_tells_the_length_alone(served: Service) -> None:
    answer = await served.client.head(f"/images/{SHA256}")
    assert answer.headers["content-length"] == str(len(JPEG))
    assert answer.content == b""


@pytest.mark.parametrize(
    "path",
    [
        f"/images/{NOWHERE}",
        f"/images/{SHA256.upper()}",
        f"/images/{SHA256}.jpg",
        f"/images/{SHA256[:-1]}",
        f"/images/{SHA256}%0a",
        f"/images/{SHA256}%00",
        "/images/..%2f..%2fetc%2fpasswd",
        "/images/%2e%2e",
        f"/thumbs/large/{SHA256}",
        f"/thumbs/..%2fimages/{SHA256}",
        f"/thumbs/%2e%2e/{SHA256}",
        f"/thumbs/small/{NOWHERE}",
    ],
)
async def test_what_is_not_there_gets_one_answer(served: Service, path: str) -> None:
    answer = await served.get(path)
    problem = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    assert problem["detail"] in {
        "the cache holds no such image",
        "there is nothing here; /openapi.json lists what there is",
    }


def _overwrite(path: Path) -> None:
    path.write_bytes(JPEG[:-9] + b"overwrite")


def _as_page(path: Path) -> None:
    path.write_bytes(b"<!doctype html><script>alert(1)</script>")


def _as_link(path: Path) -> None:
    twin = path.with_name("twin.jpg")
    path.rename(twin)
    path.symlink_to(twin)


def _as_linked_folder(path: Path) -> None:
    twin = path.parent.with_name("twin")
    path.parent.rename(twin)
    path.parent.symlink_to(twin)


def _as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _as_socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARM = [_overwrite, _as_page, _as_link, _as_linked_folder, _as_pipe, _as_socket, _as_folder]


@pytest.mark.parametrize("harm", HARM)
async def test_only_regular_files_with_the_right_bytes_are_sent(
    world: World, harm: Callable[[Path], None]
) -> None:
    await fill(world)
    async with service(world) as served:
        assert (await served.get(f"/images/{SHA256}")).status_code == 200
        harm(image_file(world))
        answer = await served.get(f"/images/{SHA256}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("harm", HARM[1:])
async def test_of_thumbnails_too(world: World, harm: Callable[[Path], None]) -> None:
    await fill(world)
    async with service(world) as served:
        assert (await served.get(f"/thumbs/small/{SHA256}")).status_code == 200
        harm(thumbnail_file(world))
        assert (await served.get(f"/thumbs/small/{SHA256}")).status_code == 404


def descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


async def test_the_descriptors_come_back(served: Service) -> None:
    async def ask() -> None:
        await served.get(f"/images/{SHA256}")
        await served.get(f"/images/{SHA256}", headers={"range": "bytes=999999-"})
        await served.get(f"/images/{SHA256}", headers={"if-none-match": "*"})
        await served.get(f"/images/{NOWHERE}")
        await served.client.head(f"/images/{SHA256}")

    await ask()
    before = descriptors()
    for _ in range(5):
        await ask()
    assert descriptors() == before
