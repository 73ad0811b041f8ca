"""README as package indexes show it: where relative links lead nowhere, and pictures don't show.

Hatchling asks for it when it builds (pyproject.toml). Links become absolute, to the sources of
this version, by the URL `Source` of the project; while that names no owner, they become words.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"!\[[^\]]*\]\((?![a-z]+://)[^)]*\)\n*")
_LINK = re.compile(r"\[((?:`[^`]*`|[^\]`])*)\]\((?![a-z]+://)([^)#]*)(#[^)]*)?\)")
_PLACEHOLDER = "/OWNER/"


class IndexPage(MetadataHookInterface):
    """Gives the project its `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called with the table `project`."""
        text = Path(self.root, "README.md").read_text("utf-8")
        page = shown(text, metadata["urls"]["Source"], f"v{metadata['version']}")
        metadata["readme"] = {"content-type": "text/markdown", "text": page}


def shown(text: str, source: str, tag: str) -> str:
    """The text without pictures of its own; its links lead to the sources, or are words."""
    known = _PLACEHOLDER not in f"{source}/"

    def link(found: re.Match[str]) -> str:
        words, path, anchor = found[1], found[2], found[3] or ""
        if known:
            # Indexes give headings no anchors.
            return f"[{words}]({source}/blob/{tag}/{path or 'README.md'}{anchor})"
        return words if path in words else f"{words} (`{path}`)"

    return _LINK.sub(link, _PICTURE.sub("", text))
