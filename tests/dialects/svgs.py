"""SVG in its dialects: all ways to say a size, or not to, and all ways to write the text."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from imgcache.model import Verdict
from tests.dialects.dialect import UNSIZED, Dialect
from tests.support import pictures

LABEL = "image/svg+xml"
_SIZED = 'width="80" height="60"'
_TEXT = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60"><g/></svg>'
_LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


def svg(
    data: bytes, size: tuple[int, int] | None, verdict: Verdict = Verdict.OK,
    sized: tuple[int, int] | None = None, differs: str | None = None,
) -> Dialect:  # fmt: skip
    """An SVG with its label."""
    return Dialect(data, size, verdict, sized, LABEL, differs)


# The attributes of a root element, and the size that follows.
SIZINGS: Mapping[str, tuple[int, int]] = {
    _SIZED: (80, 60),
    'width="80px" height="60px"': (80, 60),
    'width=" 80 " height="\n60\t"': (80, 60),
    'width="80PX" height="60Px"': (80, 60),
    'width="1in" height="2.54cm"': (96, 96),
    'width="25.4mm" height="101.6Q"': (96, 96),
    'width="12pt" height="2pc"': (16, 32),
    'width="2em" height="4ex"': (32, 29),
    'width="2rem" height="4ch"': (32, 32),
    'width="1e2" height="1.5E1"': (100, 15),
    'width=".5e2" height="+60"': (50, 60),
    'width="80.4" height="60.5"': (80, 61),
    'width="80.6" height="0.4"': (81, 0),
    'width="744.09448819" height="1052.3622047"': (744, 1052),
    'width="0" height="0"': (0, 0),
    'width="0" height="60"': (0, 60),
    'width="0" height="0" viewBox="0 0 4 3"': (0, 0),
    'width="-80" height="60"': (0, 60),
    'width="-80" height="60" viewBox="0 0 4 3"': (0, 60),
    'width="80 px" height="60"': (300, 60),
    'width="80;" height="60"': (300, 60),
    'width="80foo" height="60"': (300, 60),
    'width="eighty" height="60"': (300, 60),
    'width="" height="60"': (300, 60),
    'width="auto" height="auto"': (300, 150),
    'width="80,5" height="60"': (300, 60),
    'width="1e" height="60"': (300, 60),
    'width="10vw" height="60"': (0, 60),
    'width="80" height="50%"': (80, 150),
    "": (300, 150),
    'width="80"': (80, 150),
    'height="80"': (300, 80),
    'width="100%"': (300, 150),
    'width="100%" height="100%"': (300, 150),
    'width="50%" height="60"': (300, 60),
    'viewBox="0 0 8 8"': (150, 150),
    'viewBox="0 0 480 360"': (200, 150),
    'viewBox="0,0,400,100"': (300, 75),
    'viewBox="0 0 100 400"': (38, 150),
    'viewBox="-10 -10 40 30"': (200, 150),
    'viewBox="0 0 1e2 50"': (300, 150),
    'viewBox="0 0 0 5"': (300, 150),
    'viewBox="0 0 5 0"': (300, 150),
    'viewBox="0 0 -5 5"': (300, 150),
    'viewBox="0 0 5"': (300, 150),
    'viewBox="0 0 40 10 3"': (300, 150),
    'viewBox="none"': (300, 150),
    'viewBox="0 0 40px 10px"': (300, 150),
    'viewBox=""': (300, 150),
    'viewBox="  0  ,  0 , 40 , 10  "': (300, 75),
    'viewBox="0,,0,40,10"': (300, 150),
    'viewBox="0-0 40 10"': (300, 75),
    'viewbox="0 0 40 10"': (300, 150),
    'WIDTH="80" HEIGHT="60"': (300, 150),
    'width="100" viewBox="0 0 200 100"': (100, 50),
    'height="100" viewBox="0 0 200 100"': (200, 100),
    'width="100" height="auto" viewBox="0 0 200 100"': (100, 50),
    'width="100%" height="100%" viewBox="0 0 480 360"': (200, 150),
    'width="100%" height="60" viewBox="0 0 480 360"': (80, 60),
    'width="100" height="100%" viewBox="0 0 480 360"': (100, 75),
    'width="100" height="60" viewBox="0 0 1 1"': (100, 60),
    'viewBox="0 0 40 10" preserveAspectRatio="none"': (300, 150),
    'width="100" viewBox="0 0 2 1" preserveAspectRatio="none"': (300, 150),
    'width="80" height="60" viewBox="0 0 2 1" preserveAspectRatio="none"': (80, 60),
    'viewBox="0 0 40 10" preserveAspectRatio="xMinYMin slice"': (300, 75),
    'viewBox="0 0 40 10" preserveAspectRatio="none slice"': (300, 150),
    'viewBox="0 0 40 10" preserveAspectRatio="nonesuch"': (300, 75),
    'viewBox="0 0 40 10" preserveAspectRatio="NONE"': (300, 75),
    'width="100" preserveAspectRatio="none"': (300, 150),
    'height="100" preserveAspectRatio="none"': (300, 150),
    'width="80" height="60" style="width:90px;height:70px"': (80, 60),
    'style="width: 90px; fill: red; height:70px"': (300, 150),
    'width="80" height="60" style="max-width: 40px; min-height: 90px"': (80, 60),
    'width="80" height="60" style="width: 50%"': (80, 60),
    'font-size="20" width="2em" height="60"': (40, 60),
    'width="4cap" height="4ic"': (42, 64),
    'width="4rex" height="4lh"': (29, 72),
    'width="10dvh" height="10cqw"': (0, 0),
    'width="10fr" height="60"': (300, 60),
    'width="10em" height="60" style="color: red; font-size: 20px"': (200, 60),
    'width="10rem" height="60" font-size="20"': (200, 60),
    'width="10em" height="60" font-size="10pt"': (133, 60),
    'width="10em" height="60" font-size="200%"': (320, 60),
    'width="10em" height="60" font-size="2em"': (320, 60),
    'width="10ex" height="60" font-size="32"': (147, 60),
    'width="80." height="60."': (300, 150),
    'width="0x50" height="60"': (300, 60),
    'width="80/**/" height="/* high */60"': (80, 60),
    'width="80!important" height="60"': (300, 60),
    'width="80\u00a0" height="60"': (300, 60),
    'width="\u0668\u0660" height="60"': (300, 60),
    'width="nan" height="inf"': (300, 150),
    'width="1e500" height="1e-50"': (33554428, 0),
    'width="33554430" height="33554427"': (33554428, 33554428),
    'width="79.4999999" height="0.49999"': (80, 0),
    'width="-0" height="60"': (0, 60),
    'width="-1%" height="60"': (300, 60),
    'width="0%" height="60" viewBox="0 0 4 3"': (80, 60),
    'width="-5" viewBox="0 0 8 8"': (0, 0),
    'width="max-content" height="60" viewBox="0 0 2 1"': (120, 60),
    'viewBox="0 0 1 100000"': (0, 150),
    'viewBox="0 0 1e38 1e-38"': (300, 150),
    'viewBox="0 0 1e39 1"': (300, 150),
    'viewBox="0 0 40 10,"': (300, 150),
    'viewBox=",0 0 40 10"': (300, 150),
    'viewBox="0;0;40;10"': (300, 150),
    'viewBox="(0 0 40 10)"': (300, 150),
    'viewBox="0 0 +40 +1e1"': (300, 75),
    'viewBox="0 0 .5.25"': (300, 150),
    'viewBox="0 0 40. 10"': (300, 150),
    'viewBox="0 0 4e 10"': (300, 150),
    'viewBox="0 0 40 10" preserveAspectRatio="none "': (300, 150),
    'viewBox="0 0 40 10" preserveAspectRatio="none foo"': (300, 75),
    'viewBox="0 0 40 10" preserveAspectRatio="none,"': (300, 75),
    'viewBox="0 0 40 10" preserveAspectRatio="xMidYMid none"': (300, 75),
    'viewBox="0 0 40 10" style="aspect-ratio: 1/1"': (300, 75),
    'width="80" height="60" transform="scale(2)"': (80, 60),
    'width="80" height="60" display="none"': (80, 60),
    's:width="80" xmlns:s="http://www.w3.org/2000/svg" height="60"': (300, 60),
    'width="99999999999" height="60"': (33554428, 60),
}

SVGS: Mapping[str, Dialect] = {
    **{f"[{a}]": svg(pictures.svg(a), size) for a, size in SIZINGS.items()},
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
        pictures.svg(_SIZED, body='<image href="http://127.0.0.1:9/x.png" width="9" height="9"/>'),
        (80, 60),
    ),
    "a script": svg(
        pictures.svg(_SIZED, body="<script>document.documentElement.setAttribute('width', 9)"
                     "</script>"), (80, 60)
    ),
    "a style element": svg(
        pictures.svg(_SIZED, body="<style>svg { width: 90px; height: 70px }</style>"), (80, 60)
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
    "a font size by name": svg(
        pictures.svg('width="10em" height="60" font-size="large"'), (180, 60), Verdict.OK,
        (160, 60), "font sizes by name",
    ),
    "a version that is none": svg(
        b'<?xml version="2.0"?>' + _TEXT.encode(), None, Verdict.OK, (80, 60), "limits of libxml2"
    ),
    "elements in elements": svg(
        pictures.svg(_SIZED, body="<g>" * 6000 + "</g>" * 6000), None, Verdict.OK, (80, 60),
        "limits of libxml2",
    ),
    "an unknown entity": svg(
        pictures.svg(_SIZED, body="&unknown;"), None, Verdict.CORRUPT, (80, 60)
    ),
    "an entity of html behind svg's document type": svg(
        pictures.svg(_SIZED, body="<text>&nbsp;</text>",
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
        pictures.svg(_SIZED, body='<a x:b="c"/>'), None, Verdict.CORRUPT, (80, 60)
    ),
    "no end": svg(_TEXT.encode()[:-6], None, Verdict.TRUNCATED, (80, 60)),
    "tags that cross": svg(
        pictures.svg(_SIZED, body="<g><path></g></path>"), None, Verdict.CORRUPT, (80, 60)
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
