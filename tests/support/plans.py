"""Work of a refresh for tests: jobs that are there, as if they were read when their turn comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imgcache.core.http.url import WebUrl
from imgcache.engine.refresh.states import States
from imgcache.engine.refresh.work import Asks, JobReader, Remakes
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.targets import Target


class MadeJobs(JobReader):
    """Has these jobs already."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.made = {job.target.id: job for job in jobs}

    async def read(self, ids: Sequence[int]) -> list[Job]:
        return [self.made[number] for number in ids]

    jobs = read


def jobs(*hosts: str, each: int = 1) -> list[Job]:
    """So many jobs of each host, which ask for `/0`, `/1` and so on."""
    urls = [(host, number) for host in hosts for number in range(each)]
    return [
        Job(Target(WebUrl(f"http://{host}/{number}", "http", host, 80), id=one))
        for one, (host, number) in enumerate(urls, start=1)
    ]


def asks(made: Sequence[Job]) -> Asks:
    """To ask for the URLs of these jobs."""
    asked = Asks(MadeJobs(made))
    for job in made:
        asked.add(job.host, job.target.id)
    return asked


def remakes(made: Sequence[Job] = ()) -> Remakes:
    """To make the thumbnails of these again, each of another copy."""
    states = States(max((job.target.id for job in made), default=0))
    again = Remakes(MadeJobs(made), states)
    for job in made:
        again.add(job.target.id, str(job.target.id))
    return again
