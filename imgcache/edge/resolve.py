"""Names to addresses, and addresses to sockets: the address rule where connections begin.

All answers for a name must pass, and the address is checked again at the moment of connecting, so
that rebinding and redirects find no gap. Look-ups run in a few threads of their own, which never
keep the process alive: one name that hangs holds up neither the other hosts nor the end of a run.
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from imgcache.core.gate import Address, AddressRule
from imgcache.units import Resolve

Lookup = Callable[[str], Sequence[Address]]

_THREADS = 32


class ForbiddenAddressError(OSError):
    """The address rule refuses where this leads; the message never says where."""


class LookupFailedError(OSError):
    """A name that gave no address; `transient` where another try may give one."""

    def __init__(self, message: str, *, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


def system_lookup(host: str) -> Sequence[Address]:
    """All addresses that the system's resolver has for a name; raises socket.gaierror."""
    # As bytes, so that Python's own IDNA codec has no say: the host is ASCII since the gate.
    found = socket.getaddrinfo(
        host.encode("ascii"), None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [ip_address(info[4][0]) for info in found]


def is_literal(host: str) -> bool:
    """Whether the host of a URL is an address, for which nothing is looked up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class LookupThreads:
    """A bounded number of daemon threads that may hang in the system's resolver.

    concurrent.futures joins its threads at exit, and would wait for a hanging name.
    """

    def __init__(self, lookup: Lookup, most: int = _THREADS) -> None:
        self._lookup = lookup
        self._most = most
        self._jobs: queue.SimpleQueue[tuple[str, _Answer] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._unfinished = 0

    async def find(self, host: str) -> Sequence[Address]:
        """The addresses of `host`; raises what the look-up raises."""
        answer = _Answer(asyncio.get_running_loop())
        self._jobs.put((host, answer))
        with self._lock:
            # Counted are jobs, given up ones included: their threads may still hang.
            self._unfinished += 1
            short = self._started < min(self._unfinished, self._most)
            self._started += short
        if short:
            threading.Thread(target=self._work, name="imgcache-dns", daemon=True).start()
        return await answer.future

    def close(self) -> None:
        """Let each thread end after what it is doing; waits for none."""
        for _ in range(self._started):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(*job)
            with self._lock:
                self._unfinished -= 1

    def _do(self, host: str, answer: _Answer) -> None:
        if answer.future.cancelled():
            return
        try:
            answer.give(self._lookup(host))
        except Exception as exc:  # noqa: BLE001 -- handed over to who asked, whatever it is
            answer.fail(exc)


class _Answer:
    """Carries the result of a look-up from its thread to the event loop that waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.future: asyncio.Future[Sequence[Address]] = loop.create_future()

    def give(self, addresses: Sequence[Address]) -> None:
        self._later(self.future.set_result, addresses)

    def fail(self, exc: Exception) -> None:
        self._later(self.future.set_exception, exc)

    def _later(self, settle: Callable[..., None], value: object) -> None:
        def unless_cancelled() -> None:
            if not self.future.done():
                settle(value)

        with suppress(RuntimeError):  # the loop is closed: nobody waits for this name any more
            self._loop.call_soon_threadsafe(unless_cancelled)


class GuardedResolver(AbstractResolver):
    """Resolves for aiohttp's connector: `--resolve` first, else DNS with all answers checked."""

    def __init__(
        self,
        threads: LookupThreads,
        rule: AddressRule | None,
        mapped: Sequence[Resolve],
        limit: float,
    ) -> None:
        """Made once per transport.

        Args:
            threads: where look-ups run.
            rule: what all answers must pass; None for the operator's proxy.
            mapped: the `--resolve` options, the operator's word: exempt from the rule.
            limit: seconds that a look-up may take.
        """
        self._threads = threads
        self._rule = rule
        self._mapped = tuple(mapped)
        self._limit = limit
        self._exempt = frozenset((entry.address, entry.to_port) for entry in mapped)

    def mapping(self, host: str, port: int) -> Resolve | None:
        """The `--resolve` for the URL's host and port; an exact one goes before `*`."""
        fitting = [entry for entry in self._mapped if entry.port == port]
        exact = [entry for entry in fitting if entry.host == host]
        return next(iter(exact or [entry for entry in fitting if entry.host == "*"]), None)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 -- aiohttp's interface
    ) -> list[ResolveResult]:
        """The addresses to dial; raises ForbiddenAddressError or LookupFailedError."""
        mapping = self.mapping(host, port)
        if mapping is not None:
            return [_dialled(host, mapping.address, mapping.to_port)]
        addresses = await self._look_up(host)
        if self._rule is not None and any(self._rule.refuses(one, port) for one in addresses):
            raise ForbiddenAddressError("an answer of its DNS is not public")
        return [_dialled(host, address, port) for address in addresses]

    async def _look_up(self, host: str) -> Sequence[Address]:
        try:
            async with asyncio.timeout(self._limit):
                addresses = await self._threads.find(host)
        except TimeoutError as exc:
            raise LookupFailedError(f"no answer within {self._limit:g} s", transient=True) from exc
        except socket.gaierror as exc:
            again = exc.errno == socket.EAI_AGAIN
            said = "the name server says: try again" if again else "no such name"
            raise LookupFailedError(said, transient=again) from exc
        if not addresses:
            raise LookupFailedError("no such name", transient=False)
        return addresses

    def connect_socket(self, addr_info: AddrInfoType) -> socket.socket:
        """The socket for one dialled address, checked at this last moment (aiohttp's hook)."""
        family, kind, protocol, _, address = addr_info
        target = (ip_address(str(address[0])), int(address[1]))
        if self._rule is not None and target not in self._exempt and self._rule.refuses(*target):
            raise ForbiddenAddressError("its address is not public")
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """Let the threads of the look-ups go."""
        self._threads.close()


def _dialled(host: str, address: Address, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=str(address),
        port=port,
        family=socket.AF_INET6 if address.version == 6 else socket.AF_INET,  # noqa: PLR2004 -- IPv6
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )
