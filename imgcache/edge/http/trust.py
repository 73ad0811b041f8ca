"""Certificates that are trusted: the system's and the user's."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from imgcache.errors import ConfigError
from imgcache.units import read_named


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """The certificates to trust: the system's (or SSL_CERT_FILE's) and those of `ca_file`.

    Raises:
        ConfigError: `ca_file` can't be read, or holds no certificate.
    """
    # Certificates and names are verified by this class's defaults. ssl.create_default_context()
    # would also listen to SSLKEYLOGFILE, and be stricter from Python 3.13 on than browsers are.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _check_own(os.environ.get("SSL_CERT_FILE"))
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


def _check_own(name: str | None) -> None:
    """OpenSSL passes over a file that is not there, and would wait for a pipe."""
    try:
        if name:
            read_named(Path(name))
    except FileNotFoundError:
        return
    except ValueError as exc:
        raise ConfigError(f"SSL_CERT_FILE: {name}: {exc}") from exc


def _add(context: ssl.SSLContext, ca_file: Path | None) -> None:
    if ca_file is None:
        return
    try:
        read_named(ca_file)
        context.load_verify_locations(ca_file)
    except FileNotFoundError as exc:
        raise ConfigError(f"fetch.ca_file: {ca_file}: there is no such file; name another") from exc
    except OSError as exc:  # ssl.SSLError is one
        remedy = "name a PEM file of certificates"
        raise ConfigError(f"fetch.ca_file: {ca_file} holds no certificates; {remedy}") from exc
    except ValueError as exc:
        raise ConfigError(f"fetch.ca_file: {ca_file}: {exc}") from exc
