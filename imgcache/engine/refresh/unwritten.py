"""Changes that are told, because front matter of their language is never written."""

from __future__ import annotations

from imgcache.core.articles.changes import Change
from imgcache.model import Entry

# Of a placeholder: the whole of it is in the manifest.
_SHOWN = 40


def told(article: str, entry: Entry, change: Change) -> str:
    """Where an entry stands, and what it would say: `a.md:12 (cached: true)`."""
    declared = entry.declared
    cached = None if change.cached is None else str(change.cached).lower()
    sides = (("width", change.width, declared.width), ("height", change.height, declared.height))
    new = [
        f"{name}: {side}"
        for name, side, before in sides
        if side not in {None, before} and name not in declared.unnamed
    ]
    if cached is not None and change.cached is not declared.cached:
        new.append(f"cached: {cached}")
    if change.placeholder is not None:
        new.append(f"placeholder: {change.placeholder[:_SHOWN]}...")
    return f"{article}:{entry.line} ({', '.join(new)})"
