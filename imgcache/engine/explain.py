"""Explainer of one URL: each step with its time; the only place that names addresses.

One try and no cache: the steps show what the network says now.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from imgcache.cache_results import Explanation, Step
from imgcache.config import Settings
from imgcache.core.http.address import Address, AddressRule, mapping
from imgcache.core.http.location import DataUrl, SitePath, locate
from imgcache.core.http.url import WebUrl
from imgcache.core.images.examine import examine
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.verdicts import messages
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.edge.decoder.pool import Decoded, DecodeJob, DecodePool
from imgcache.edge.http.dns import Lookup, system_lookup
from imgcache.edge.http.exchange import AttemptStats, Body, Hop
from imgcache.edge.http.fetcher import Fetcher
from imgcache.facts import ResponseFacts, Validators
from imgcache.model import Declared, Failure, Format, Severity, Size, Verdict
from imgcache.userinfo import masked, masked_within

_FIRST_BYTES = 32


class _Memory:
    """A sink that keeps the whole body."""

    enough = False
    least = None

    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, data: bytes) -> None:
        """The next bytes."""
        self.data += data

    async def reset(self) -> None:
        """Another body begins."""
        self.data.clear()


async def explain(url: str, settings: Settings, *, lookup: Lookup = system_lookup) -> Explanation:
    """Request one URL and record each step. Raises ConfigError and LocalError."""
    return await _Explainer(url, settings, lookup).run()


class _Explainer:
    def __init__(self, url: str, settings: Settings, lookup: Lookup) -> None:
        self._settings = settings
        self._lookup = lookup
        self._began = time.monotonic()
        self._url = url
        self._explanation = Explanation(masked(url))
        self._port = 0
        self._rule = AddressRule(settings.fetch.allow_private)
        self._mapped = settings.fetch.resolve if settings.fetch.proxy is None else ()

    async def run(self) -> Explanation:
        location = locate(self._url)
        if isinstance(location, Failure):
            return self._fail(location)
        if isinstance(location, DataUrl):
            self._step("url", ("kind", "data: URL"), ("label", location.media_type))
            await self._examine(location.data, Label(location.media_type))
            return self._explanation
        if isinstance(location, SitePath):
            detail = "a path is looked up under site_root; explain takes a URL on the web"
            return self._fail(Failure(Verdict.UNSUPPORTED_URL, detail))
        self._step(
            "url", ("normalised", location.href), ("host", location.host), ("port", location.port)
        )
        return await self._ask(location)

    async def _ask(self, url: WebUrl) -> Explanation:
        sink, stats = _Memory(), AttemptStats(watch=self)
        async with Fetcher(self._settings.fetch, lookup=self._looked_up) as fetcher:
            asked = await fetcher.attempt(url, Validators(), sink, stats)
        if isinstance(asked.result, Failure):
            self._step("answer", ("requests", stats.requests), ("bytes", stats.wire_bytes))
            return self._fail(asked.result)
        if isinstance(asked.result, Body):
            await self._body(bytes(sink.data), asked.result.response)
        return self._explanation

    async def _body(self, data: bytes, response: ResponseFacts) -> None:
        self._step("body", ("bytes", len(data)), ("first bytes", data[:_FIRST_BYTES].hex(" ")))
        await self._examine(data, Label(response.content_type, response.nosniff))

    async def _examine(self, data: bytes, label: Label) -> None:
        limits = self._settings.limits
        async with DecodePool(limits, 1) as pool:
            decoded = await pool.decode(DecodeJob(data, label))
        if not isinstance(decoded, Decoded):
            self._format(decoded.format, decoded.size)
            self._fail(decoded)
            return
        # Only now: a decoder got through it within its limits of time and memory.
        found = examine(data, label, Limits(limits.pixels, limits.frames, limits.scans)).structure
        told = ("orientation", found.orientation), ("frames", found.frames)
        self._format(decoded.format, decoded.size, *told)
        self._step("decode", ("size", decoded.size), ("colour", decoded.color))
        self._conclude(Evidence(measured=Measured(decoded.size, decoded.format, len(data))))

    def _format(self, image: Format | None, size: Size | None, *more: tuple[str, object]) -> None:
        shown = image.label if image else "none that browsers show"
        self._step("format", ("format", shown), ("size", size or "unknown"), *more)

    def asking(self, url: WebUrl) -> None:
        """The next request: the address that `--resolve` names, or that is in the URL itself."""
        self._port = url.port
        named, literal = mapping(self._mapped, url.host, url.port), url.literal
        # One for `*` names no address in a URL, and so lets none through.
        is_open = literal is None or not self._rule.refuses(literal, url.port)
        if named is not None and (is_open or named.host == url.host):
            source = f"named by --resolve for {named.host}:{named.port}"
            self._step("address", ("url", url.href), (named.target, source))
        elif literal is not None:
            self._step("address", ("url", url.href), self._judged(literal))

    def answered(self, hop: Hop) -> None:
        """The answer to that request."""
        self._step("answer", ("url", hop.url), ("status", hop.status), *hop.headers)

    def _looked_up(self, host: str) -> Sequence[Address]:
        try:
            found = self._lookup(host)
        except OSError as exc:
            self._step("dns", ("host", host), ("failed", exc.strerror or exc))
            raise
        self._step("dns", ("host", host), *(self._judged(one) for one in found))
        return found

    def _judged(self, address: Address) -> tuple[str, str]:
        refused = self._rule.refuses(address, self._port)
        return str(address), "refused: not public" if refused else "may be connected to"

    def _step(self, name: str, *facts: tuple[str, object]) -> None:
        texts = tuple((key, masked_within(str(value))) for key, value in facts)
        self._explanation.steps.append(Step(name, time.monotonic() - self._began, texts))

    def _fail(self, failure: Failure) -> Explanation:
        self._explanation.verdict = failure.verdict
        return self._conclude(Evidence(failure=failure))

    def _conclude(self, evidence: Evidence) -> Explanation:
        severity = Severity.ERROR if evidence.failure else None
        explanation = self._explanation
        explanation.message = messages.message(explanation.verdict, severity, Declared(), evidence)
        self._step("verdict", ("verdict", explanation.verdict))
        return explanation
