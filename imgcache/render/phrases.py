"""Phrases and printable text that the formats for people share."""

from __future__ import annotations

from collections.abc import Sequence

from imgcache.model import Declared, Size
from imgcache.results import Findings, Summary

_KILO = 1000
_NAMED = 3


def counted(summary: Summary) -> str:
    """What was looked at: `4 image entries in 1 article`."""
    entries = count(summary.entries, "image entry", "image entries")
    return f"{entries} in {count(summary.articles, 'article')}"


def broken(summary: Summary) -> str | None:
    """How often the site's rules are broken; None where they are kept."""
    if not summary.rules:
        return None
    counts = ", ".join(f"{number:,} {breach}" for breach, number in summary.rules.most_common())
    return f"{count(summary.rules.total(), 'rule is', 'rules are')} broken: {counts}"


def fetched(findings: Findings) -> str:
    """What went over the wire, and how long it took."""
    phrase = _asked if findings.command == "verify" else _traffic
    return f"{phrase(findings.summary)} in {findings.seconds:.1f} s"


def _asked(summary: Summary) -> str:
    if not summary.requests and not summary.failed:
        return f"no request was made: {count(summary.urls, 'URL')} looked at"
    return (
        f"{count(summary.urls, 'URL')} looked at, {summary.failed} failed: "
        f"{count(summary.requests, 'request')}, {amount(summary.bytes)}"
    )


def _traffic(summary: Summary) -> str:
    if not summary.requests:
        return f"no request was sent: {summary.fresh} fresh, {summary.failed} failed"
    return (
        f"{summary.downloaded} downloaded, {summary.revalidated} revalidated, "
        f"{summary.fresh} fresh, {summary.failed} failed: "
        f"{count(summary.requests, 'request')}, {amount(summary.bytes)}"
    )


def written(findings: Findings) -> str | None:
    """What became of the articles; None where there is nothing to report."""
    summary = findings.summary
    failed = count(summary.articles_failed, "article")
    if findings.command != "refresh":
        return f"{failed} could not be read" if summary.articles_failed else None
    changed = count(summary.articles_changed, "article")
    if findings.dry_run:
        text = f"{changed} would change, none was written"
    else:
        none = "no article was changed" if summary.articles_failed else "no article needed a change"
        text = f"{changed} changed" if summary.articles_changed else none
    if summary.placeholders:
        verb = "would be" if findings.dry_run else "were" if summary.placeholders > 1 else "was"
        text += f", {count(summary.placeholders, 'placeholder')} {verb} written"
    if summary.articles_failed:
        text += f", {failed} could not be read or edited"
    return text


def known(findings: Findings) -> str | None:
    """What the baseline took out of the report; None where that is nothing."""
    if not findings.known:
        return None
    return f"{count(findings.known, 'known finding')} left out (baseline)"


def unselected(findings: Findings) -> str | None:
    """What was not selected; None where that is nothing."""
    if not findings.unselected:
        return None
    return f"{count(findings.unselected, 'finding')} left out (--select, --ignore)"


def unreached(findings: Findings) -> str | None:
    """What to do about an interrupted run."""
    if not findings.interrupted:
        return None
    return "Not everything was reached; run again for the rest."


def count(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun: `1 article`, `2,000 articles`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def declared_size(declared: Declared) -> str:
    """What an article says of a size: `400 x 300`, `width 400`, `no size`."""
    if declared.size is not None:
        return str(declared.size)
    sides = {"width": declared.width, "height": declared.height}
    said = (f"{name} {side}" for name, side in sides.items() if side is not None)
    return next(said, "no size")


def corrected_size(declared: Declared, true: Size) -> str:
    """What an article says, and should say: `400 x 300 -> 160 x 120`, `width 400 -> width 160`."""
    named = {name: side for name, side in true._asdict().items() if name not in declared.unnamed}
    return f"{declared_size(declared)} -> {declared_size(Declared(**named))}"


def some(names: Sequence[str]) -> str:
    """The first three of many names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def amount(size: int) -> str:
    """Bytes for people, in powers of 1000: `812 kB`."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < _KILO:
            break
        value, unit = value / _KILO, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"  # noqa: PLR2004  one decimal below ten


def printable(text: str, also: str = "") -> str:
    """Text that can't steer a terminal or break a line: what is not printable is escaped.

    `also`: characters that may stay.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() or char in also
        else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )
