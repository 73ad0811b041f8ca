"""What the images of bodies cost: 20 KB, against the front matter above it and twice as much text.

    python benchmarks/bodies.py ARTICLE

prints the time for a body of each kind as a part of the time that the front matter of ARTICLE
takes, and how much longer twice a hostile text takes than once.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from imgcache.config import LimitSettings
from imgcache.core.articles.document import parse
from imgcache.core.bodies.images import BodyKind, images_of

PARAGRAPH = (
    "Lorem ipsum *dolor* sit amet, [consectetur](https://example.com/a) adipiscing `elit`, sed do\n"
    "eiusmod tempor **incididunt** ut labore et dolore magna aliqua. Ut enim ad minim veniam.\n\n"
)
IMAGES = {
    BodyKind.MARKDOWN: "![alt](https://example.com/x.png)\n\n",
    BodyKind.MDX: '<Image src="https://example.com/x.png" width={8} height={6} />\n\n',
    BodyKind.HTML: '<p><img src="https://example.com/x.png" width="8" height="6"></p>\n\n',
}
HOSTILE = [
    "![",
    "![](",
    "![](u)",
    "<img ",
    "<a {",
    "`",
    "[",
    "> ",
    "{{ a }}",
    "![a][b]\n\n",
    "<!--",
]
SIZE = 1 << 19


def seconds(act: Callable[[], object], times: int = 20) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        act()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    data = Path(sys.argv[1]).read_bytes()
    above = seconds(lambda: parse(data, whole=False, limits=LimitSettings()))
    for kind, image in IMAGES.items():
        body = ((PARAGRAPH * 20 + image) * 5 + PARAGRAPH * 8).encode()
        spent = seconds(lambda body=body, kind=kind: images_of(body, 1, kind))  # type: ignore[misc]
        print(f"{kind.name}: {len(body)} bytes, {spent * 1e3:.3f} ms, {spent / above:.2f}")
    for unit in HOSTILE:
        for kind in BodyKind:
            once, twice = (
                seconds(lambda text=unit * count, kind=kind: images_of(text.encode(), 1, kind), 1)  # type: ignore[misc]
                for count in (SIZE // len(unit), 2 * SIZE // len(unit))
            )
            print(f"{unit!r} {kind.name}: {twice:.2f} s for 1 MB, {twice / max(once, 1e-3):.1f}")


if __name__ == "__main__":
    main()
