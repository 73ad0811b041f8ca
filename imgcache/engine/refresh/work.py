"""Work of a refresh as it was planned: ids of URLs, of which jobs are made when their turn comes.

An id takes eight bytes, a job some five hundred, and there may be millions.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from imgcache.core.cache import plan
from imgcache.core.http.location import place_key
from imgcache.edge.catalog import urls
from imgcache.edge.catalog.database import Catalog
from imgcache.engine.catalog.judging import Unmeasured
from imgcache.engine.refresh.fetch_stage import FetchWork
from imgcache.engine.refresh.states import States
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.index_session import IndexSession, KnownFacts, look_up
from imgcache.engine.run.targets import InPlaceImage, Target, Targets
from imgcache.engine.run.tasks import to_its_end

# Jobs that stay as they were planned: most runs have no more.
_STAY = 4096
# What is known of most URLs of a first run.
_NOTHING = plan.Known()


class JobReader:
    """Reader of jobs: what the catalog and the index know of URLs, by their ids."""

    def __init__(self, catalog: Catalog, session: IndexSession) -> None:
        self._catalog = catalog
        self._session = session
        self._planned: dict[int, Job] = {}
        # The catalog is used by one at a time.
        self._alone = asyncio.Lock()

    def keep(self, job: Job) -> None:
        """Have it at hand when its turn comes, if there are not too many."""
        if len(self._planned) < _STAY:
            self._planned[job.target.id] = job

    async def jobs(self, ids: Sequence[int]) -> list[Job]:
        """Jobs that ask for these URLs, in this order."""
        missing = [number for number in ids if number not in self._planned]
        read = {job.target.id: job for job in await self.read(missing)} if missing else {}
        return [read.get(number) or self._planned.pop(number) for number in ids]

    async def read(self, ids: Sequence[int]) -> list[Job]:
        """All that is known of URLs by now, with the validators to ask for them."""
        async with self._alone:
            targets = await to_its_end(_targets, self._catalog, ids)
        facts = await look_up(self._session, [target.url.href for target in targets])
        return [_job(target, facts) for target in targets]


def _targets(catalog: Catalog, ids: Sequence[int]) -> list[Target]:
    # Most URLs are written as they are asked for.
    return [
        Target(url, () if written == (url.href,) else written, id=number)
        for number, url, written in urls.some(catalog, ids)
    ]


def _job(target: Target, facts: KnownFacts) -> Job:
    known = _known(target, facts)
    return Job(target, known, plan.validators(known))


def _known(target: Target, facts: KnownFacts) -> plan.Known:
    url = facts.urls.get(target.url.href)
    copy = facts.images.get(url.copy) if url is not None and url.copy is not None else None
    target.held = copy is not None
    target.failed = url is not None and url.failure is not None
    if url is not None and copy is None:
        url = replace(url, copy=None, response=None)
    return _NOTHING if url is None else plan.Known(url, copy)


class Later(Struct):
    """URLs whose turn comes later, in order; a queue of their ids."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    taken: int = 0

    def __len__(self) -> int:
        return len(self.ids) - self.taken

    def add(self, number: int) -> None:
        """At the end."""
        self.ids.append(number)

    def take(self, most: int) -> Sequence[int]:
        """The next ones."""
        some = self.ids[self.taken : self.taken + most]
        self.taken += len(some)
        return some


class Asks:
    """URLs to ask for, by host: a supply of jobs for a scheduler."""

    def __init__(self, reader: JobReader, hosts: Mapping[str, Later] | None = None) -> None:
        self._reader = reader
        self._hosts = dict(hosts or {})

    def __len__(self) -> int:
        return sum(map(len, self._hosts.values()))

    def add(self, host: str, number: int) -> None:
        """One more."""
        self._hosts.setdefault(host, Later()).add(number)

    def left(self) -> Mapping[str, int]:
        """How many URLs each host has left."""
        return {host: len(later) for host, later in self._hosts.items() if later}

    def part(self, hosts: Iterable[str]) -> Asks:
        """All that these hosts have left; it is no longer here."""
        return Asks(self._reader, {host: self._hosts.pop(host) for host in hosts})

    async def take(self, wanted: Mapping[str, int]) -> list[Job]:
        """The next jobs of some hosts, as many as are wanted and left."""
        some = (self._hosts[host].take(most) for host, most in wanted.items())
        return await self._reader.jobs([number for ids in some for number in ids])

    async def first(self, most: int) -> list[Job]:
        """So many jobs, host after host."""
        wanted: dict[str, int] = {}
        for host, later in self._hosts.items():
            wanted[host] = min(len(later), most)
            most -= wanted[host]
        return await self.take(wanted)


class Remakes:
    """URLs whose kept copies lack thumbnails, one for each copy."""

    def __init__(self, reader: JobReader, states: States, later: Later | None = None) -> None:
        self._reader = reader
        self._states = states
        self._later = later or Later()
        self._copies: set[str] = set()

    def __len__(self) -> int:
        return len(self._later)

    def add(self, number: int, copy: str) -> None:
        """One more, if its copy has no URL here yet."""
        if copy not in self._copies:
            self._copies.add(copy)
            self._later.add(number)

    def part(self, most: int) -> Remakes:
        """The next ones; they are no longer here."""
        return self.of(self._later.take(most))

    def of(self, numbers: Iterable[int]) -> Remakes:
        """These, which were here."""
        return Remakes(self._reader, self._states, Later(array("q", numbers)))

    async def take(self, most: int) -> list[Job]:
        """The next jobs."""
        return [self._as_planned(job) for job in await self._reader.read(self._later.take(most))]

    def _as_planned(self, job: Job) -> Job:
        if state := self._states.get(job.target.id):
            job.target.source, job.target.failure = state.source, state.failure
            job.target.failed = state.failed
        return job


class WorkPlan(Struct):
    """What a run has to do before it can judge.

    URLs to ask for, of which so many are `new`; thumbnails to make again; images in place to
    measure.
    """

    ask: Asks
    remake: Remakes
    measure: list[tuple[Unmeasured, InPlaceImage]] = field(default_factory=list)
    new: int = 0

    @property
    def jobs(self) -> int:
        """How many there are."""
        return len(self.ask) + len(self.remake) + len(self.measure)

    @property
    def in_place(self) -> list[InPlaceImage]:
        """The images in place."""
        return [image for _, image in self.measure]

    @property
    def fetch_work(self) -> FetchWork:
        """All of it, for one fetch stage."""
        return FetchWork((), self.ask, self.remake, self.in_place, self.new)

    @property
    def targets(self) -> Targets:
        """The images in place, for a judge."""
        return Targets(in_place={place_key(one.location): one for one in self.in_place})
