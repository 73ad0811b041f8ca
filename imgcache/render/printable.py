"""Text from strangers, made safe to print; shared by all formats that people look at."""

from __future__ import annotations


def printable(text: str, also: str = "") -> str:
    """Text that can't steer a terminal or break a line: what is not printable is escaped.

    `also`: characters that may stay.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() or char in also
        else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )
