"""What is told of wrong settings: where, what, and what to write; nothing that is untrue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imgcache.config import FetchSettings, Settings
from imgcache.errors import ConfigError


def complaint() -> str:
    with pytest.raises(ConfigError) as caught:
        Settings.load()
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('fetch.proxy = "x"', "fetch.proxy = 'x': write http://HOST:PORT, without a path"),
        ('fetch.user_agent = ""', "fetch.user_agent = '': write one line of ASCII characters"),
        ('serve.token = ""', "serve.token: write ASCII characters without blanks, at least one"),
        ('thumbnails."a/b" = {width = 5}', 'thumbnails."a/b": name it with at most 32 of a-z'),
        ('fetch.headers.a = {"X Y" = "a"}', 'fetch.headers.a."X Y": write one line; a header'),
        (
            'limits.decode_memory = "1KB"',
            "'1KB': is less than a decoder needs for any image; write",
        ),
        (
            'fetch.headers."a.test:80".X = "a"',
            "'a.test:80' is no host; write it without scheme, port",
        ),
        ('fetch.headers."b\u00fc.test".X = "a"', "'b\u00fc.test' is no host"),
        ('fetch.headers."".X = "a"', "'' is no host"),
        ("fetch.resolve = [5]", "fetch.resolve = 5: write a text in quotes"),
        ('fetch.headers."a.test" = 5', 'is no table; write it as [fetch.headers."a.test"] with'),
        ("fetch.headers.a.b.c = 1", "fetch.headers.a.b: is a table; write a text in quotes"),
        ("articles = {}", 'articles: is a table; write a list, as ["a", "b"]'),
        ("fetch.deadline = {}", "fetch.deadline: is a table; write a number"),
        ("[[fetch]]\nconcurrency = 1", "fetch: is no table; write it as [fetch] with"),
        ("tolerance = true", "tolerance = true: is no number; write one without quotes"),
        ('cache.dir = ""', "cache.dir = '': is empty; name a place"),
        ("tolerence = 1", "unknown setting 'tolerence'; did you mean 'tolerance'?"),
        (
            '[[images]]\nat = "a"\nuurl = 1',
            "unknown setting 'images.uurl'; did you mean 'images.url'",
        ),
        ("widht = 5", "unknown setting 'widht'; did you mean "),
    ],
)
def test_a_wrong_setting_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imgcache.toml").write_text(text)
    said = complaint()
    assert said.startswith(f"{tmp_path / 'imgcache.toml'}:")
    assert told in said
    assert "must match" not in said


@pytest.mark.parametrize(
    "host", ["A.test", "a_b.c-d.test.", "127.0.0.1", "[::1]", "xn--b-eha.test"]
)
def test_headers_are_for_a_host_as_urls_have_it(host: str) -> None:
    assert list(FetchSettings(headers={host: {"X": "a"}}).headers) == [host.lower()]


@pytest.mark.parametrize(
    "proxy",
    [
        *("http://[::1", "http://[1::2::3]:80", "http://x]:1", "http://a:b@[::", "http://\t:1"),
        *("http://x:99999", "http://x:0", "http://x:", "http://:80", "http://x:80:80"),
        "http://x?y:1",
    ],
)
def test_a_proxy_that_nothing_can_dial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """Else each image would be a protocol-error of its host, and its flag false."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imgcache.toml").write_text(f'fetch.proxy = "{proxy}"')
    assert "fetch.proxy = 'http://" in complaint()


@pytest.mark.parametrize(
    "proxy",
    ["http://x:3128", "https://[::1]:80/", "http://[::1]", "http://u:p%40@p.test:1", "http://a_b"],
)
def test_a_proxy_that_can_be_dialled(proxy: str) -> None:
    assert FetchSettings(proxy=proxy).proxy == proxy


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SEVERITY__RATE_LIMITED", "x", "severity.rate-limited = 'x': write 'error', 'warning'"),
        ("FETCH__CONCURENCY", "5", "unknown setting 'fetch.concurency'; did you mean"),
        ("TOLERANCE", "", "tolerance = '': write a whole number"),
        ("IMAGES", "x", "images = 'x': is no list of tables"),
    ],
)
def test_a_wrong_setting_in_the_environment_is_told_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"IMGCACHE_{name}", value)
    assert complaint().startswith(f"the environment: IMGCACHE_{name}: {told}")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"fetch": {"allow_private": ["::/0", "x"]}}, "--allow-private: fetch.allow_private = 'x'"),
        ({"fetch": {"resolve": ["x"]}}, "--resolve: fetch.resolve = 'x'"),
        ({"cache": {"dir": "s3://", "index": None}}, "--cache-dir: cache.dir = 's3://'"),
        ({"tolerance": "x"}, "flags: tolerance = 'x'"),
    ],
)
@pytest.mark.parametrize("variable", [None, "IMGCACHE_FETCH__ALLOW_PRIVATE"])
def test_a_wrong_flag_is_told_by_its_name_and_blames_no_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: dict[str, Any],
    told: str,
    variable: str | None,
) -> None:
    (tmp_path / "imgcache.toml").write_text(
        'tolerance = 1\n[cache]\ndir = "a"\n'
        '[fetch]\nallow_private = ["10.0.0.0/8"]\nresolve = ["a.test:80:127.0.0.1"]\n'
    )
    monkeypatch.chdir(tmp_path)
    if variable is not None:
        monkeypatch.setenv(variable, "10.0.0.0/8, 10.1.0.0/16,")
    with pytest.raises(ConfigError) as refusal:
        Settings.load(None, flags)
    assert str(refusal.value).startswith(f"{told}: ")


@pytest.mark.parametrize("value", ['"10.0.0.0/8", "x"', "5", '"10.0.0.0/8,x"'])
def test_what_is_wrong_below_a_flag_that_adds_is_not_the_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path, flags = tmp_path / "imgcache.toml", {"fetch": {"allow_private": ["127.0.0.1:8080"]}}
    path.write_text(f"[fetch]\nallow_private = {f'[{value}]' if ', ' in value else value}\n")
    with pytest.raises(ConfigError) as refusal:
        Settings.load(None, flags)
    assert str(refusal.value).startswith(f"{path}:2: fetch.allow_private = ")
    path.unlink()
    monkeypatch.setenv("IMGCACHE_FETCH__ALLOW_PRIVATE", "10.0.0.0/8, x")
    with pytest.raises(ConfigError, match=r"^the environment: IMGCACHE_FETCH__ALLOW_PRIVATE: "):
        Settings.load(None, flags)


def test_a_flag_adds_to_a_list_of_the_environment_with_blanks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMGCACHE_FETCH__ALLOW_PRIVATE", "10.0.0.0/8, 10.1.0.0/16,")
    fetch = Settings.load(None, {"fetch": {"allow_private": ["10.2.0.0/16"]}}).fetch
    allowed = [str(one.network) for one in fetch.allow_private]
    assert allowed == ["10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16"]


@pytest.mark.parametrize("key", ["articles", "cache.dir", "cache.index", "manifest.path"])
@pytest.mark.parametrize(
    ("name", "told"), [("a\\u0000", "has a NUL"), ("x" * 300 + "*", "is too long for a path")]
)
def test_what_no_system_takes_for_a_path_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, name: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imgcache.toml").write_text(f'{key} = "{name}"')
    said = complaint()
    assert said.startswith(f"{tmp_path / 'imgcache.toml'}:1: {key} = ")
    assert told in said


def test_a_link_that_leads_nowhere_is_no_missing_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imgcache.toml").symlink_to("nowhere")
    assert "is a link that leads nowhere; mend or remove it" in complaint()
