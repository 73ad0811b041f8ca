"""Import of aiohttp that reads no certificates.

aiohttp makes two TLS contexts of its own when it is imported, and reads all certificates of the
system for each of them: two fifths of the import. None of them is used here, as our connector has
a context of trust.py. Those two are made without certificates; one that verifies trusts nobody.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NAME = "set_default_verify_paths"


@contextmanager
def _no_certificates() -> Iterator[None]:
    """Contexts that this thread makes meanwhile get no certificates; those of others do."""
    kind, thread = ssl.SSLContext, threading.get_ident()
    load, own = kind.set_default_verify_paths, vars(kind).get(_NAME)

    def load_elsewhere(context: ssl.SSLContext) -> None:
        if threading.get_ident() != thread:
            load(context)

    setattr(kind, _NAME, load_elsewhere)
    try:
        yield
    finally:
        if own is None:  # it was inherited, and hidden
            delattr(kind, _NAME)
        else:
            setattr(kind, _NAME, own)


with _no_certificates():
    import aiohttp

__all__ = ["aiohttp"]
