"""Options of one refresh, beyond the settings."""

from __future__ import annotations

from msgspec import Struct

from imgcache.config import FetchSettings
from imgcache.core.cache.plan import Scope
from imgcache.core.verdicts.selection import EVERYTHING, Selection
from imgcache.engine.run.baseline import BaselineOptions

# The engine that needs no other: processes of this machine.
LOCAL = "local"


class RefreshOptions(Struct, frozen=True):
    """What is asked of one refresh beyond the settings; `max_time` in seconds.

    Without `write` no article and no manifest is written. `diff` keeps a unified diff of each
    changed article. `baseline` lists findings that are known, `selection` those that are
    reported. `engine`: what fetches and decodes, as `--engine` names it.
    """

    scope: Scope = Scope.DUE
    max_time: float | None = None
    write: bool = True
    fix_dimensions: bool = False
    strict: bool = False
    diff: bool = False
    baseline: BaselineOptions | None = None
    selection: Selection = EVERYTHING
    engine: str = LOCAL


def are_sent_by_workers(engine: str, fetch: FetchSettings) -> bool:
    """Whether workers send all requests of a refresh.

    Where the cores tell how many processes there are, few requests are sent without them.
    """
    return engine != LOCAL or fetch.processes not in (None, 1)
