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
        ('width="10/**/px" height="60"', (300, 60)),
        ('viewBox="10 20 33.3 44.4"', (112, 150)),
        ('viewBox="10 20 33.3 44.4" height="10"', (7, 10)),
        ('width="10em" height="60" font-size="-5"', (160, 60)),
        ('width="10lh" height="60" font-size="32"', (370, 60)),
        ('width="10lh" height="60" style="line-height: 2"', (320, 60)),
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


def test_a_beginning_does_not_tell_the_size_as_any_element_may_change_it() -> None:
    data = pictures.svg(body='<g/>\n<set attributeName="width" to="10"/>')
    assert [walk(data[:end]).headed for end in (data.index(b"\n"), len(data))] == [False, True]
    assert walk(data).size == (10, 60)


def nested(levels: int, each: int) -> bytes:
    """Groups in which each uses the one before so many times."""
    groups = "".join(
        f'<g id="g{level}">{f"""<use href="#g{level - 1}"/>""" * each}</g>'
        for level in range(1, levels)
    )
    body = f'<defs><g id="g0"><path/></g>{groups}</defs><use href="#g{levels - 1}"/>'
    return pictures.svg(body=body)


@pytest.mark.parametrize(("levels", "each"), [(2, 1), (4, 50), (100, 1)])
def test_as_many_copies_as_a_browser_makes_are_fine(levels: int, each: int) -> None:
    assert walk(nested(levels, each)).flaw is None


@pytest.mark.parametrize(("levels", "each"), [(7, 10), (5, 60), (30, 2), (2000, 2)])
def test_copies_that_no_browser_can_make_are_too_many_and_keep_their_size(
    levels: int, each: int
) -> None:
    structure = walk(nested(levels, each))
    assert (structure.flaw, structure.size) == (Verdict.TOO_MANY_PIXELS, (80, 60))
    assert "copies" in structure.detail


def test_parts_that_all_use_each_other_are_too_many() -> None:
    uses = "".join(f'<use href="#p{number}"/>' for number in range(40))
    parts = "".join(f'<g id="p{number}">{uses}</g>' for number in range(40))
    assert walk(pictures.svg(body=parts)).flaw is Verdict.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    "body",
    [
        '<g id="a"><use href="#a"/></g>',
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
        '<use href="#none"/><use href="other.svg#a"/><use/>',
        '<g id="a"/><g id="a"><path/></g><use href="#a"/>',
    ],
)
def test_uses_that_lead_nowhere_or_back_make_nothing_endless(body: str) -> None:
    assert walk(pictures.svg(body=body)).flaw is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_attribute_value_breaks_the_size(width: str, box: str) -> None:
    assert min(intrinsic_size({"width": width, "viewBox": box})) >= 0


_TEXTS = st.text("0123456789.+-eE%;:/* \t!xXpmchlvwr", max_size=30)


@given(_TEXTS, _TEXTS, st.sampled_from(["1e999", "-1e999", "0", "1e999vw", "1e-999em", "9e9%"]))
def test_no_font_breaks_the_size(width: str, style: str, font: str) -> None:
    styled = f"{style};font-size:{style};line-height:{font};line-height:{style}"
    for size in (font, style):
        given = {"width": f"1{width}ch", "height": "1lh", "style": styled, "font-size": size}
        assert min(intrinsic_size(given)) >= 0
