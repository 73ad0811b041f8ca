"""Whose certificates are believed, and what becomes of a file that holds none."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from imgcache.edge.http.trust import check, trust
from imgcache.errors import ConfigError


@pytest.mark.parametrize("judge", [trust, check])
def test_a_ca_file_that_is_none_is_a_config_error(
    tmp_path: Path, judge: Callable[[Path], object]
) -> None:
    with pytest.raises(ConfigError, match=r"fetch\.ca_file"):
        judge(tmp_path / "missing.pem")
    (tmp_path / "text.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match=r"fetch\.ca_file"):
        judge(tmp_path / "text.pem")


def test_a_ca_file_adds_to_what_the_system_trusts(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    check(tmp_path / "ca.pem")
    context = trust(tmp_path / "ca.pem")
    default = ssl.create_default_context().cert_store_stats()["x509_ca"]
    assert context.cert_store_stats()["x509_ca"] == default + 1
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_key_log_that_can_not_be_written_is_not_listened_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "missing" / "keys"))
    assert trust(None).keylog_filename is None
