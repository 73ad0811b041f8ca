"""All dialects of all formats, under names that a test may print."""

from __future__ import annotations

from collections.abc import Mapping

from tests.dialects.avif_rules import AVIF_RULES
from tests.dialects.avifs import AVIFS
from tests.dialects.bmps import BMPS
from tests.dialects.dialect import Dialect
from tests.dialects.gifs import GIFS
from tests.dialects.icons import ICONS
from tests.dialects.jpegs import JPEGS
from tests.dialects.jxls import JXLS
from tests.dialects.pngs import PNGS
from tests.dialects.svgs import SVGS
from tests.dialects.webps import WEBPS

BY_FORMAT: Mapping[str, Mapping[str, Dialect]] = {
    "jpeg": JPEGS, "png": PNGS, "gif": GIFS, "webp": WEBPS, "avif": {**AVIFS, **AVIF_RULES},
    "bmp": BMPS, "ico": ICONS, "svg": SVGS, "jxl": JXLS,
}  # fmt: skip
ALL: Mapping[str, Dialect] = {
    f"{kind}: {name}": dialect
    for kind, dialects in BY_FORMAT.items()
    for name, dialect in dialects.items()
}
