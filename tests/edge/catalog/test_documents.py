from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.core.cache.layout import image_path, thumbnail_path
from imgcache.edge.catalog import documents
from imgcache.findings import BrokenRule
from imgcache.model import Breach, Declared, Format, Severity, Side, Size, Source, Verdict
from imgcache.results import CachedThumbnail, EntryResult

SHA256 = "ab" * 32
# All that YAML can spell, halves of surrogate pairs, too.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
SIDES = st.none() | st.integers(0, 10**9)
FORMATS = st.sampled_from(Format)
THUMBNAILS = st.builds(
    CachedThumbnail,
    st.just("small"),
    st.just(thumbnail_path("small", SHA256, "webp")),
    st.integers(1, 400),
    st.integers(1, 400),
)

BROKEN = st.builds(
    BrokenRule,
    TEXTS,
    st.sampled_from(Breach),
    st.sampled_from(Severity),
    TEXTS,
    st.booleans(),
)
WRITTEN = st.builds(
    Side,
    st.sampled_from(("width", "height")),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.integers(1, 100),
    st.none() | TEXTS,
)


@st.composite
def results(draw: st.DrawFn) -> EntryResult:
    fmt = draw(st.none() | FORMATS)
    held = fmt is not None and draw(st.booleans())
    flags = st.none() | st.booleans()
    return EntryResult(
        "articles/a.md",
        draw(st.integers(1, 10**6)),
        draw(st.integers(1, 10**6)),
        draw(TEXTS),
        draw(TEXTS),
        verdict=draw(st.sampled_from(Verdict)),
        severity=draw(st.none() | st.sampled_from(Severity)),
        message=draw(st.none() | TEXTS),
        declared=Declared(
            draw(SIDES), draw(SIDES), draw(flags), (("width", draw(TEXTS)),), ("height",)
        ),
        actual=draw(st.none() | st.builds(Size, st.integers(0, 10**9), st.integers(0, 10**9))),
        cached=draw(flags),
        format=fmt,
        bytes=draw(SIDES),
        sha256=SHA256 if held else None,
        status=draw(st.none() | st.integers(100, 999)),
        source=draw(st.none() | st.sampled_from(Source)),
        path=image_path(SHA256, fmt) if held and fmt else None,
        thumbnails=tuple(draw(st.lists(THUMBNAILS, max_size=2))),
        excerpt=draw(st.none() | TEXTS),
        known=draw(st.booleans()),
        broken=tuple(draw(st.lists(BROKEN, max_size=2))),
        sides=tuple(draw(st.lists(WRITTEN, max_size=2))),
        fixable=draw(st.booleans()),
    )


@given(result=results())
def test_an_entry_is_read_as_it_was_written(result: EntryResult) -> None:
    read = documents.entry_result(result.article, documents.entry_text(result))
    assert read == result
    assert read.declared.strange == result.declared.strange


@given(result=results(), flag=st.none() | st.booleans(), answered=st.none() | st.just(304))
def test_a_fresh_entry_has_the_flag_and_the_status_of_its_answer(
    result: EntryResult, flag: bool | None, answered: int | None
) -> None:
    result = replace(result, source=Source.OFFLINE)
    text = documents.entry_text(result, flag=flag, answered=answered)
    read = documents.fresh_result(result.article, text)
    assert (read.source, read.status) == (Source.FRESH, answered)
    assert read.cached == (result.declared.cached if flag is None else flag)
    kept = replace(read, source=result.source, status=result.status, cached=result.cached)
    assert kept == result
