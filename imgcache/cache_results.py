"""Results of `imgcache cache` (statistics, a check, a garbage collection), `export`, `explain`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field

from imgcache.facts import ImageFacts, RunFacts
from imgcache.model import FileTotals, Verdict
from imgcache.results import ArticleProblem, EntryResult, Place, UrlState


class HostRecord(Struct):
    """One host: how many of its URLs are known, and how the last try of some failed."""

    host: str
    urls: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """How many of its URLs failed when they were last asked for."""
        return self.verdicts.total()


class CacheStats(Struct, frozen=True):
    """Statistics of a cache. `held`: URLs with a copy; `orphans`: images that no URL points to."""

    images: Mapping[str, FileTotals]
    thumbnails: Mapping[str, FileTotals]
    orphans: FileTotals
    urls: int
    held: int
    limit: int | None
    hosts: tuple[HostRecord, ...]
    runs: tuple[RunFacts, ...]

    @property
    def bytes(self) -> int:
        """Total size of images and thumbnails."""
        return _sum(self.images).bytes + _sum(self.thumbnails).bytes

    @property
    def failed(self) -> int:
        """URLs whose last try failed."""
        return sum(host.failed for host in self.hosts)

    @property
    def troubled(self) -> list[HostRecord]:
        """The hosts of which something failed, the worst first."""
        return sorted(
            (host for host in self.hosts if host.failed), key=lambda one: (-one.failed, one.host)
        )


def _sum(totals: Mapping[str, FileTotals]) -> FileTotals:
    every = totals.values()
    return FileTotals(sum(one.files for one in every), sum(one.bytes for one in every))


class Damage(Struct, frozen=True):
    """One damaged file, relative to the cache folder; `repair` tells how it was fixed."""

    path: str
    problem: str
    repair: str | None = None


class CacheCheckResult(Struct):
    """What a check found. `strays`: files that the index does not know; they do no harm."""

    images: int = 0
    thumbnails: int = 0
    bytes: int = 0
    strays: FileTotals = field(default_factory=FileTotals)
    damage: list[Damage] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong (any more)."""
        return all(one.repair is not None for one in self.damage)


class GcResult(Struct):
    """What was dropped, or would be in a dry run; paths are relative to the cache folder.

    `urls` were forgotten; `files` are images, their thumbnails, and files that the index did not
    know. `problems`: articles that could not be read, so that nothing was dropped.
    """

    articles: int
    dry_run: bool
    urls: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    dropped: FileTotals = field(default_factory=FileTotals)
    kept: FileTotals = field(default_factory=FileTotals)
    problems: tuple[ArticleProblem, ...] = ()


class ExportResult(Struct, frozen=True):
    """What a folder of `imgcache export` holds, and what was changed, or would be in a dry run.

    `added` were put there (or anew), `removed` went; paths are relative to the folder. `copied`:
    how many of the added are copies, not links. `manifest`: whether that says something else now.
    `lacking`: URLs that articles name, and of which the cache has no sound copy. `problems`:
    articles that could not be read, so that nothing was written.
    """

    folder: str
    articles: int
    dry_run: bool
    images: FileTotals = FileTotals()
    thumbnails: FileTotals = FileTotals()
    lacking: int = 0
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    copied: int = 0
    manifest: bool = False
    changed: bool = False
    problems: tuple[ArticleProblem, ...] = ()


class Step(Struct, frozen=True):
    """One step: its name, seconds since the start, and its facts in order."""

    name: str
    seconds: float
    facts: tuple[tuple[str, str], ...]


class EarlierCopy(Struct, frozen=True):
    """A copy that a URL had until `replaced_at` (POSIX seconds).

    `distance`: how many of 64 bits differ from what replaced it, None where that is not known;
    `is_another`: too many for the same picture. `image`: None where the cache has it no more.
    """

    replaced_at: float
    distance: int | None
    is_another: bool
    image: ImageFacts | None


class Known(Struct, frozen=True):
    """What the cache knows of a URL, and the first places that name it; `more` are left out.

    `earlier` are the copies that it had before the last good one, the last of them first. `worst`
    is the entry that fares worst without a request; None where no article names it.
    """

    state: UrlState | None
    places: tuple[Place, ...]
    more: int = 0
    earlier: tuple[EarlierCopy, ...] = ()
    worst: EntryResult | None = None


class Explanation(Struct):
    """All steps of one URL, and the verdict they led to; `ok` where nothing is declared.

    `known` is None where there is no cache.
    """

    url: str
    steps: list[Step] = field(default_factory=list)
    verdict: Verdict = Verdict.OK
    message: str | None = None
    known: Known | None = None

    @property
    def is_well(self) -> bool:
        """Whether the URL leads to a sound image."""
        return self.verdict is Verdict.OK
