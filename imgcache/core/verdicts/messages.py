"""Messages of verdicts: one sentence that says what is wrong, in plain words, and what to do.

It never names a refused address; a failure's `detail` already says what the origin answered.
"""

from __future__ import annotations

from imgcache.core.verdicts.patience import Patience
from imgcache.core.verdicts.verdict import Evidence
from imgcache.model import Declared, Severity, Size, Source, Verdict

# How the message of a wrong size begins, and how its remedy does and ends: the text report shows
# these otherwise.
SIZE = "the image is "
DECLARE, BY_COMMAND = "; declare ", ", or run imgcache refresh --fix-dimensions"
REMEDIES = {
    Verdict.GONE: "replace the image or remove the entry",
    Verdict.BLOCKED: "the host needs a login or refuses programs; put a contact into "
    "fetch.user_agent, as some hosts ask for one, or host the image yourself",
    Verdict.RATE_LIMITED: "the next run asks again; if it stays, lower fetch.per_host, and put a "
    "contact into fetch.user_agent, as some hosts ask for one",
    Verdict.HTTP_ERROR: "open the URL in a browser and correct it",
    Verdict.SERVER_ERROR: "the next run asks again; replace the image if it stays",
    Verdict.PROTOCOL_ERROR: "tell the host's owner, or host the image elsewhere",
    Verdict.DNS_ERROR: "check the host name for a typing error",
    Verdict.CONNECT_ERROR: "the next run asks again; replace the image if it stays",
    Verdict.TLS_ERROR: "tell the host's owner, or host the image elsewhere",
    Verdict.TIMEOUT: "the next run asks again; replace the image if it stays",
    Verdict.REDIRECT_ERROR: "write the URL that the redirects should lead to",
    Verdict.FORBIDDEN_ADDRESS: "use a public URL; --allow-private lets an own network through",
    Verdict.UNSUPPORTED_URL: "write a complete http or https URL",
    Verdict.TOO_LARGE: "use a smaller file, or raise fetch.max_bytes",
    Verdict.TOO_MANY_PIXELS: "use a smaller image, or raise the limits.* settings",
    Verdict.EMPTY: "upload the image again",
    Verdict.NOT_AN_IMAGE: "the URL must lead to the image file itself",
    Verdict.UNSUPPORTED_FORMAT: "save it as JPEG, PNG, WebP or AVIF, with the right Content-Type",
    Verdict.TRUNCATED: "upload the image again",
    Verdict.CORRUPT: "save and upload the image again",
    Verdict.PLACEHOLDER: "the host shows a stand-in; replace the image",
    Verdict.NOT_CACHED: "run imgcache refresh",
    Verdict.NOT_CHECKED: "run imgcache refresh again",
    Verdict.LOCAL_ERROR: "fix this machine and run again",
}


def message(
    verdict: Verdict,
    severity: Severity | None,
    declared: Declared,
    evidence: Evidence,
    patience: Patience | None = None,
    *,
    editable: bool = True,
) -> str | None:
    """The message of a finding, whatever it weighs; None for `ok`.

    `editable`: a refresh may write the right size there.
    """
    if severity is None:
        return None
    cause = _cause(verdict, declared, evidence)
    if patience is not None:
        cause += f" ({patience.told})"
    return f"{cause}; {_remedy(verdict, declared, evidence, editable=editable)}"


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
        return "nothing is known of this image yet"
    if evidence.copy is not None:
        return f"{failure.detail}; the copy in the cache is kept"
    return failure.detail


def _placeholder_cause(size: Size) -> str:
    if size == Size(1, 1):
        return "the answer is a single pixel"
    return f"the host answers with the same {size} picture for several URLs"


def _size_cause(verdict: Verdict, declared: Declared, actual: Size) -> str:
    if verdict is Verdict.DIMENSIONS_MISSING:
        return f"{_undeclared(declared)}; the image is {actual}"
    says = f"{SIZE}{actual}, the article says {_said(declared)}"
    if verdict is Verdict.DIMENSIONS_SWAPPED:
        return f"{says}: width and height are exchanged"
    if verdict is Verdict.DIMENSIONS_SCALED:
        return f"{says}: the same shape in another size"
    return f"{says}: another shape, so the page jumps while it loads"


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


def _remedy(verdict: Verdict, declared: Declared, evidence: Evidence, *, editable: bool) -> str:
    size = evidence.size
    if verdict.is_about_size and size is not None and min(size) > 0:
        sides = {"width": size.width, "height": size.height}
        named = (f"{name}: {side}" for name, side in sides.items() if name not in declared.unnamed)
        true = ", ".join(named)
        return f"declare {true}{BY_COMMAND if editable else ''}"
    if evidence.failure is not None and evidence.failure.retry_after is not None:
        return "it is asked again when that time is over, or with --force"
    if verdict is Verdict.NOT_CHECKED and evidence.failure is not None:
        return "set site_root to the folder that holds the site's own files"
    if verdict is Verdict.NOT_CHECKED and evidence.source is Source.OFFLINE:
        return "run imgcache refresh"
    return REMEDIES.get(verdict, "give the image a size of its own")
