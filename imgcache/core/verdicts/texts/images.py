"""Texts of verdicts on an image itself: its size, its content, and what a run knows of it."""

from __future__ import annotations

from imgcache.core.verdicts.drift import Replaced
from imgcache.core.verdicts.texts.text import BRIDGE, Example, Text, failed, measured
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.model import Breach, Declared, Format, Size, Verdict

# For an image that has no size of its own, which no entry can declare.
_NO_SIZE = "give the image a size of its own"

IMAGE_TEXTS: dict[Verdict | Breach, Text] = {
    Verdict.OK: Text(
        "All is well",
        "A whole, decodable image; its size is what the article declares.",
        "nothing is to be done",
        measured(1600, 1035, (1600, 1035)),
    ),
    Verdict.DIMENSIONS_MISSING: Text(
        "The width or the height is not declared",
        "Without both, a browser can't keep room for the image, and the page jumps.",
        _NO_SIZE,
        measured(1600, None, (1600, 1035)),
        (
            "Declare the size that the message names. In YAML front matter "
            "`imgcache refresh --fix-dimensions` does."
        ),
    ),
    Verdict.DIMENSIONS_SWAPPED: Text(
        "Width and height are exchanged",
        "Usually a photo that its EXIF orientation turns: browsers show it turned.",
        _NO_SIZE,
        measured(1600, 1035, (1035, 1600)),
        "Exchange the two values. In YAML front matter `imgcache refresh --fix-dimensions` does.",
    ),
    Verdict.DIMENSIONS_SCALED: Text(
        "The image has the declared shape, but another size",
        "The aspect ratios agree within 1 %. The page does not jump, but the size is not true.",
        _NO_SIZE,
        measured(1600, 1035, (800, 517)),
        "Declare the true size. In YAML front matter `imgcache refresh --fix-dimensions` does.",
    ),
    Verdict.DIMENSIONS_MISMATCH: Text(
        "The image has another size and another shape",
        "A page that trusts the declared size jumps while the image loads.",
        _NO_SIZE,
        measured(1600, 1035, (1600, 900)),
        (
            "See whether it is still the right image; then declare its true size. In YAML front "
            "matter `imgcache refresh --fix-dimensions` does."
        ),
    ),
    Verdict.TOO_LARGE: Text(
        "The file is too large",
        "It has, or announces, more bytes than `fetch.max_bytes`.",
        "use a smaller file, or raise fetch.max_bytes",
        failed(
            Verdict.TOO_LARGE,
            "the server announces 52428800 bytes, and the limit is 33554432",
        ),
        "Use a smaller file, or raise `fetch.max_bytes`.",
    ),
    Verdict.TOO_MANY_PIXELS: Text(
        "The image is too costly to decode",
        "It has more pixels, frames or scans than the limits, or takes too much time or memory.",
        "use a smaller image, or raise the limits.* settings",
        failed(Verdict.TOO_MANY_PIXELS, "it has 400,000,000 pixels; the limit is 64,000,000"),
        "Use a smaller image, or raise the `limits.*` settings.",
    ),
    Verdict.EMPTY: Text(
        "The answer has no bytes",
        "The server says that all is well and sends nothing.",
        "upload the image again",
        failed(Verdict.EMPTY, "the server answered without a single byte"),
    ),
    Verdict.NOT_AN_IMAGE: Text(
        "The answer is no image",
        (
            "It is HTML, text or other bytes that no image format claims: often a page that tells "
            "of an error, a login or a consent."
        ),
        "the URL must lead to the image file itself",
        failed(Verdict.NOT_AN_IMAGE, "it is an HTML page", "https://example.com/photos/bridge"),
        "Write the URL of the image file itself.",
    ),
    Verdict.UNSUPPORTED_FORMAT: Text(
        "Browsers don't show this image",
        (
            "Its format is not for the web, its Content-Type forbids showing it, or this "
            "installation can't decode it."
        ),
        "save it as JPEG, PNG, WebP or AVIF, with the right Content-Type",
        failed(
            Verdict.UNSUPPORTED_FORMAT,
            "it is a TIFF image, which browsers don't show",
            "https://example.com/bridge.tiff",
        ),
        "Save it as JPEG, PNG, WebP or AVIF, and serve it with the right Content-Type.",
    ),
    Verdict.TRUNCATED: Text(
        "The image ends early",
        "Bytes are missing at its end; browsers show a part of it.",
        "upload the image again",
        failed(Verdict.TRUNCATED, "the connection was lost before the body was whole"),
    ),
    Verdict.CORRUPT: Text(
        "The image can't be decoded",
        "It claims a format, but its bytes are broken, or its header lies about its pixels.",
        "save and upload the image again",
        failed(Verdict.CORRUPT, "its header gives no size"),
    ),
    Verdict.PLACEHOLDER: Text(
        "The host shows a stand-in",
        (
            "A single pixel where more is declared, or the same picture for three or more URLs of "
            "a host that declare another size."
        ),
        "the host shows a stand-in; replace the image",
        measured(1600, 1035, (1, 1)),
        "Replace the image: the real one is no longer there.",
    ),
    Verdict.REPLACED: Text(
        "The URL shows another picture than before",
        (
            "The image is sound and has the declared size, but it does not look like the last good "
            "copy. That is told for as long as `drift.remember` says, and blocks nothing."
        ),
        "see whether it is still the right image; the cache keeps the earlier one for now",
        Example(
            evidence=Evidence(
                measured=Measured(Size(1600, 1035), Format.JPEG, 183_211),
                replaced=Replaced(1_763_899_200.0, 1_764_504_000.0),
            )
        ),
        (
            "Compare the two pictures in the gallery. If the new one is wrong, name another URL or "
            "serve the earlier copy from your own site: the cache keeps it until "
            "`imgcache cache gc`. If it is right, nothing is to be done."
        ),
    ),
    Verdict.NOT_CACHED: Text(
        "The article says cached, but there is no sound copy",
        "`isCached` is true; the cache has no such image, or a damaged one.",
        "run imgcache refresh",
        Example(BRIDGE, Declared(1600, 1035, cached=True)),
        "Run `imgcache refresh`.",
    ),
    Verdict.NOT_CHECKED: Text(
        "The image was not checked",
        (
            "The time was up, the run was interrupted, or it was offline and never fetched; or the "
            "URL is a path of the site while no `site_root` is set."
        ),
        "run imgcache refresh again",
        Example(),
        "Run `imgcache refresh` again, or set `site_root`.",
    ),
    Verdict.LOCAL_ERROR: Text(
        "This machine could not do its part",
        "The disk or the cache is full, file descriptors ran out, or a decoder did not start.",
        "fix this machine and run again",
        failed(Verdict.LOCAL_ERROR, "this machine: no space left on device"),
        "Fix what the message names, and run again.",
    ),
}
