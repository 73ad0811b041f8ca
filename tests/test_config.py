from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from imgcache.config import Settings
from imgcache.config_images import ImagePlace
from imgcache.engine.run.articles import chosen
from imgcache.errors import ConfigError
from imgcache.model import Severity, Verdict


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.imgcache]\n")


def test_the_defaults_are_those_of_the_documentation() -> None:
    settings = Settings.load()
    assert (settings.fetch.concurrency, settings.fetch.per_host) == (64, 6)
    assert (settings.fetch.max_bytes, settings.fetch.deadline) == (32 << 20, 60.0)
    assert settings.freshness.default == 7 * 86400
    assert settings.thumbnails["small"].box == (320, 320)
    assert settings.limits.pixels == 64_000_000


def test_a_file_is_found_upwards_and_its_paths_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imgcache.toml").write_text('articles = "posts"\ncache.dir = "store"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    settings = Settings.load()
    assert settings.articles == (str(tmp_path / "posts"),)
    assert settings.cache.dir == tmp_path / "store"


@pytest.mark.parametrize("name", ["imgcache.toml", "pyproject.toml"])
def test_the_defaults_are_relative_to_the_folder_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_text("[tool.imgcache]\n" if name == "pyproject.toml" else "")
    below = tmp_path / "content" / "posts"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    settings = Settings.load()
    assert (settings.folder, settings.cache.dir) == (tmp_path, tmp_path / "cache")
    assert chosen((), settings) == [tmp_path / "content"]
    assert chosen(["a.md"], settings) == [Path("a.md")]
    (tmp_path / "articles").mkdir()
    assert chosen((), settings) == [tmp_path / "articles"]
    assert Settings.load(tmp_path / name) == settings


def test_paths_of_flags_and_environment_are_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert Settings.load(None, {"cache": {"dir": Path("x")}}).cache.dir == Path("x")
    monkeypatch.setenv("IMGCACHE_CACHE__DIR", "y")
    assert Settings.load().cache.dir == Path("y")


def test_an_object_store_is_the_same_everywhere_and_has_an_index_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imgcache.toml").write_text('[cache]\ndir = "s3://bucket/a/site"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    settings = Settings.load()
    assert str(settings.cache.dir) == "s3://bucket/a/site"
    assert settings.cache.home == settings.cache.folder == tmp_path / "cache" / "s3-bucket-a-site"
    assert settings.site == tmp_path
    monkeypatch.setenv("IMGCACHE_CACHE__DIR", "gs://other")
    assert Settings.load().cache.home == tmp_path / "cache" / "gs-other"


def test_the_index_may_lie_in_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imgcache.toml").write_text('[cache]\nindex = "facts"\n')
    cache = Settings.load().cache
    assert (cache.folder, cache.home) == (tmp_path / "cache", tmp_path / "facts")
    # As --cache-dir has it: another cache has another index.
    cache = Settings.load(None, {"cache": {"dir": Path("x"), "index": None}}).cache
    assert cache.home == Path("x")
    cache = Settings.load(None, {"cache": {"dir": "az://x/y", "index": None}}).cache
    assert cache.home == tmp_path / "cache" / "az-x-y"


def test_without_a_file_the_defaults_are_relative_to_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").unlink()
    settings = Settings.load()
    assert (settings.folder, settings.cache.dir) == (Path(), Path("cache"))
    assert chosen((), settings) == [Path()]
    (tmp_path / "content").mkdir()
    assert chosen((), settings) == [Path("content")]


@pytest.mark.parametrize("text", ['folder = "x"\n', "folder = 3\n"])
def test_the_folder_itself_is_no_setting(tmp_path: Path, text: str) -> None:
    (tmp_path / "imgcache.toml").write_text(text)
    with pytest.raises(ConfigError, match="unknown setting 'folder'"):
        Settings.load()


def test_environment_beats_the_file_and_flags_beat_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imgcache.toml").write_text(
        "[fetch]\nconcurrency = 1\nper_host = 1\nattempts = 1\n"
    )
    monkeypatch.setenv("IMGCACHE_FETCH__CONCURRENCY", "2")
    monkeypatch.setenv("IMGCACHE_FETCH__PER_HOST", "2")
    fetch = Settings.load(None, {"fetch": {"per_host": 3}}).fetch
    assert (fetch.attempts, fetch.concurrency, fetch.per_host) == (1, 2, 3)


def test_resolve_and_allow_private_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "imgcache.toml").write_text('[fetch]\nallow_private = ["10.0.0.0/8"]\n')
    monkeypatch.setenv("IMGCACHE_FETCH__RESOLVE", "a.test:80:127.0.0.1,b.test:443:[::1]:8443")
    flags = {"fetch": {"resolve": ["*:80:127.0.0.1:8080"], "allow_private": ["127.0.0.1:99"]}}
    fetch = Settings.load(None, flags).fetch
    assert [(one.host, one.port, one.to_port) for one in fetch.resolve] == [
        ("a.test", 80, 80),
        ("b.test", 443, 8443),
        ("*", 80, 8080),
    ]
    assert [str(one.network) for one in fetch.allow_private] == ["10.0.0.0/8", "127.0.0.1/32"]


def test_units_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGCACHE_FETCH__BACKOFF", "250ms")
    monkeypatch.setenv("IMGCACHE_CACHE__MAX_BYTES", "2GiB")
    monkeypatch.setenv("IMGCACHE_EXCLUDE", "https://a/*, https://b/*")
    settings = Settings.load()
    assert (settings.fetch.backoff, settings.cache.max_bytes) == (0.25, 2 << 30)
    assert settings.exclude == ("https://a/*", "https://b/*")


def test_severities_by_verdict_pattern_and_transience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imgcache.toml").write_text(
        '[severity]\ngone = "ignore"\ntransient = "warning"\n'
        '[[severity.urls]]\nmatch = "https://a/*"\nseverity = "error"\n'
    )
    monkeypatch.setenv("IMGCACHE_SEVERITY__DIMENSIONS_MISSING", "error")
    severity = Settings.load().severity
    assert severity.verdicts == {
        Verdict.GONE: Severity.IGNORE,
        Verdict.DIMENSIONS_MISSING: Severity.ERROR,
    }
    assert severity.transient is Severity.WARNING
    assert severity.urls[0].match == "https://a/*"


def test_thumbnails_can_be_none_or_others(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text("thumbnails = {}\n")
    assert Settings.load().thumbnails == {}
    (tmp_path / "imgcache.toml").write_text("[thumbnails.card]\nwidth = 640\n")
    assert {name: how.box for name, how in Settings.load().thumbnails.items()} == {
        "card": (640, None)
    }


RULES = """
tolerance = 0
[[rules]]
name = "hero"
min_width = 1200
[[rules]]
"""
WRONG_RULES = [
    ('name = "a"', [":6:", "wants nothing", "max_bytes"]),
    ("min_width = 3", [":6:", "rules.name", "required"]),
    ('name = ""\nmin_width = 3', [":7:", "rules.name", "''", "empty"]),
    ('name = "hero"\nmin_width = 3', ["rules", "two rules are called 'hero'", "of its own"]),
    ('name = "a"\nmin_widht = 3', [":8:", "rules.min_widht", "rules.min_width"]),
    ('name = "a"\nmin_width = 3\nmax_width = 2', [":6:", "min_width = 3", "lower the first"]),
    ('name = "a"\nmin_height = 9\nmax_pixels = 8', [":6:", "9 pixels", "max_pixels = 8"]),
    ('name = "a"\nmin_width = 0', [":8:", "rules.min_width = 0"]),
    ('name = "a"\nmax_bytes = "300 parrots"', [":8:", "rules.max_bytes", "parrots", "512KiB"]),
    ('name = "a"\nformats = ["jpg"]', [":8:", "rules.formats", "'jpg'", "'jpeg'", "webp"]),
    ('name = "a"\naspect = "wide"', [":8:", "rules.aspect", "'wide'", "16:9", "1:1..2:1"]),
    ('name = "a"\naspect = "16:0"', [":8:", "rules.aspect", "16:9"]),
    ('name = "a"\naspect = 1.91', [":8:", "rules.aspect", "1.91", "in quotes"]),
    ('name = "a"\naspect = "2:1..1:1"', [":8:", "write 1:1..2:1"]),
    ('name = "a"\naspect = "1:1"\naspect_tolerance = "much"', [":9:", "'much'", "1 %"]),
    ('name = "a"\naspect = "1:1"\naspect_tolerance = 2', [":9:", "rules.aspect_tolerance = 2"]),
    ('name = "a"\nmax_width = 9\nmatch = ""', [":9:", "rules.match", "empty pattern"]),
    ('name = "a"\nmax_width = 9\narticles = "blog/[ab"', [":9:", "'blog/[ab'", "[[]"]),
    ('name = "a"\nmin_width = 9\nat = "b"', [":9:", "rules.at", "'b'", "'**.images[]'"]),
    ('name = "a"\nforbid = ["gps"]', [":8:", "rules.forbid", "'gps'", "'position'"]),
    ('name = "a"\nrequire = [""]', [":8:", "rules.require", "empty"]),
    ('name = "a"\nmax_width = 9\nseverity = "fatal"', [":9:", "rules.severity", "'fatal'"]),
]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[fetch]\nconcurency = 3\n", [":2:", "fetch.concurency", "fetch.concurrency"]),
        ("tolerence = 1\n", [":1:", "'tolerence'", "'tolerance'"]),
        ('[fetch]\n\ndeadline = "soon"\n', [":3:", "fetch.deadline", "'soon'", "500ms"]),
        ("[fetch]\nmax_bytes = -1\n", [":2:", "fetch.max_bytes", "-1"]),
        ('[severity]\ngon = "error"\n', ["severity.gon", "severity.gone"]),
        ('[severity]\ngone = "fatal"\n', [":2:", "severity.gone", "'fatal'"]),
        (
            '[[severity.urls]]\nmatch = "x"\nseverty = "error"\n',
            [":3:", "severity.urls.severty", "severity.urls.severity"],
        ),
        ("fetch = 3\n", ["fetch"]),
        ('[fetch]\nproxy = "ftp://x"\n', [":2:", "fetch.proxy", "ftp://x"]),
        ('[fetch]\ndeadline = "0s"\n', [":2:", "fetch.deadline"]),
        ("[fetch]\nmax_bytes = 0\n", [":2:", "fetch.max_bytes"]),
        ('[freshness]\nleast = "2d"\ngreatest = "1d"\n', ["freshness.least must not be longer"]),
        ('[[images]]\nat = "a..b"\n', [":2:", "images.at", "'a..b'", "a key is missing"]),
        (
            '[[images]]\nat = "a"\n\n[[images]]\nurl = "b"\nat = "[0]"\n',
            [":6:", "images.at", "'[0]'", "`[]`"],
        ),
        ('[[images]]\nurl = "a"\n', [":1:", "images.at", "required"]),
        ('[[images]]\nat = "a"\nurl = ["x", "y[]"]\n', [":3:", "images.url", "name one key"]),
        ('[[images]]\nat = "a"\npicture = "x"\n', [":3:", "images.picture"]),
        ('images = "a"\n', [":1:", "images = 'a'", "write [[images]]"]),
        ("images = [3]\n", [":1:", "images = 3", "write [[images]]"]),
        ('[images]\nat = "a"\n', [":1:", "images: ", "write [[images]]"]),
        ('[rules]\nname = "a"\n', [":1:", "rules: ", "write [[rules]]"]),
        ('[severity]\nurls = "x"\n', [":2:", "severity.urls", "write [[severity.urls]]"]),
        ('[[images]]\nat = "a"\nurl = []\n', [":3:", "images.url = []", "name at least one"]),
        ('[[images]]\nat = "a"\nurl = [""]\n', [":3:", "images.url = ''", "name a key"]),
        ('[[images]]\nat = "a"\nurl = 3\n', [":3:", "images.url = 3", "write a list"]),
        ("[[images]]\nat = 3\n", [":2:", "images.at = 3", "a text in quotes"]),
        ('[[images]]\nat = "a"\nadd = 3\n', [":3:", "images.add = 3", "true or false"]),
        ("skip = true\n", [":1:", "skip = true", "[skip]"]),
        ("[skip]\ndraft = []\n", [":2:", "skip.draft = []", "name a value"]),
        ("[skip]\ndraft = [{a = 1}]\n", [":2:", "skip.draft", "or a list of them"]),
        ("[body]\nimage = true\n", [":2:", "'body.image'", "'body.images'"]),
        ("[body]\nimages = 3\n", [":2:", "body.images = 3", "true or false"]),
        ("[[body]]\nimages = true\n", [":1:", "body", "[body]"]),
        ("fail_after = true\n", [":1:", "fail_after = true", "30d"]),
        ('fail_after = "-3d"\n', [":1:", "fail_after = '-3d'", "30d"]),
        ("fail_after = -3\n", [":1:", "fail_after = -3", "at least 0"]),
        ('fail_after = ["3d"]\n', [":1:", "fail_after", "30d"]),
        ("tolerance = true\n", [":1:", "tolerance = true", "is no number"]),
        ("[fetch]\nconcurrency = true\n", [":2:", "fetch.concurrency = true", "is no number"]),
        ('[fetch]\nconcurrency = "many"\n', [":2:", "'many'", "a whole number"]),
        ("[limits]\npixels = 0\n", [":2:", "limits.pixels = 0", "at least 1"]),
        ("[serve]\nport = 99999\n", [":2:", "serve.port = 99999", "at most 65535"]),
        ("[cache]\ndir = 3\n", [":2:", "cache.dir = 3", "a path in quotes"]),
        ("[skip]\ndraft = {a = 1}\n", ["skip.draft"]),
        ('[fetch.headers."a.test"]\n"A B" = "x"\n', ["fetch.headers"]),
        ('[fetch.headers."a.test"]\nhOst = "b"\n', ['fetch.headers."a.test".hOst', "leave it out"]),
        (
            '[fetch.headers."a.test"]\nRange = "x"\n',
            ['fetch.headers."a.test".Range', "leave it out"],
        ),
        ('[fetch.headers."a.test"]\nA = "x\\r\\nB: y"\n', ["fetch.headers"]),
        ('on_mismatch = "drop"\n', [":1:", "on_mismatch", "'drop'", "uncache"]),
        ('[thumbnails."../x"]\nwidth = 1\n', ["thumbnails"]),
        ("[thumbnails.a]\nwidht = 1\n", ["thumbnails.a.widht", "width"]),
        ('[fetch]\nresolve = ["a:b"]\n', [":2:", "fetch.resolve", "a:b", "HOST:PORT:ADDRESS"]),
        ("tolerance = \n", ["imgcache.toml"]),
        (
            '[[images]]\nat = "a"\nwidth = "x.y"\nheight = \'"x"."y"\'\n',
            [":1:", "images", "different keys"],
        ),
        ('site_root = "static"\n', [":1:", "site_root", "static", "no such folder"]),
        ('site_root = "imgcache.toml"\n', [":1:", "site_root", "no such folder"]),
        ('fail_after = "soon"\n', [":1:", "fail_after", "'soon'", "30d"]),
        *((f"{RULES}{text}\n", parts) for text, parts in WRONG_RULES),
    ],
)
def test_a_wrong_setting_is_told_with_file_line_value_and_remedy(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    (tmp_path / "imgcache.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        Settings.load()
    told = str(raised.value)
    assert [part for part in ["imgcache.toml", *parts] if part not in told] == []
    assert [word for word in ("Input", "tuple", "union", "validat") if word in told] == []


def test_a_rule_is_read_in_all_its_parts(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text(
        """
        [[rules]]
        name = "hero"
        match = "*/hero/*"
        articles = "blog/*"
        severity = "warning"
        max_bytes = "300 kB"
        max_bytes_per_pixel = 0.5
        aspect = "1:1..1.91:1"
        aspect_tolerance = "2.5 %"
        formats = ["jpeg", "webp"]
        require = ["alt", "credit"]
        forbid = ["position"]
        """
    )
    (rule,) = Settings.load().rules
    assert (rule.max_bytes, rule.max_bytes_per_pixel, rule.aspect_tolerance) == (
        300_000,
        0.5,
        0.025,
    )
    assert rule.aspect is not None
    assert (rule.aspect.least, rule.aspect.most) == (1.0, 1.91)
    assert (rule.formats, rule.require) == (("jpeg", "webp"), ("alt", "credit"))
    assert (rule.severity, rule.forbid) == (Severity.WARNING, ("position",))


def test_tables_in_a_list_on_one_line_are_told_by_that_line(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text('\nrules = [{name = "a", max_width = 0}]\n')
    with pytest.raises(ConfigError, match=r"imgcache.toml:2: rules.max_width = 0: "):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"), [("IMGCACHE_FETCH__CONCURENCY", "3"), ("IMGCACHE_TOLERANCE", "wide")]
)
def test_a_wrong_variable_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="the environment"):
        Settings.load()


def test_places_are_read_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text(
        '[[images]]\nat = "cover"\n[[images]]\nat = ""\nurl = ["og", "tw"]\nadd = false\n'
    )
    assert Settings.load().images == (
        ImagePlace(at="cover"),
        ImagePlace(at="", url=("og", "tw"), add=False),
    )


def test_the_values_that_skip_an_article_are_one_or_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMGCACHE_SKIP__STATUS", "secret")
    (tmp_path / "imgcache.toml").write_text('[skip]\ndraft = true\nkind = ["a", 1]\n')
    assert Settings.load().skip == {"draft": (True,), "kind": ("a", 1), "status": ("secret",)}


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        Settings.load(tmp_path / "other.toml")


@pytest.mark.parametrize(
    "value", ["a.test", "a.test:443", "a.test:443:nowhere", "a.test:0:127.0.0.1", "a:443:[::1]:0"]
)
def test_a_wrong_resolve_is_told(value: str) -> None:
    flags: dict[str, Any] = {"fetch": {"resolve": [value]}}
    with pytest.raises(ConfigError, match="resolve"):
        Settings.load(None, flags)


@pytest.mark.parametrize("text", ["[tool]\nimgcache = 3\n", "[tool]\nimgcache = []\n"])
def test_a_strange_pyproject_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigError, match="no table"):
        Settings.load()


@pytest.mark.parametrize("text", ["tool = 3\n", "[[tool]]\n"])
def test_a_pyproject_of_others_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (below / "pyproject.toml").write_text(text)
    monkeypatch.chdir(below)
    assert Settings.load() == Settings.load(tmp_path / "pyproject.toml")


def test_a_scalar_is_no_table_for_flags_either(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text("fetch = 3\n")
    with pytest.raises(ConfigError, match="table"):
        Settings.load(None, {"fetch": {"allow_private": ["10.0.0.0/8"]}})


def test_dates_that_skip_an_article_stay_dates_and_texts_stay_texts(tmp_path: Path) -> None:
    day, noon = dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
    (tmp_path / "imgcache.toml").write_text(
        "[skip]\nday = 2026-01-02\nnoon = [2026-01-02T12:00:00Z, '2026-01-02', 1, 1.5, true]\n"
    )
    (skip, also) = (Settings.load().skip[key] for key in ("day", "noon"))
    assert skip == (day,)
    assert also == (noon, "2026-01-02", 1, 1.5, True)
    assert [type(one) for one in (*skip, *also[2:])] == [dt.date, int, float, bool]


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example/site/edit/main/{path}#L{line}",
        "vscode://file/srv/site/{path}:{line}",
        "txmt://open?url=file:///srv/{path}&line={line}",
    ],
)
def test_articles_are_edited_where_the_operator_says(url: str) -> None:
    assert Settings.load(flags={"serve": {"edit_url": url}}).serve.edit_url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("javascript:alert('{path}')", "javascript: leads to no editor"),
        ("JavaScript:{path}", "leads to no editor"),
        ("data:text/html,{path}", "leads to no editor"),
        ("file:///srv/{path}", "leads to no editor"),
        ("/edit/{path}", "is no complete URL"),
        ("{path}", "is no complete URL"),
        ("https://{path}", "needs a host and a slash before {path}"),
        ("https://git.example{path}", "needs a host and a slash before {path}"),
        ("https://git.example/edit", "needs {path}"),
        ("https://git.example/{path}/{column}", "knows {path} and {line} only"),
        ("https://git.example/a b/{path}", "has a blank"),
    ],
)
def test_an_edit_url_that_leads_to_no_editor_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Settings.load(flags={"serve": {"edit_url": url}})
    assert "serve.edit_url" in str(raised.value)
    assert reason in str(raised.value)
