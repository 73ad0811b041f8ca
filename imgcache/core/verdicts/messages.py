"""Messages of verdicts: one sentence that says what is wrong, in plain words, and what to do.

It never names a refused address; a failure's `detail` already says what the origin answered.
"""

from __future__ import annotations

from imgcache.core.verdicts.patience import Patience
from imgcache.core.verdicts.texts.every import TEXTS
from imgcache.core.verdicts.verdict import Evidence
from imgcache.model import Declared, Severity, Size, Source, Verdict

# How the message of a wrong size begins, and how its remedy does and ends: the text report shows
# these otherwise.
SIZE = "the image is "
DECLARE, BY_COMMAND = "; declare ", ", or run imgcache refresh --fix-dimensions"


def message(
    verdict: Verdict,
    severity: Severity | None,
    declared: Declared,
    evidence: Evidence,
    patience: Patience | None = None,
) -> str | None:
    """The message of a finding, whatever it weighs; None for `ok`."""
    if severity is None:
        return None
    cause = _cause(verdict, declared, evidence)
    if patience is not None:
        cause += f" ({patience.told})"
    return f"{cause}; {_remedy(verdict, declared, evidence)}"


def _cause(verdict: Verdict, declared: Declared, evidence: Evidence) -> str:
    size, failure = evidence.size, evidence.failure
    if verdict is Verdict.PLACEHOLDER and size is not None:
        return _placeholder_cause(size)
    if size is not None and verdict.is_about_size:
        kept = f"{failure.detail}, and the kept copy is wrong: " if failure else ""
        return kept + _size_cause(verdict, declared, size)
    if verdict is Verdict.NOT_CACHED:
        said = f" ({failure.detail} when it was last asked for)" if failure else ""
        return f"the article says cached, but the cache has no sound copy{said}"
    if failure is None:
        return (_CAUSES.get(verdict) or _told_by_title(verdict)) + _since(verdict, evidence)
    if evidence.copy is not None:
        return f"{failure.detail}; the copy in the cache is kept"
    return failure.detail


def _since(verdict: Verdict, evidence: Evidence) -> str:
    was = evidence.replaced
    return f" {was.told}" if was is not None and verdict is Verdict.REPLACED else ""


# Where no answer says it.
_CAUSES = {Verdict.NOT_CHECKED: "nothing is known of this image yet"}


def _told_by_title(verdict: Verdict) -> str:
    title = TEXTS[verdict].title
    return f"{title[0].lower()}{title[1:]}"


def _placeholder_cause(size: Size) -> str:
    if size == Size(1, 1):
        return "the answer is a single pixel"
    return f"the host answers with the same {size} picture for several URLs"


def _size_cause(verdict: Verdict, declared: Declared, actual: Size) -> str:
    if verdict is Verdict.DIMENSIONS_MISSING:
        return f"{_undeclared(declared)}; the image is {actual}"
    says = f"{SIZE}{actual}, the article says {_said(declared)}"
    return f"{says}: {_DIFFERENCES.get(verdict) or _told_by_title(verdict)}"


_DIFFERENCES = {
    Verdict.DIMENSIONS_SWAPPED: "width and height are exchanged",
    Verdict.DIMENSIONS_SCALED: "the same shape in another size",
    Verdict.DIMENSIONS_MISMATCH: "another shape, so the page jumps while it loads",
}


def _said(declared: Declared) -> str:
    if declared.size is not None:
        return str(declared.size)
    sides = {"width": declared.width, "height": declared.height}
    return ", ".join(f"{name} {side}" for name, side in sides.items() if side is not None)


def _undeclared(declared: Declared) -> str:
    """Which sides have no size, and what stands there instead."""
    strange = dict(declared.strange)
    sides = [name for name in ("width", "height") if name not in declared.unnamed]
    absent = [name for name in sides if getattr(declared, name) is None]
    nothing = [name for name in absent if name not in strange]
    told = [f"{' and '.join(nothing)} not declared"] if nothing else []
    told += [f"{name} `{strange[name]}` is no size" for name in absent if name in strange]
    return ", ".join(told)


def _remedy(verdict: Verdict, declared: Declared, evidence: Evidence) -> str:
    size, failure = evidence.size, evidence.failure
    if verdict.is_about_size and size is not None and min(size) > 0:
        return _size_remedy(declared, size)
    if failure is not None and failure.remedy is not None:
        return failure.remedy
    if failure is not None and failure.retry_after is not None:
        return "it is asked again when that time is over, or with --force"
    if verdict is Verdict.NOT_CHECKED and failure is not None:
        return "set site_root to the folder that holds the site's own files"
    if verdict is Verdict.NOT_CHECKED and evidence.source is Source.OFFLINE:
        return "run imgcache refresh"
    return TEXTS[verdict].clause


def _size_remedy(declared: Declared, size: Size) -> str:
    sides = {"width": size.width, "height": size.height}
    named = (f"{name}: {side}" for name, side in sides.items() if name not in declared.unnamed)
    true = ", ".join(named)
    if not declared.is_editable:
        return f"declare {true} by hand, for imgcache never writes it there"
    return f"declare {true}{BY_COMMAND}"
