"""How `explain` is shown: a step a block for people, one document for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Protocol

from imgcache.model import Verdict
from imgcache.render.text import printable
from imgcache.version import VERSION


class ExplainedStep(Protocol):
    """One step, as it is shown."""

    @property
    def name(self) -> str:
        """What was done."""

    @property
    def seconds(self) -> float:
        """Since the start."""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What came of it."""


class Explained(Protocol):
    """What is shown."""

    @property
    def url(self) -> str:
        """As it was given."""

    @property
    def steps(self) -> Sequence[ExplainedStep]:
        """In order."""

    @property
    def verdict(self) -> Verdict:
        """How it ended."""

    @property
    def message(self) -> str | None:
        """Why, and what to do."""


def as_text(explained: Explained) -> Iterator[str]:
    """For people: the time, the step, and its facts below each other."""
    yield f"{printable(explained.url)}\n"
    for step in explained.steps:
        yield f"\n{step.seconds:8.3f} s  {step.name}\n"
        for key, value in step.facts:
            yield f"            {printable(key)}: {printable(value)}\n"
    if explained.message:
        yield f"\n{explained.verdict} ({explained.verdict.code}): {printable(explained.message)}\n"


def as_json(explained: Explained) -> Iterator[str]:
    """For scripts; repeated headers stay repeated."""
    document = {
        "schema": 1,
        "command": "explain",
        "version": VERSION,
        "url": explained.url,
        "steps": [
            {
                "step": one.name,
                "seconds": round(one.seconds, 6),
                "facts": [list(f) for f in one.facts],
            }
            for one in explained.steps
        ],
        "verdict": explained.verdict,
        "code": explained.verdict.code,
        "message": explained.message,
    }
    yield json.dumps(document, indent=1) + "\n"
