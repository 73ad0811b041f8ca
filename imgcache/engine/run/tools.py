"""The edges that a run works with, together; wiring.py builds them."""

from __future__ import annotations

from dataclasses import dataclass

from imgcache.edge.cache.store import Store
from imgcache.edge.decoder.pool import DecodePool
from imgcache.edge.http.exchange import Asker
from imgcache.engine.run.index_session import Ledger


@dataclass(frozen=True, slots=True)
class Tools:
    """Open and ready; whoever opened them closes them."""

    fetcher: Asker
    pool: DecodePool
    store: Store
    ledger: Ledger
