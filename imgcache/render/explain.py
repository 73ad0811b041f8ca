"""Text (a block per step) and JSON (one document) output of `imgcache explain`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from imgcache.render.text import printable
from imgcache.results import Explanation
from imgcache.version import VERSION


def as_text(explained: Explanation) -> Iterator[str]:
    """For people: the time, the step, and its facts below each other."""
    yield f"{printable(explained.url)}\n"
    for step in explained.steps:
        yield f"\n{step.seconds:8.3f} s  {step.name}\n"
        for key, value in step.facts:
            yield f"            {printable(key)}: {printable(value)}\n"
    if explained.message:
        yield f"\n{explained.verdict} ({explained.verdict.code}): {printable(explained.message)}\n"


def as_json(explained: Explanation) -> Iterator[str]:
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
