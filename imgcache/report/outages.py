"""Hosts that are down as a whole: one line each, not one for every image they should serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from imgcache.core.gate import WebUrl, parse_web
from imgcache.model import HOST_VERDICTS, Severity, Verdict
from imgcache.report.findings import EntryResult, Findings

_FEW = 5


@dataclass(slots=True)
class Outage:
    """A host, how its findings are spread, and the first of the worst as an example."""

    host: str
    example: EntryResult
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    @property
    def severity(self) -> Severity:
        """The worst of them."""
        return self.example.severity or Severity.WARNING

    @property
    def told(self) -> str:
        """The counts in words: `300 dns-error, 12 timeout`."""
        return ", ".join(f"{count:,} {verdict}" for verdict, count in self.verdicts.most_common())


class Outages:
    """The hosts with more than a few findings that are the host's doing; in order of appearance."""

    def __init__(self, findings: Findings) -> None:
        seen: dict[str, Outage] = {}
        for entry in findings.findings():
            if host := _host(entry):
                outage = seen.setdefault(host, Outage(host, entry))
                outage.verdicts[entry.verdict] += 1
                if outage.severity is not Severity.ERROR and entry.severity is Severity.ERROR:
                    outage.example = entry
        self._hosts = {
            host: outage for host, outage in seen.items() if outage.verdicts.total() > _FEW
        }

    def __iter__(self) -> Iterator[Outage]:
        return iter(self._hosts.values())

    def __bool__(self) -> bool:
        return bool(self._hosts)

    def cover(self, entry: EntryResult) -> bool:
        """Whether the line of its host already tells of this finding."""
        return bool(self._hosts) and _host(entry) in self._hosts


def _host(entry: EntryResult) -> str | None:
    """The host that a finding is about, if it is about a host."""
    if entry.verdict not in HOST_VERDICTS:
        return None
    url = parse_web(entry.url)
    return url.host if isinstance(url, WebUrl) else None
