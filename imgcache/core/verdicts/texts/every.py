"""All texts by verdict and breach; who adds one without its text is told at the first import."""

from __future__ import annotations

from collections.abc import Mapping

from imgcache.core.verdicts.texts.breaches import BREACH_TEXTS
from imgcache.core.verdicts.texts.images import IMAGE_TEXTS
from imgcache.core.verdicts.texts.reach import REACH_TEXTS
from imgcache.core.verdicts.texts.text import Text
from imgcache.core.verdicts.traits import complete
from imgcache.model import Breach, Verdict

TEXTS: Mapping[Verdict | Breach, Text] = {**REACH_TEXTS, **IMAGE_TEXTS, **BREACH_TEXTS}
complete(TEXTS, [*Verdict, *Breach], "imgcache/core/verdicts/texts/")
