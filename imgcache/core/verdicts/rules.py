"""Rule texts: what each code means and what to do about it, for reports and docs.

messages.py makes the sentence of one finding; this is what is true of every such finding.
"""

from __future__ import annotations

from msgspec import Struct

from imgcache.core.verdicts.messages import REMEDIES
from imgcache.model import Breach, Severity, Verdict
from imgcache.traits import TRAITS


class Rule(Struct, frozen=True):
    """One thing that imgcache can find.

    `title` is a clause, `meaning` and `remedy` are sentences in Markdown; `severity` is what the
    rule weighs unless the configuration says otherwise.
    """

    code: str
    name: str
    severity: Severity
    title: str
    meaning: str
    remedy: str

    @property
    def help(self) -> str:
        """The help text, in Markdown."""
        return f"{self.meaning}\n\n**What to do:** {self.remedy}\n"

    @property
    def plain_help(self) -> str:
        """The same without Markdown."""
        return self.help.replace("`", "").replace("**", "")


_AGAIN = "Run again later; replace the image if it stays so."
# By verdict: title, meaning, and the remedy where it says more than the message does.
_TEXTS: dict[Verdict, tuple[str, ...]] = {
    Verdict.DIMENSIONS_MISSING: (
        "The width or the height is not declared",
        "Without both, a browser can't keep room for the image, and the page jumps.",
        "Declare the size that the message names, or run `imgcache refresh --fix-dimensions`.",
    ),
    Verdict.DIMENSIONS_SWAPPED: (
        "Width and height are exchanged",
        "Usually a photo that its EXIF orientation turns: browsers show it turned.",
        "Exchange the two values, or run `imgcache refresh --fix-dimensions`.",
    ),
    Verdict.DIMENSIONS_SCALED: (
        "The image has the declared shape, but another size",
        "The aspect ratios agree within 1 %. The page does not jump, but the size is not true.",
        "Declare the true size, or run `imgcache refresh --fix-dimensions`.",
    ),
    Verdict.DIMENSIONS_MISMATCH: (
        "The image has another size and another shape",
        "A page that trusts the declared size jumps while the image loads.",
        (
            "See whether it is still the right image; then declare its true size, or run "
            "`imgcache refresh --fix-dimensions`."
        ),
    ),
    Verdict.GONE: (
        "The image is no longer there",
        "The server answered 404 or 410, or there is no such file in the site.",
        "Replace the image, or remove the entry.",
    ),
    Verdict.BLOCKED: (
        "The server refuses to hand out the image",
        "It answered 401, 403, 407 or 451: it wants a login, or refuses programs.",
        (
            "Put a contact (a page or a mail address) into `fetch.user_agent`: some hosts refuse "
            "programs without one. Else host the image yourself, or set `fetch.headers` for it."
        ),
    ),
    Verdict.RATE_LIMITED: (
        "The host asks for fewer requests",
        "It answered 429 each time.",
        (
            "Run again later. If it stays so, lower `fetch.per_host`, and put a contact into "
            "`fetch.user_agent`: some hosts let programs without one do little."
        ),
    ),
    Verdict.HTTP_ERROR: (
        "The server answered with a status that is no image",
        "A 4xx without a code of its own, a success that is none, or a 304 nobody asked for.",
    ),
    Verdict.SERVER_ERROR: (
        "The server failed",
        "It answered with a 5xx status each time.",
        _AGAIN,
    ),
    Verdict.PROTOCOL_ERROR: (
        "The answer is not proper HTTP",
        "A status out of range, headers without end, or a content coding nobody asked for.",
    ),
    Verdict.DNS_ERROR: (
        "The host name can't be resolved",
        "DNS knows no such name, or did not answer.",
        "Check the host name for a typing error; a host that is gone needs another image.",
    ),
    Verdict.CONNECT_ERROR: (
        "No connection to the host",
        "It was refused, reset, or there is no way to the host.",
        _AGAIN,
    ),
    Verdict.TLS_ERROR: (
        "No safe connection to the host",
        "Its certificate or its TLS is not acceptable. Plain http is never tried instead.",
        (
            "Tell the host's owner, host the image elsewhere, or name your own authority's "
            "certificate with `fetch.ca_file`."
        ),
    ),
    Verdict.TIMEOUT: (
        "The host took too long",
        (
            "Connecting, waiting for bytes, or the attempt as a whole went over its limit "
            "(`fetch.connect_timeout`, `fetch.idle_timeout`, `fetch.deadline`)."
        ),
        _AGAIN,
    ),
    Verdict.REDIRECT_ERROR: (
        "The redirects lead nowhere",
        "A loop, too many of them, no usable Location, or a step from https down to http.",
    ),
    Verdict.FORBIDDEN_ADDRESS: (
        "The URL leads to an address that is not public",
        "The URL, a redirect or a DNS answer leads into a private or reserved network.",
        (
            "Use a public URL. `--allow-private` lets a network of your own through; "
            "`imgcache explain URL` shows each step."
        ),
    ),
    Verdict.UNSUPPORTED_URL: (
        "The URL can't be used",
        (
            "It is empty, not parsable, of another scheme than http and https, or with a password "
            "or a control character in it."
        ),
    ),
    Verdict.TOO_LARGE: (
        "The file is too large",
        "It has, or announces, more bytes than `fetch.max_bytes`.",
        "Use a smaller file, or raise `fetch.max_bytes`.",
    ),
    Verdict.TOO_MANY_PIXELS: (
        "The image is too costly to decode",
        "It has more pixels, frames or scans than the limits, or takes too much time or memory.",
        "Use a smaller image, or raise the `limits.*` settings.",
    ),
    Verdict.EMPTY: (
        "The answer has no bytes",
        "The server says that all is well and sends nothing.",
    ),
    Verdict.NOT_AN_IMAGE: (
        "The answer is no image",
        (
            "It is HTML, text or other bytes that no image format claims: often a page that tells "
            "of an error, a login or a consent."
        ),
        "Write the URL of the image file itself.",
    ),
    Verdict.UNSUPPORTED_FORMAT: (
        "Browsers don't show this image",
        (
            "Its format is not for the web, its Content-Type forbids showing it, or this "
            "installation can't decode it."
        ),
        "Save it as JPEG, PNG, WebP or AVIF, and serve it with the right Content-Type.",
    ),
    Verdict.TRUNCATED: (
        "The image ends early",
        "Bytes are missing at its end; browsers show a part of it.",
    ),
    Verdict.CORRUPT: (
        "The image can't be decoded",
        "It claims a format, but its bytes are broken, or its header lies about its pixels.",
    ),
    Verdict.PLACEHOLDER: (
        "The host shows a stand-in",
        "A single pixel where more is declared, or the same picture for several URLs.",
        "Replace the image: the real one is no longer there.",
    ),
    Verdict.NOT_CACHED: (
        "The article says cached, but there is no sound copy",
        "`isCached` is true; the cache has no such image, or a damaged one.",
        "Run `imgcache refresh`.",
    ),
    Verdict.NOT_CHECKED: (
        "The image was not checked",
        (
            "The time was up, the run was interrupted, or it was offline and never fetched; or the "
            "URL is a path of the site while no `site_root` is set."
        ),
        "Run `imgcache refresh` again, or set `site_root`.",
    ),
    Verdict.LOCAL_ERROR: (
        "This machine could not do its part",
        "The disk or the cache is full, file descriptors ran out, or a decoder did not start.",
        "Fix what the message names, and run again.",
    ),
}

ARTICLE_ERROR = Rule(
    "IMG001",
    "article-error",
    Severity.ERROR,
    "The article could not be read or edited",
    "Its front matter is not what a YAML loader takes, or it can't be edited exactly; the file "
    "was left as it is.",
    "Fix the line that the message names. The other articles are not held up.",
)
"""An article error is no verdict of an entry, but where a format wants a code, this is it."""


def _rule(verdict: Verdict, title: str, meaning: str, remedy: str | None = None) -> Rule:
    if remedy is None:
        clause = REMEDIES[verdict]
        remedy = f"{clause[0].upper()}{clause[1:]}."
    severity = TRAITS[verdict].severity
    return Rule(verdict.code or "", verdict.value, severity, title, meaning, remedy)


_OF_SITES: dict[Breach, tuple[str, str, str]] = {
    Breach.TOO_HEAVY: (
        "The file is heavier than a rule of the site allows",
        "It has more bytes than `max_bytes`, or more a pixel than `max_bytes_per_pixel`.",
        "Compress it more, scale it down, or save it as WebP or AVIF.",
    ),
    Breach.TOO_SMALL: (
        "The image is smaller than a rule of the site wants",
        "It is less wide than `min_width`, or less high than `min_height`.",
        "Use a larger original: scaling up adds no detail.",
    ),
    Breach.TOO_BIG: (
        "The image is larger than a rule of the site allows",
        "It has more pixels than `max_width`, `max_height` or `max_pixels`.",
        "Scale it down to the size at which it is shown, twice that for dense screens.",
    ),
    Breach.WRONG_SHAPE: (
        "The image has another shape than a rule of the site wants",
        "Width through height is not `aspect`, within `aspect_tolerance`.",
        "Crop the image to that shape.",
    ),
    Breach.WRONG_FORMAT: (
        "The image has a format that a rule of the site does not list",
        "Its bytes are of a format that is not in `formats`, whatever its suffix says.",
        "Save it in one of the formats that the message names.",
    ),
    Breach.MISSING_FIELD: (
        "The entry lacks a key that a rule of the site requires",
        "A key of `require` is not there, or is empty.",
        "Write it into the entry: a text that says what is to be seen, whom to credit.",
    ),
    Breach.HAS_POSITION: (
        "The image tells where it was taken",
        "Its EXIF has GPS coordinates, which anybody can read, and a rule forbids them.",
        "Save the image without them, and take the old file off the web.",
    ),
}

RULES = (
    ARTICLE_ERROR,
    *(_rule(verdict, *texts) for verdict, texts in _TEXTS.items()),
    *(
        Rule(breach.code, breach.value, Severity.ERROR, *texts)
        for breach, texts in _OF_SITES.items()
    ),
)
"""Every rule, in the order of the codes."""
