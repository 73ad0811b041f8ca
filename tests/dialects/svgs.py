"""SVG in its dialects: all ways to say a size, or not to, and all ways to write the text."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from imgcache.model import Verdict
from tests.dialects.dialect import UNSIZED, Dialect
from tests.dialects.svg_roots import ANIMATIONS, SIZED, SIZINGS
from tests.support import pictures

LABEL = "image/svg+xml"
_TEXT = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60"><g/></svg>'
_LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


def svg(
    data: bytes, size: tuple[int, int] | None, verdict: Verdict = Verdict.OK,
    sized: tuple[int, int] | None = None, differs: str | None = None,
) -> Dialect:  # fmt: skip
    """An SVG with its label."""
    return Dialect(data, size, verdict, sized, LABEL, differs)


SVGS: Mapping[str, Dialect] = {
    **{f"[{a}]": svg(pictures.svg(a), size) for a, size in SIZINGS.items()},
    **{f"[{a}] {body}": svg(pictures.svg(a, body=body), size)
       for (a, body), size in ANIMATIONS.items()},
    "an animation that began before": svg(
        pictures.svg(SIZED, body='<animate attributeName="width" from="0" to="100" dur="10s" '
                     'begin="-5s"/>'), (50, 60), Verdict.OK, (80, 60), "animations",
    ),
    "an animation that adds": svg(
        pictures.svg(SIZED, body='<animate attributeName="width" from="5" to="10" dur="10s" '
                     'additive="sum"/>'), (85, 60), Verdict.OK, (80, 60), "animations",
    ),
    "an animation that follows another": svg(
        pictures.svg(SIZED, body='<set id="a" attributeName="width" to="9"/>'
                     '<set attributeName="height" to="9" begin="a.begin"/>'),
        (9, 9), Verdict.OK, (9, 60), "animations",
    ),
    "copies of copies": svg(
        pictures.svg(SIZED, body='<g id="a"><path/></g><g id="b"><use href="#a"/></g>'
                     '<use href="#b"/><use href="#c"/>'), (80, 60)
    ),
    "a copy in what it copies": svg(
        pictures.svg(SIZED, body='<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'),
        (80, 60)
    ),
    "utf-8 with its mark": svg(b"\xef\xbb\xbf" + _TEXT.encode(), (80, 60)),
    "utf-16, little end first": svg(("\ufeff" + _TEXT).encode("utf-16-le"), (80, 60)),
    "utf-16, big end first": svg(("\ufeff" + _TEXT).encode("utf-16-be"), (80, 60)),
    "utf-16 that says so": svg(
        ('\ufeff<?xml version="1.0" encoding="UTF-16"?>' + _TEXT).encode("utf-16-le"), (80, 60)
    ),
    "a declaration that is wrong": svg(
        b'<?xml version="1.0" encoding="klingon"?>' + _TEXT.encode(), (80, 60)
    ),
    "latin-1 in ascii": svg(
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + _TEXT.encode(), (80, 60)
    ),
    "latin-1": svg(
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + _TEXT.encode()[:-6] + b"\xe9</svg>",
        None, Verdict.CORRUPT, (80, 60)
    ),
    "utf-16 without a mark": svg(_TEXT.encode("utf-16-le"), None, Verdict.NOT_AN_IMAGE),
    "utf-32": svg(("\ufeff" + _TEXT).encode("utf-32-le"), None, Verdict.NOT_AN_IMAGE),
    "a declaration": svg(b'<?xml version="1.0" standalone="no"?>\n' + _TEXT.encode(), (80, 60)),
    "a document type": svg(
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
        b'"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">' + _TEXT.encode(), (80, 60)
    ),
    "a style sheet": svg(
        b'<?xml-stylesheet type="text/css" href="x.css"?>' + _TEXT.encode(), (80, 60)
    ),
    "comments": svg(b"<!-- <svg> -->\n<!-- x -->" + _TEXT.encode() + b"<!-- y -->", (80, 60)),
    "blanks before": svg(b"\n  " + _TEXT.encode(), (80, 60)),
    "a prefix": svg(
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg" width="80" height="60"/>', (80, 60)
    ),
    "single quotes": svg(_TEXT.replace('"', "'").encode(), (80, 60)),
    "adobe's entities": svg(
        b'<!DOCTYPE svg [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]>'
        b'<svg xmlns="&ns_svg;" width="80" height="60"/>', (80, 60)
    ),
    "a size in an entity": svg(
        b'<!DOCTYPE svg [<!ENTITY w "80">]><svg xmlns="http://www.w3.org/2000/svg" width="&w;" '
        b'height="60"/>', (80, 60)
    ),
    "a size in character references": svg(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="&#56;&#x30;" height="60"/>', (80, 60)
    ),
    "a default attribute": svg(
        b'<!DOCTYPE svg [<!ATTLIST svg width CDATA "80">]>'
        b'<svg xmlns="http://www.w3.org/2000/svg" height="60"/>', (80, 60)
    ),
    "an external picture": svg(
        pictures.svg(SIZED, body='<image href="http://127.0.0.1:9/x.png" width="9" height="9"/>'),
        (80, 60),
    ),
    "a script": svg(
        pictures.svg(SIZED, body="<script>document.documentElement.setAttribute('width', 9)"
                     "</script>"), (80, 60)
    ),
    "a style element": svg(
        pictures.svg(SIZED, body="<style>svg { width: 90px; height: 70px }</style>"), (80, 60)
    ),
    "an external entity": svg(
        pictures.svg(prolog='<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
                     body="&e;"), (80, 60), Verdict.CORRUPT, UNSIZED, "entities"
    ),
    "entities in entities": svg(
        pictures.svg(prolog='<!DOCTYPE svg [<!ENTITY a "b"><!ENTITY c "&a;">]>', body="&c;"),
        (80, 60), Verdict.CORRUPT, UNSIZED, "entities"
    ),
    "a parameter entity": svg(
        pictures.svg(prolog='<!DOCTYPE svg [<!ENTITY % a "b">]>'),
        (80, 60), Verdict.CORRUPT, UNSIZED, "entities"
    ),
    "more entities than an editor writes": svg(
        pictures.svg(prolog="<!DOCTYPE svg ["
                     + "".join(f'<!ENTITY e{i} "x">' for i in range(65)) + "]>"),
        (80, 60), Verdict.CORRUPT, UNSIZED, "entities"
    ),
    "a billion laughs": svg(
        pictures.svg(prolog=f'<!DOCTYPE svg [<!ENTITY l0 "ha">{_LAUGHS}]>', body="&l9;"),
        None, Verdict.CORRUPT
    ),
    "a calculated width": svg(
        pictures.svg('width="calc(40px + 40px)" height="60"'), (80, 60), Verdict.OK, (300, 60),
        "calculations",
    ),
    "a shorthand of fonts": svg(
        pictures.svg('width="10em" height="60" style="font: 20px serif"'), (200, 60), Verdict.OK,
        (160, 60), "fonts",
    ),
    "a font size in a style element": svg(
        pictures.svg('width="10em" height="60"', body="<style>svg { font-size: 20px }</style>"),
        (200, 60), Verdict.OK, (160, 60), "fonts",
    ),
    "a line height in a style element": svg(
        pictures.svg('width="10lh" height="60"', body="<style>svg { line-height: 2 }</style>"),
        (320, 60), Verdict.OK, (180, 60), "fonts",
    ),
    "a version that is none": svg(
        b'<?xml version="2.0"?>' + _TEXT.encode(), None, Verdict.OK, (80, 60), "limits of libxml2"
    ),
    "elements in elements": svg(
        pictures.svg(SIZED, body="<g>" * 6000 + "</g>" * 6000), None, Verdict.OK, (80, 60),
        "limits of libxml2",
    ),
    "an unknown entity": svg(
        pictures.svg(SIZED, body="&unknown;"), None, Verdict.CORRUPT, (80, 60)
    ),
    "an entity of html behind svg's document type": svg(
        pictures.svg(SIZED, body="<text>&nbsp;</text>",
                     prolog='<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
                     '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'),
        None, Verdict.CORRUPT, (80, 60),
    ),
    "no namespace": svg(b'<svg width="80" height="60"/>', None, Verdict.CORRUPT),
    "a foreign namespace": svg(
        b'<svg xmlns="http://www.w3.org/1999/xhtml" width="80" height="60"/>', None,
        Verdict.CORRUPT
    ),
    "an unbound prefix": svg(
        pictures.svg(SIZED, body='<a x:b="c"/>'), None, Verdict.CORRUPT, (80, 60)
    ),
    "no end": svg(_TEXT.encode()[:-6], None, Verdict.TRUNCATED, (80, 60)),
    "tags that cross": svg(
        pictures.svg(SIZED, body="<g><path></g></path>"), None, Verdict.CORRUPT, (80, 60)
    ),
    "text behind its end": svg(_TEXT.encode() + b"hello", None, Verdict.CORRUPT, (80, 60)),
    "two widths": svg(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="80" width="90" height="60"/>', None,
        Verdict.CORRUPT
    ),
    "another root": svg(
        b'<g xmlns="http://www.w3.org/2000/svg"/>', None, Verdict.NOT_AN_IMAGE
    ),
    "compressed": svg(gzip.compress(_TEXT.encode(), mtime=0), None, Verdict.NOT_AN_IMAGE),
    "without its label": Dialect(_TEXT.encode(), None, Verdict.UNSUPPORTED_FORMAT, (80, 60)),
}  # fmt: skip
