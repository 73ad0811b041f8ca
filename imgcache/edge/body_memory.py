"""Memory for bodies that arrive side by side: much for each of few, little for each of many.

Most images need no file then before they are published, and 64 endless bodies take no more memory
than bodies are worth.
"""

from __future__ import annotations

# Bytes that a body may keep in memory in any case; and at most, while all of them together keep no
# more than the third.
_LEAST, _MOST, _TOGETHER = 1 << 17, 1 << 19, 1 << 23


class BodyMemory:
    """How many bytes the bodies of one process keep together."""

    def __init__(self) -> None:
        self._kept = 0

    def keep(self, size: int) -> None:
        """So many bytes more are kept."""
        self._kept += size

    def free(self, size: int) -> None:
        """So many are kept no longer."""
        self._kept -= size

    def is_full(self, own: int) -> bool:
        """Whether a body that keeps so many bytes should keep no more."""
        return own > _MOST or (own > _LEAST and self._kept > _TOGETHER)
