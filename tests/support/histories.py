"""Random histories of a site, lived twice: with the state that imgcache keeps, and without.

Two folders get the same changes. Before each run of the second one its kept catalog is removed, so
that everything is read, looked up and judged anew. Whatever happens, both must report the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from imgcache import Settings, refresh, verify
from imgcache.core.cache.layout import CATALOG, INDEX, image_path, thumbnail_path
from imgcache.core.cache.plan import Scope
from imgcache.core.images import thumbnail_plan
from imgcache.core.verdicts.drift import history
from imgcache.edge.catalog import images
from imgcache.edge.catalog.database import Catalog, Row
from imgcache.edge.index.index import Index
from imgcache.engine.refresh.options import RefreshOptions
from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.engine.run.report import Report
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.facts import ImageFacts, ResponseFacts, ThumbnailFacts, UrlFacts
from imgcache.model import Failure, Format, Size, Verdict
from tests.support import pictures
from tests.support.processes import PickledHelpers

# No request leaves the machine: what is asked for is refused as an address that is not public.
_HOSTS = ("127.0.0.2", "127.0.0.3")
_URLS = [f"http://{host}/{name}.jpg" for host in _HOSTS for name in "abcd"]
_SIZES = [Size(60, 40), Size(40, 60), Size(30, 20), Size(61, 40)]
# No article declares it.
_STAND_IN = Size(50, 50)
_GIF = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
_OTHERS = ["/local.png", "near.png", "../site/local.png", "/missing.png", _GIF, "", "ftp://x/a"]
_STYLES = ("block", "flow")
_IMAGES = "SELECT * FROM images ORDER BY id"
_MONTH, _DAYS = 30 * 86_400.0, 4 * 86_400.0
_RULES: list[list[dict[str, Any]]] = [
    [],
    [{"name": "wide", "min_width": 41, "articles": "articles/[01].md"}],
    [
        {"name": "text", "require": ["alt"], "severity": "warning"},
        {"name": "light", "max_bytes": 700, "match": f"http://{_HOSTS[0]}/*", "aspect": "3:2"},
    ],
]


class Life:
    """One of the two folders."""

    def __init__(self, folder: Path, *, forgets: bool) -> None:
        self.folder = folder
        self.forgets = forgets
        self.extra: dict[str, Any] = {}
        (folder / "articles").mkdir(parents=True)
        (folder / "site").mkdir()
        (folder / "site" / "local.png").write_bytes(pictures.png(8, 6))
        (folder / "articles" / "near.png").write_bytes(pictures.png(9, 6))

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def settings(self) -> Settings:
        given = {
            "folder": ".",
            "cache": {"dir": "cache"},
            "articles": ["articles"],
            "site_root": "site",
            "thumbnails": {"small": {"width": 20, "height": 20}},
            "fetch": {"attempts": 1},
        }
        return Settings.model_validate(given | self.extra)

    def run(self, step: Callable[[Settings, Beside], Any]) -> str:
        """What a run reports, without its times."""
        if self.forgets:
            (self.cache / CATALOG).unlink(missing_ok=True)
        with _inside(self.folder):
            settings = self.settings()
            # A run that knows no article has helpers.
            beside = Beside(helpers=PickledHelpers(settings)) if self.forgets else ALONE
            report: Report = asyncio.run(step(settings, beside))
        try:
            document = json.loads(report.to_json(with_diffs=True))
        finally:
            report.close()
        for key in ("started", "seconds"):
            del document[key]
        return json.dumps(document, indent=1, sort_keys=True)

    def files(self) -> dict[str, bytes]:
        """The articles and the manifest."""
        found = [*self.folder.glob("articles/**/*.md"), *self.cache.glob("manifest.json")]
        return {one.relative_to(self.folder).as_posix(): one.read_bytes() for one in found}

    def kept_images(self) -> tuple[list[Row], list[Row]]:
        """The rows of the kept catalog's images, and the same made anew."""
        if not (self.cache / CATALOG).exists():
            return [], []
        with Catalog(self.cache / CATALOG) as catalog:
            if not catalog.about("images"):  # nobody relies on them
                return [], []
            kept = catalog.rows(_IMAGES)
            images.make(catalog)
            return kept, catalog.rows(_IMAGES)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class History:
    """A random history: the same seed gives the same one."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        # Few need a decoder: where none lasts, to start one takes longer than all the rest.
        self._decodes = seed % 20 == 0
        self.lives = [Life(folder / "keeps", forgets=False), Life(folder / "forgets", forgets=True)]
        self.told: list[str] = []
        self._names = [f"articles/{number}.md" for number in range(4)]
        self._old: dict[str, list[tuple[bytes, int]]] = {}
        for name in self._names:
            self._write(name)
        for url in _URLS[:6]:
            self._record(url)

    def live(self, steps: int) -> None:
        """Some changes and runs; AssertionError where the two lives differ."""
        self._compare()
        for _ in range(steps):
            for _ in range(self.dice.randint(1, 3)):
                change = self.dice.choice(self._CHANGES)
                self.told.append(change.__name__.strip("_"))
                change(self)
            self._compare()

    def _compare(self) -> None:
        step, name = self._step()
        self.told.append(name)
        one, other = (life.run(step) for life in self.lives)
        assert one == other, self.told
        assert self.lives[0].files() == self.lives[1].files(), self.told
        if name.startswith("refresh"):  # which puts a sound one in the place of one that is not
            kept, made = self.lives[0].kept_images()
            assert kept == made, self.told

    def _step(self) -> tuple[Callable[[Settings, Beside], Any], str]:
        dice = self.dice
        paths = dice.choice([(), (), (), ("articles",), (dice.choice(self._names),)])
        paths = tuple(one for one in paths if (self.lives[0].folder / one).exists())
        strict = dice.random() < 0.2
        if dice.random() < 0.5:
            options = VerifyOptions(Depth.OFFLINE, strict=strict)
            return (
                lambda settings, beside: verify(paths, settings, options, beside=beside),
                f"verify {paths}",
            )
        more = RefreshOptions(
            scope=dice.choice([Scope.DUE, Scope.DUE, Scope.DUE, Scope.FAILED, Scope.EVERYTHING]),
            write=dice.random() < 0.8,
            fix_dimensions=dice.random() < 0.1,
            strict=strict,
            diff=dice.random() < 0.2,
        )
        return (
            lambda settings, beside: refresh(paths, settings, more, beside=beside),
            f"refresh {paths} {more}",
        )

    # What may happen between two runs.

    def _edit(self) -> None:
        self._write(self.dice.choice(self._names))

    def _edit_in_place(self) -> None:
        """The same length, the same inode, perhaps the same mtime."""
        puts_time_back = self.dice.random() < 0.5
        for path in self._some():
            data, before = path.read_bytes(), path.stat().st_mtime_ns
            with path.open("r+b") as file:
                file.write(data.replace(b"width: 60", b"width: 61").replace(b"true", b"TRUE"))
            if puts_time_back:
                os.utime(path, ns=(before, before))

    def _touch(self) -> None:
        for path in self._some():
            os.utime(path)

    def _rename(self) -> None:
        old, new = self.dice.sample(self._names, 2)
        for life in self.lives:
            if (life.folder / old).exists():
                (life.folder / old).replace(life.folder / new)

    def _delete(self) -> None:
        for path in self._some():
            path.unlink()

    def _restore(self) -> None:
        """Old bytes with their old times, as a backup brings them back."""
        name = self.dice.choice(self._names)
        if name not in self._old:
            return
        data, mtime_ns = self.dice.choice(self._old[name])
        for life in self.lives:
            (life.folder / name).write_bytes(data)
            os.utime(life.folder / name, ns=(mtime_ns, mtime_ns))

    def _move_away_and_back(self) -> None:
        for path in self._some():
            aside = path.with_suffix(".bak")
            shutil.copy2(path, aside)
            aside.replace(path)

    def _future(self) -> None:
        """A file from a clock that was ahead."""
        for path in self._some():
            os.utime(path, (4_000_000_000, 4_000_000_000))

    def _set_up(self) -> None:
        key, value = self.dice.choice(
            [
                ("tolerance", self.dice.choice([0, 1])),
                ("on_mismatch", self.dice.choice(["keep", "uncache"])),
                ("exclude", self.dice.choice([[], [f"http://{_HOSTS[0]}/*"], ["*/a.jpg"]])),
                ("severity", self.dice.choice([{}, {"gone": "warning", "placeholder": "ignore"}])),
                ("site_root", self.dice.choice(["site", "articles"])),
                ("freshness", self.dice.choice([{}, {"default": "1h", "least": "1s"}])),
                ("rules", self.dice.choice(_RULES)),
                ("fail_after", self.dice.choice([None, "3d"])),
                ("drift", self.dice.choice([{}, {"distance": 64}, {"remember": "3d"}])),
            ]
        )
        for life in self.lives:
            life.extra = life.extra | {key: value}

    def _learn(self) -> None:
        self._record(self.dice.choice(_URLS))

    def _serve_a_stand_in(self) -> None:
        """One host answers with the same picture for all its images."""
        host = self.dice.choice(_HOSTS)
        for url in _URLS:
            if host in url:
                self._record(url, _STAND_IN)

    def _fail(self) -> None:
        verdict = self.dice.choice([Verdict.GONE, Verdict.TIMEOUT, Verdict.CORRUPT])
        since = self.dice.choice([1_700_000_000.0, time.time() - 86_400.0])
        failure = Failure(verdict, "it failed", status=404, since=since)
        url = self.dice.choice(_URLS)
        self._into_index(lambda index, _: _failed(index, url, failure))

    def _forget(self) -> None:
        body, _ = self._picture()
        self._into_index(lambda index, _: index.forget([hashlib.sha256(body).hexdigest()]))

    def _lose_index(self) -> None:
        for life in self.lives:
            (life.cache / INDEX).unlink(missing_ok=True)

    def _damage_copy(self) -> None:
        body, _ = self._picture()
        sha256 = hashlib.sha256(body).hexdigest()
        how = self.dice.choice(["gone", "longer", "flipped"])
        for life in self.lives:
            path = life.cache / image_path(sha256, Format.JPEG)
            if path.exists():
                _damage(path, how)

    def _lose_thumbnail(self) -> None:
        if not self._decodes:
            return
        body, _ = self._picture()
        sha256 = hashlib.sha256(body).hexdigest()
        for life in self.lives:
            (life.cache / thumbnail_path("small", sha256, "webp")).unlink(missing_ok=True)

    def _change_local(self) -> None:
        width = self.dice.choice([8, 9])
        for life in self.lives:
            (life.folder / "site" / "local.png").write_bytes(pictures.png(width, 6))

    def _damage_catalog(self) -> None:
        for life in self.lives:
            path = life.cache / CATALOG
            if path.exists():
                data = bytearray(path.read_bytes())
                data[len(data) // 2] ^= 0xFF
                path.write_bytes(data)

    def _copy_cache(self) -> None:
        """As a machine does that keeps the folder for the next one."""
        for life in self.lives:
            if life.cache.exists():
                aside = life.folder / "copied"
                shutil.copytree(life.cache, aside)
                shutil.rmtree(life.cache)
                aside.rename(life.cache)

    def _wait(self) -> None:
        """Some days pass for what is known: nothing is fresh any more."""

        self._into_index(lambda index, _: _aged(index))

    _CHANGES: tuple[Callable[[History], None], ...] = (
        *(_edit, _edit, _edit_in_place, _touch, _rename, _delete, _restore, _move_away_and_back),
        *(_future, _set_up, _learn, _learn, _fail, _forget, _lose_index, _damage_copy),
        *(_serve_a_stand_in, _lose_thumbnail, _change_local, _damage_catalog, _copy_cache, _wait),
    )

    def _some(self) -> Iterator[Path]:
        """One article, in both lives."""
        name = self.dice.choice(self._names)
        for life in self.lives:
            if (life.folder / name).exists():
                yield life.folder / name

    def _write(self, name: str) -> None:
        text = self._article().encode()
        for life in self.lives:
            (life.folder / name).write_bytes(text)
        mtime_ns = (self.lives[0].folder / name).stat().st_mtime_ns
        self._old.setdefault(name, []).append((text, mtime_ns))

    def _article(self) -> str:
        if self.dice.random() < 0.1:
            return self.dice.choice(["---\nimages: [\n---\n", "plain\n", "---\nopen\n", ""])
        entries = "".join(self._entry() for _ in range(self.dice.randint(0, 4)))
        images = f"images:\n{entries}" if entries else "images: []\n"
        twice = "title: x\nimages: []\n" if self.dice.random() < 0.05 else ""
        return f"---\n{twice}title: {self.dice.random()}\n{images}---\nThe text.\n"

    def _entry(self) -> str:
        dice = self.dice
        others = _OTHERS if self._decodes else _OTHERS[3:]
        url = dice.choice(_URLS) if dice.random() < 0.8 else dice.choice(others)
        size = dice.choice(_SIZES)
        fields = [f'url: "{url}"']
        if dice.random() < 0.9:
            fields += [f"width: {size.width}", f"height: {size.height}"]
        if dice.random() < 0.5:
            fields.append(f"alt: {dice.choice(['a picture', '', '~'])}")
        if dice.random() < 0.8:
            fields.append(f"isCached: {dice.choice(['true', 'false', 'maybe'])}")
        if dice.choice(_STYLES) == "flow":
            return f"  - {{{', '.join(fields)}}}\n"
        return "  - " + "\n    ".join(fields) + "\n"

    def _picture(self) -> tuple[bytes, Size]:
        size = self.dice.choice(_SIZES)
        return pictures.jpeg(*size), size

    def _record(self, url: str, size: Size | None = None) -> None:
        """A good answer, as a refresh would have left it."""
        body, size = (pictures.jpeg(*size), size) if size else self._picture()
        now = time.time()
        self._into_index(lambda index, life: _stored(index, life, url, (body, size), now))

    def _into_index(self, step: Callable[[Index, Life], None]) -> None:
        for life in self.lives:
            life.cache.mkdir(exist_ok=True)
            with Index.open(life.cache / INDEX) as index:
                step(index, life)


def _stored(index: Index, life: Life, url: str, picture: tuple[bytes, Size], now: float) -> None:
    body, size = picture
    sha256 = hashlib.sha256(body).hexdigest()
    thumbnail = pictures.jpeg(20, 14)
    paths = (image_path(sha256, Format.JPEG), thumbnail_path("small", sha256, "webp"))
    times = []
    for path, data in zip(paths, (body, thumbnail), strict=True):
        file = life.cache / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_bytes(data)
        times.append(file.stat().st_mtime_ns)
    how = thumbnail_plan.fingerprint(life.settings().thumbnails["small"])
    digest = hashlib.sha256(thumbnail).hexdigest()
    small = ThumbnailFacts("small", how, "webp", 20, 14, len(thumbnail), digest, times[1])
    seen = ImageFacts(sha256, Format.JPEG, size, len(body), "#808080", times[0], (small,))
    image = replace(seen, dhash=sha256[:16])
    known = index.urls([url]).get(url)
    copy = index.images([known.copy]).get(known.copy) if known and known.copy else None
    earlier = history(known, copy, sha256, now)
    facts = UrlFacts(url, now, sha256, ResponseFacts(now, now, 200), earlier=earlier)
    index.record([facts], [image], {url: url})


def _failed(index: Index, url: str, failure: Failure) -> None:
    known = index.urls([url]).get(url) or UrlFacts(url, 0.0)
    index.record([replace(known, tried_at=time.time(), failure=failure)])


def _aged(index: Index) -> None:
    aged = [
        replace(
            one,
            response=replace(one.response, answered_at=one.response.answered_at - _MONTH),
            earlier=tuple(replace(old, replaced_at=old.replaced_at - _DAYS) for old in one.earlier),
        )
        for one in index.urls(_URLS).values()
        if one.response is not None
    ]
    index.record(aged)


def _damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "longer":
        path.write_bytes(data + b"!")
    else:
        path.write_bytes(bytes([data[0] ^ 0xFF]) + data[1:])
