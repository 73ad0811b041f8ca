"""Pictures of an object store over HTTP: streamed as files are, or by signed URLs."""

from __future__ import annotations

import hashlib

import httpx

from tests.support import pictures
from tests.support.buckets import Objects
from tests.support.service import service
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)
SHA256 = hashlib.sha256(JPEG).hexdigest()
PATH = f"images/{SHA256[:2]}/{SHA256}.jpg"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0"/></svg>'
SVG_SHA256 = hashlib.sha256(SVG).hexdigest()


async def fill(world: World, bucket: Objects) -> None:
    world.extra["cache"] = {"dir": bucket.url, "index": world.folder / "cache"}
    svg = world.origin.route("/a.svg", body=SVG, content_type="image/svg+xml")
    world.article(
        world.entry(world.origin.route("/a.jpg", body=JPEG)), world.entry(svg, width=9, height=9)
    )
    await world.refresh()


async def test_pictures_are_streamed_with_what_keeps_them_harmless(
    world: World, bucket: Objects
) -> None:
    await fill(world, bucket)
    async with service(world) as served:
        answer = await served.get(f"/images/{SHA256}")
        assert (answer.status_code, answer.content) == (200, JPEG)
        assert answer.headers["content-type"] == "image/jpeg"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["etag"] == f'"{SHA256}"'
        small = await served.get(f"/thumbs/small/{SHA256}")
        assert small.headers["content-type"] == "image/webp"
        part = await served.get(f"/images/{SHA256}", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, JPEG[10:20])
        known = await served.get(f"/images/{SHA256}", headers={"If-None-Match": f'"{SHA256}"'})
        assert known.status_code == 304
        for path in (f"/images/{'0' * 64}", f"/thumbs/large/{SHA256}", "/images/..%2Findex"):
            assert (await served.get(path)).status_code == 404
        assert (
            "307"
            in (await served.document("/openapi.json"))["paths"]["/images/{sha256}"]["get"][
                "responses"
            ]
        )


async def test_bytes_are_hashed_once_and_damage_is_not_handed_out(
    world: World, bucket: Objects
) -> None:
    await fill(world, bucket)
    async with service(world) as served:
        await served.get(f"/images/{SHA256}")
        bucket.server.requests.clear()
        assert (await served.get(f"/images/{SHA256}", headers={"Range": "bytes=0-3"})).content
        assert len(bucket.requests("GET")) == 1
        bucket.put(PATH, b"\xff\xd8\xff" + b"x" * (len(JPEG) - 3))
        assert (await served.get(f"/images/{SHA256}")).status_code == 404


async def test_browsers_are_sent_to_signed_urls_where_that_is_wished(
    world: World, bucket: Objects
) -> None:
    await fill(world, bucket)
    async with service(world, images="redirect") as served:
        answer = await served.get(f"/images/{SHA256}")
        assert answer.status_code == 307
        location = answer.headers["location"]
        assert location.startswith(f"{bucket.server.url}/{bucket.name}/{bucket.prefix}/{PATH}?")
        assert answer.headers["cache-control"] == "private, max-age=300"
        async with httpx.AsyncClient(trust_env=False) as anybody:
            assert (await anybody.get(location)).content == JPEG
        assert (await served.client.head(f"/images/{SHA256}")).status_code == 200
        svg = await served.get(f"/images/{SVG_SHA256}")
        assert (svg.status_code, svg.content) == (200, SVG)
        page = await served.get("/")
        assert f"img-src 'self' {bucket.server.url};" in page.headers["content-security-policy"]


async def test_a_service_elsewhere_sees_what_the_next_refresh_brings(
    world: World, bucket: Objects
) -> None:
    """It has no index of its own: it reads the copy beside the images."""
    await fill(world, bucket)
    world.extra["cache"] = {"dir": bucket.url, "index": world.folder / "elsewhere"}
    async with service(world) as served:
        found = await served.document("/api/entries", verdict="ok")
        assert found["total"] == 2
        assert not (world.folder / "elsewhere").exists()
