"""Title and date of an article, as its front matter has them: for pages that name it."""

from __future__ import annotations

from yaml import MappingNode, Node, ScalarNode

from imgcache.core.articles.merge_keys import ResolvedMappings
from imgcache.userinfo import masked_within

_NULL = "tag:yaml.org,2002:null"
_LONGEST = 300


def told(root: Node | None, resolved: ResolvedMappings, key: str) -> str | None:
    """The text of a key on top of a front matter, on one line; None for none, a list or a mapping.

    It is cut, has no password of a URL in it, and can be written as UTF-8.
    """
    if not isinstance(root, MappingNode):
        return None
    pair = resolved.pairs(root).get(key)
    if pair is None or not isinstance(pair.value, ScalarNode) or pair.value.tag == _NULL:
        return None
    text = " ".join(pair.value.value[: 4 * _LONGEST].split())
    text = masked_within(text).encode(errors="replace").decode().replace("\0", "\ufffd")
    return (text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\u2026") or None
