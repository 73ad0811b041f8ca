"""Mapping of aiohttp's exceptions, by class and cause, to one Failure each."""

from __future__ import annotations

import errno
import os
import re
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, TransferEncodingError

from imgcache.config import FetchSettings
from imgcache.core.http.response import TRANSIENT
from imgcache.edge.http.httpx_import import httpx
from imgcache.edge.http.resolver import ForbiddenAddressError, LookupFailedError
from imgcache.edge.os_errors import OUR_OWN
from imgcache.model import Failure, Verdict

_RESET = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})


class ExchangeError(httpx.TransportError):
    """A request that got no whole answer; `failure` is its result."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class ConnectionCutError(Exception):
    """The connection ended before the head of the answer did; `heard`: some bytes had come."""

    def __init__(self, cause: Exception, *, heard: bool) -> None:
        super().__init__()
        self.cause = cause
        self.heard = heard


def of_request(exc: Exception, host: str, fetch: FetchSettings) -> Failure:
    """What it means that a request got no answer.

    Args:
        exc: from aiohttp, or from the hooks that it calls.
        host: the URL's, for the message.
        fetch: the time-outs, for the message.
    """
    if isinstance(exc, ConnectionCutError):
        return _of_cut(exc)
    if isinstance(exc, aiohttp.ClientConnectorError):
        # With a proxy it is the proxy's name that is looked up.
        return _of_connecting(exc, f"{exc.host} of the proxy" if fetch.proxy else host)
    if isinstance(exc, TimeoutError):
        connecting = isinstance(exc, aiohttp.ConnectionTimeoutError)
        what = "connection" if connecting else "answer"
        limit = fetch.connect_timeout if connecting else fetch.idle_timeout
        return _timeout(f"no {what} within {limit:g} s", host_fault=True)
    if isinstance(exc, aiohttp.ClientHttpProxyError):
        return _connect_error(f"the proxy answered {exc.status}", again=exc.status in TRANSIENT)
    if isinstance(exc, aiohttp.ClientResponseError | HttpProcessingError):
        return _not_http(exc.message)
    return unknown(exc)


def of_body(exc: Exception, status: int, fetch: FetchSettings) -> Failure:
    """What it means that a body ended early, after the head had come with `status`."""
    cause = exc.__cause__ or exc
    if isinstance(exc, TimeoutError):
        return _timeout(f"no byte for {fetch.idle_timeout:g} s", status=status)
    if isinstance(exc, HttpProcessingError):
        return _not_http(exc.message, status)
    incomplete = "Not enough data" in str(cause) or "not completed" in str(exc)
    if isinstance(cause, TransferEncodingError) and not incomplete:
        return _not_http(cause.message, status)
    if isinstance(exc, aiohttp.ClientPayloadError | aiohttp.ClientConnectionError):
        detail = "the connection was lost before the body was whole"
        return Failure(Verdict.TRUNCATED, detail, status, transient=True)
    return unknown(exc)


def unknown(exc: Exception) -> Failure:
    """The failure for any other exception; its class is named so that it can be reported."""
    if isinstance(exc, OSError) and exc.errno in OUR_OWN:
        return _local(exc.errno)
    if isinstance(exc, MemoryError):
        return _local(errno.ENOMEM)
    return Failure(Verdict.PROTOCOL_ERROR, f"the exchange failed with {type(exc).__name__}")


def _of_cut(exc: ConnectionCutError) -> Failure:
    """A connection that was made, and ended without (the whole head of) an answer."""
    caused = exc.cause.__cause__ or exc.cause
    if isinstance(caused, ssl.SSLError):
        return _tls(caused)
    if isinstance(caused, OSError) and caused.errno in OUR_OWN:
        return _local(caused.errno)
    if isinstance(exc.cause, aiohttp.ClientOSError):
        return _connect_error("the connection was reset")
    if exc.heard:
        return _not_http("the connection ended in the middle of the headers")
    return _connect_error("the connection was closed without an answer")


def _of_connecting(exc: aiohttp.ClientConnectorError, host: str) -> Failure:
    cause = exc.os_error
    if isinstance(cause, ForbiddenAddressError):
        return Failure(
            Verdict.FORBIDDEN_ADDRESS, f"the host {host} leads to an address that is not public"
        )
    if isinstance(cause, LookupFailedError):
        return _dns(cause, host)
    if isinstance(cause, ssl.SSLError):
        return _tls(cause)
    if cause.errno in OUR_OWN:
        return _local(cause.errno)
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return _dns(LookupFailedError(_reason(cause), transient=True), host)
    whose = "the proxy: " if isinstance(exc, aiohttp.ClientProxyConnectionError) else ""
    return _connect_error(f"{whose}{_reason(cause)}")


def _reason(cause: OSError) -> str:
    if cause.errno == errno.ECONNREFUSED:
        return "the connection was refused"
    if cause.errno in _RESET or isinstance(cause, ConnectionResetError):
        return "the connection was reset"
    if cause.errno is None or cause.errno <= 0:
        return "no connection could be made"
    return f"no connection could be made: {os.strerror(cause.errno).lower()}"


def _connect_error(detail: str, *, again: bool = True) -> Failure:
    return Failure(Verdict.CONNECT_ERROR, detail, transient=again, host_fault=True)


def _dns(cause: LookupFailedError, host: str) -> Failure:
    again = cause.transient
    detail = f"the name {host} does not resolve ({cause})"
    return Failure(Verdict.DNS_ERROR, detail, transient=again, host_fault=True)


def _tls(cause: ssl.SSLError) -> Failure:
    if isinstance(cause, ssl.SSLCertVerificationError):
        detail = f"the certificate is not accepted: {cause.verify_message.rstrip('.')}"
    else:
        reason = (cause.reason or "no common ground").replace("_", " ").lower()
        detail = f"the TLS handshake failed: {reason}"
    return Failure(Verdict.TLS_ERROR, detail, host_fault=True)


def _timeout(detail: str, status: int | None = None, *, host_fault: bool = False) -> Failure:
    return Failure(Verdict.TIMEOUT, detail, status, transient=True, host_fault=host_fault)


def _local(number: int) -> Failure:
    return Failure(Verdict.LOCAL_ERROR, f"this machine: {os.strerror(number).lower()}")


def _not_http(message: str, status: int | None = None) -> Failure:
    """`message` is the parser's, which quotes the hostile bytes after its first line."""
    first = re.split(r"[\n:]", message, maxsplit=1)[0].strip()[:80]
    said = first if first.isascii() and first.isprintable() and first else "not proper HTTP"
    return Failure(Verdict.PROTOCOL_ERROR, f"the answer is not proper HTTP ({said})", status)
