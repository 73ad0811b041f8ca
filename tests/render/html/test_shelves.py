from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from imgcache.model import Severity, Verdict
from imgcache.render.html.paging import Page
from imgcache.render.html.shelves import Shelves
from imgcache.render.html.views import DrawnCard, Tone

PER_PAGE = 3
Judged = tuple[Verdict, Severity | None]
SEVERITIES = [Severity.ERROR, Severity.WARNING, Severity.IGNORE, None]
RANKS = {Severity.ERROR: 0, Severity.WARNING: 1}
judged = st.lists(
    st.tuples(st.sampled_from([Verdict.OK, Verdict.GONE]), st.sampled_from(SEVERITIES)),
    max_size=40,
)


def filled(entries: Sequence[Judged]) -> list[Page]:
    shelves = Shelves(Counter(entries), PER_PAGE)
    return [
        page
        for number, (verdict, severity) in enumerate(entries)
        for page in shelves.put(verdict, DrawnCard(Tone.of(severity), str(number)))
    ]


@given(judged)
def test_pages_are_those_of_the_sorted_entries(entries: Sequence[Judged]) -> None:
    pages = filled(entries)
    for wanted in (None, Verdict.OK, Verdict.GONE):
        chosen = [at for at, one in enumerate(entries) if wanted in (None, one[0])]
        chosen.sort(key=lambda at: RANKS.get(entries[at][1] or Severity.IGNORE, 2))
        mine = sorted(
            (one for one in pages if one.selection.verdict is wanted),
            key=lambda one: one.selection.page,
        )
        assert [int(card.html) for page in mine for card in page.cards] == chosen
        assert all(len(page.cards) == PER_PAGE for page in mine[:-1])
        assert {(page.total, page.pages) for page in mine} <= {(len(chosen), len(mine))}


def test_a_page_is_handed_out_when_it_is_full() -> None:
    shelves = Shelves(Counter({(Verdict.OK, None): 7}), PER_PAGE)
    card = DrawnCard(Tone.OK, "")
    came = [[page.selection.page for page in shelves.put(Verdict.OK, card)] for _ in range(7)]
    assert came == [[], [], [1, 1], [], [], [2, 2], [3, 3]]
