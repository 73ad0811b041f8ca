"""Filters of images in the queries of the service: pages and programs spell them alike."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Query

from imgcache.core.catalog import Sorting
from imgcache.findings import Health
from imgcache.model import Verdict
from imgcache.render.html.links import Selection
from imgcache.service.routes.entries import Text


class Answer(StrEnum):
    """Yes or no; in a query also nothing."""

    YES = "yes"
    NO = "no"


async def _filters(  # noqa: PLR0913, PLR0917  each parameter of the query is one here
    severity: Annotated[Health | None, Query(description="Of its worst finding")] = None,
    verdict: Annotated[Verdict | None, Query(description="Of any of its entries")] = None,
    rule: Annotated[str | None, Query(max_length=300, description="One that it breaks")] = None,
    host: Annotated[str | None, Query(max_length=300, description="Exactly this host")] = None,
    copy: Annotated[Answer | None, Query(description="Whether the cache has a copy")] = None,
    shared: Annotated[Answer | None, Query(description="Whether in several articles")] = None,
    text: Text = None,
    sort: Sorting = Sorting.BROKEN_FIRST,
) -> Selection:
    chosen = (severity, verdict, rule or None, host or None, _is_yes(copy), _is_yes(shared))
    return Selection(*chosen, text or "", sort)


def _is_yes(answer: Answer | None) -> bool | None:
    return None if answer is None else answer is Answer.YES


Filters = Annotated[Selection, Depends(_filters)]
