"""The size of an SVG as browsers report it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.images.svg import walk
from imgcache.core.images.svg_size import intrinsic_size
from imgcache.model import Verdict
from tests.support import pictures


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('width="80" height="60"', (80, 60)),
        ('width="80px" height="1in"', (80, 96)),
        ('width="2.54cm" height="25.4mm"', (96, 96)),
        ('width="12pt" height="2pc"', (16, 32)),
        ('width="2em" height="1e2"', (32, 100)),
        ('width="744.09" height="1052.36"', (744, 1052)),
        ('width="79.6" height="60"', (80, 60)),
        ("", (300, 150)),
        ('width="80"', (80, 150)),
        ('height="80"', (300, 80)),
        ('viewBox="0 0 8 8"', (150, 150)),
        ('viewBox="0 0 480 360"', (200, 150)),
        ('viewBox="0,0,400,100"', (300, 75)),
        ('width="100" viewBox="0 0 200 100"', (100, 50)),
        ('height="100" viewBox="0 0 200 100"', (200, 100)),
        ('width="100%" height="100%" viewBox="0 0 480 360"', (200, 150)),
        ('width="100" viewBox="0 0 2 1" preserveAspectRatio="none"', (300, 150)),
        ('viewBox="0 0 0 5"', (300, 150)),
        ('viewBox="nonsense" width="auto"', (300, 150)),
        ('width="-5" height="60"', (0, 60)),
        ('width="80" height="60" style="width: 90px; fill: red; height:70px"', (80, 60)),
    ],
)
def test_the_size_is_that_of_the_css_rules(attributes: str, expected: tuple[int, int]) -> None:
    structure = walk(pictures.svg(attributes))
    assert (structure.size, structure.flaw) == (expected, None)


def test_text_that_stops_is_truncated_and_keeps_its_size() -> None:
    whole = pictures.svg(body="<g><path/></g>")
    structure = walk(whole[:-8])
    assert (structure.flaw, structure.size) == (Verdict.TRUNCATED, (80, 60))


@pytest.mark.parametrize(
    "data",
    [
        b"<svg width='1' height='1'/>",
        b"<svg xmlns='http://www.w3.org/1999/xhtml'/>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><g></svg>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>&unknown;</svg>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>caf\xe9</svg>",
        b"<!DOCTYPE svg SYSTEM 'x.dtd'><svg xmlns='http://www.w3.org/2000/svg'>&nbsp;</svg>",
    ],
)
def test_what_is_no_svg_document_is_corrupt(data: bytes) -> None:
    assert walk(data).flaw is Verdict.CORRUPT


def test_entities_that_expand_into_each_other_are_refused_before_they_do() -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    bomb = pictures.svg(prolog=f'<!DOCTYPE svg [<!ENTITY l0 "ha">{laughs}]>', body="&l9;")
    assert walk(bomb).flaw is Verdict.CORRUPT


def test_an_external_entity_is_refused() -> None:
    leak = pictures.svg(
        prolog='<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/hostname">]>', body="&e;"
    )
    assert walk(leak).flaw is Verdict.CORRUPT


def test_the_namespaces_that_editors_declare_as_entities_are_fine() -> None:
    data = (
        b'<!DOCTYPE svg [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]>'
        b'<svg xmlns="&ns_svg;" width="5" height="4"/>'
    )
    structure = walk(data)
    assert (structure.size, structure.flaw) == ((5, 4), None)


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_attribute_value_breaks_the_size(width: str, box: str) -> None:
    assert min(intrinsic_size({"width": width, "viewBox": box})) >= 0
