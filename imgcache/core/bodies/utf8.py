"""Places in UTF-8 bytes, turned into places in characters."""

from __future__ import annotations


class Utf8Places:
    """Counts on from the last place that was asked for, so that asking in order is cheap."""

    def __init__(self, text: str, first: int) -> None:
        """`first` is the place of the text's first character."""
        self._data = b"" if text.isascii() else text.encode()
        self._byte = 0
        self._character = first

    def character(self, byte: int) -> int:
        """The place of the character that begins at a byte of the text."""
        if not self._data:
            return self._character + byte
        low, high = sorted((self._byte, byte))
        between = len(self._data[low:high].decode())
        self._character += between if byte > self._byte else -between
        self._byte = byte
        return self._character
