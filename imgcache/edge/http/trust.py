"""Certificates that are trusted: the system's and the user's."""

from __future__ import annotations

import ssl
from pathlib import Path

from imgcache.errors import ConfigError


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """The certificates to trust: the system's (or SSL_CERT_FILE's) and those of `ca_file`.

    Raises:
        ConfigError: `ca_file` can't be read, or holds no certificate.
    """
    # Certificates and names are verified by this class's defaults. ssl.create_default_context()
    # would also listen to SSLKEYLOGFILE, and be stricter from Python 3.13 on than browsers are.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    if not any(ssl.get_default_verify_paths()[:2]):  # a Python without a system's store
        import certifi  # noqa: PLC0415  hardly ever needed

        context.load_verify_locations(certifi.where())
    _add(context, ca_file)
    return context


def check(ca_file: Path | None) -> None:
    """Raise ConfigError for what `trust` would refuse, without reading the system's certificates.

    These take longer to read than a run with nothing to ask.
    """
    if ca_file is not None:
        _add(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)


def _add(context: ssl.SSLContext, ca_file: Path | None) -> None:
    if ca_file is None:
        return
    try:
        context.load_verify_locations(ca_file)
    except OSError as exc:  # ssl.SSLError is one
        raise ConfigError(f"fetch.ca_file: {ca_file} holds no certificates ({exc})") from exc
