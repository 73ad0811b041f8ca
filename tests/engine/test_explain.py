from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from imgcache import Settings
from imgcache.cache_results import Explanation
from imgcache.core.http.address import Address
from imgcache.engine.explain import explain
from imgcache.model import Verdict
from tests.support import behaviours, pictures
from tests.support.world import World, run

JPEG = pictures.jpeg(160, 120, orientation=6)


def facts(told: Explanation, name: str) -> list[dict[str, str]]:
    return [dict(step.facts) for step in told.steps if step.name == name]


async def test_each_step_of_a_good_image_is_told(world: World) -> None:
    image = world.origin.route("/a.jpg", body=JPEG, content_type="image/jpeg")
    url = world.origin.route("/to", behaviours.redirect("/a.jpg"))
    told = await explain(url, world.settings())
    names = [step.name for step in told.steps]
    assert names == [
        "url", "address", "answer", "address", "answer", "body", "format", "decode", "verdict",
    ]  # fmt: skip
    first, second = facts(told, "answer")
    assert (first["status"], first["Location"], second["url"]) == ("302", "/a.jpg", image)
    assert second["Content-Type"] == "image/jpeg"
    assert facts(told, "body")[0]["first bytes"].startswith("ff d8 ff")
    assert facts(told, "format")[0]["orientation"] == "6"
    assert facts(told, "format")[0]["size"] == "120 x 160"
    assert (told.verdict, told.message) == (Verdict.OK, None)
    assert [step.seconds for step in told.steps] == sorted(step.seconds for step in told.steps)


@pytest.mark.parametrize(
    ("body", "verdict", "size"),
    [
        (pictures.png_bomb(), Verdict.TOO_MANY_PIXELS, None),
        (JPEG[:-2], Verdict.TRUNCATED, "120 x 160"),
        (pictures.HTML, Verdict.NOT_AN_IMAGE, "unknown"),
    ],
)
async def test_what_costs_too_much_costs_a_decoder(
    world: World, monkeypatch: pytest.MonkeyPatch, body: bytes, verdict: Verdict, size: str | None
) -> None:
    """This process has no limits: it looks only at what a decoder got through."""
    monkeypatch.setattr("imgcache.engine.explain.examine", None)
    told = await explain(world.origin.route("/a", body=body), world.settings())
    assert told.verdict is verdict
    shown = facts(told, "format")[0]["size"]
    assert shown == size if size else " x " in shown


async def test_refused_addresses_are_named_here_and_only_here() -> None:
    def lookup(_: str) -> Sequence[Address]:
        return [ip_address("93.184.216.34"), ip_address("10.0.0.1")]

    told = await explain("https://a.test/x", Settings(), lookup=lookup)
    (dns,) = facts(told, "dns")
    assert dns["10.0.0.1"] == "refused: not public"
    assert dns["93.184.216.34"] == "may be connected to"
    assert told.verdict is Verdict.FORBIDDEN_ADDRESS
    assert "10.0.0.1" not in (told.message or "")


async def test_what_was_let_through_is_not_called_refused(world: World) -> None:
    world.origin.route("/a.jpg", body=JPEG)
    told = await explain(
        world.origin.url("/a.jpg", host="a.test"),
        world.settings(),
        lookup=lambda _: [ip_address("127.0.0.1")],
    )
    assert facts(told, "dns")[0]["127.0.0.1"] == "may be connected to"
    assert told.verdict is Verdict.OK


@pytest.mark.parametrize("host", ["a.test", "8.8.8.8"])
async def test_the_address_that_resolve_names_is_told(world: World, host: str) -> None:
    world.origin.route("/a.jpg", body=JPEG)
    port = world.origin.port
    fetch = {"resolve": [f"{host}:80:127.0.0.1:{port}", "*:80:127.0.0.2"]}
    told = await explain(f"http://{host}/a.jpg", Settings.model_validate({"fetch": fetch}))
    (address,) = facts(told, "address")
    assert address[f"127.0.0.1:{port}"] == f"named by --resolve for {host}:80"
    assert told.verdict is Verdict.OK


async def test_a_refused_literal_is_told_although_resolve_names_an_address_for_all() -> None:
    fetch = {"resolve": ["*:80:127.0.0.2"]}
    told = await explain("http://10.0.0.1/", Settings.model_validate({"fetch": fetch}))
    assert facts(told, "address") == [
        {"url": "http://10.0.0.1/", "10.0.0.1": "refused: not public"}
    ]
    assert told.verdict is Verdict.FORBIDDEN_ADDRESS


async def test_behind_a_proxy_resolve_names_nothing(world: World) -> None:
    proxy = world.origin.url().rstrip("/")
    fetch = {"resolve": ["a.test:80:127.0.0.2"], "proxy": proxy}
    told = await explain("http://a.test/", Settings.model_validate({"fetch": fetch}))
    assert facts(told, "address") == []


async def test_a_redirect_to_a_refused_address_is_named(world: World) -> None:
    url = world.origin.route("/to", behaviours.redirect("http://10.11.12.13/x"))
    told = await explain(url, world.settings())
    assert facts(told, "answer")[0]["Location"] == "http://10.11.12.13/x"
    assert facts(told, "address")[1]["10.11.12.13"] == "refused: not public"
    assert told.verdict is Verdict.FORBIDDEN_ADDRESS
    assert "10.11" not in (told.message or "")


async def test_a_look_up_that_fails_is_a_step() -> None:
    def lookup(_: str) -> Sequence[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    told = await explain("https://a.test/x", Settings(), lookup=lookup)
    assert facts(told, "dns")[0]["failed"] == "Name or service not known"
    assert told.verdict is Verdict.DNS_ERROR


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("ftp://a.test/", Verdict.UNSUPPORTED_URL),
        ("/path.jpg", Verdict.UNSUPPORTED_URL),
        ("http://10.0.0.1/", Verdict.FORBIDDEN_ADDRESS),
        ("data:text/plain,x", Verdict.NOT_AN_IMAGE),
    ],
)
async def test_what_leads_nowhere_is_told(url: str, verdict: Verdict) -> None:
    told = await explain(url, Settings())
    assert told.verdict is verdict
    assert told.message


async def test_the_command_tells_people_and_scripts(world: World) -> None:
    gone = world.origin.route("/gone.jpg", status=404, headers={"X-Odd": "\x1b[2J"})
    words = ["explain", gone, "--allow-private", world.origin.allow]
    text = await run(*words, cwd=world.folder)
    assert (text.status, text.stderr) == (1, "")
    assert "status: 404" in text.stdout
    assert "gone (IMG201)" in text.stdout
    assert "\x1b" not in text.stdout
    document = (await run(*words, "--format", "json", cwd=world.folder)).report
    assert (document["command"], document["verdict"]) == ("explain", "gone")
    assert ["status", "404"] in document["steps"][2]["facts"]
