"""Hosts that are down as a whole: one line each, not one for every image they should serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from msgspec import Struct, field

from imgcache.core.http.url import WebUrl, parse_web
from imgcache.core.verdicts.traits import HOST_VERDICTS, Heard, heard
from imgcache.findings import LISTED, Finding
from imgcache.model import Severity, Source, Verdict
from imgcache.results import EntryResult, Findings

# No answer came; the other host verdicts are answers.
_SILENT = HOST_VERDICTS & heard(Heard.SILENCE, Heard.REFUSAL)
_FROM_THIS_RUN = frozenset({Source.DOWNLOADED, Source.REVALIDATED, Source.PROBED})
_FEW = 5


class Outage(Struct):
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
    """The hosts that are down: more than a few findings that the host caused.

    Error answers count only where the host gives no other answer; no answer at all counts,
    whatever came before. In order of appearance.
    """

    def __init__(self, findings: Findings) -> None:
        seen: dict[str, Outage] = {}
        for entry in findings.findings():
            if host := _host(entry):
                outage = seen.setdefault(host, Outage(host, entry))
                outage.verdicts[entry.verdict] += 1
                if outage.severity is not Severity.ERROR and entry.severity is Severity.ERROR:
                    outage.example = entry
        down = {host: one for host, one in seen.items() if one.verdicts.total() > _FEW}
        doubtful = {host for host, one in down.items() if not one.verdicts.keys() <= _SILENT}
        alive = _answering(findings, doubtful) if doubtful else frozenset[str]()
        self._hosts = {host: one for host, one in down.items() if host not in alive}

    def __iter__(self) -> Iterator[Outage]:
        return iter(self._hosts.values())

    def __bool__(self) -> bool:
        return bool(self._hosts)

    def host(self, entry: EntryResult) -> str:
        """The host whose line reports the verdict of an entry; empty for none."""
        host = _host(entry) or ""
        return host if host in self._hosts else ""

    def left(self, entry: EntryResult) -> tuple[Finding, ...]:
        """The findings of an entry that the line of its host does not already report."""
        if not self._hosts or _host(entry) not in self._hosts:
            return entry.listed
        return tuple(one for one in entry.listed if one.rule is not None)


def _answering(findings: Findings, hosts: Collection[str]) -> frozenset[str]:
    """Those of the hosts that delivered an image in this run."""
    delivered = (one for one in findings.entries() if one.source in _FROM_THIS_RUN)
    return frozenset(host for one in delivered if (host := _host_of(one)) in hosts and host)


def _host(entry: EntryResult) -> str | None:
    """The host that a listed verdict is about, if it is about a host."""
    is_about_host = entry.verdict in HOST_VERDICTS and entry.severity in LISTED
    return _host_of(entry) if is_about_host else None


def _host_of(entry: EntryResult) -> str | None:
    url = parse_web(entry.url)
    return url.host if isinstance(url, WebUrl) else None
