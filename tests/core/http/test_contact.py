from __future__ import annotations

import pytest

from imgcache.core.http.contact import Contact, is_silence
from imgcache.model import Failure, Verdict

NO_NAME = Failure(Verdict.DNS_ERROR, "the name a.test does not resolve", host_fault=True)
NO_CONNECTION = Failure(Verdict.CONNECT_ERROR, "the connection was refused", host_fault=True)
NO_BYTE = Failure(Verdict.TIMEOUT, "no answer within 15 s", host_fault=True)
STALLED = Failure(Verdict.TIMEOUT, "no byte for 15 s", 200)
NO_TRUST = Failure(Verdict.TLS_ERROR, "the certificate is not accepted", host_fault=True)
NOT_FOUND = Failure(Verdict.GONE, "the server answered 404 Not Found", 404)
BROKEN = Failure(Verdict.PROTOCOL_ERROR, "the answer is not proper HTTP")
NOT_PUBLIC = Failure(Verdict.FORBIDDEN_ADDRESS, "the host leads to an address that is not public")
OURS = Failure(Verdict.LOCAL_ERROR, "this machine: too many open files")


@pytest.mark.parametrize("failure", [NO_NAME, NO_CONNECTION, NO_BYTE])
def test_hosts_that_are_asked_and_say_nothing_mean_no_network(failure: Failure) -> None:
    contact = Contact()
    contact.note("a.test", failure)
    contact.note("b.test", failure)
    contact.note("b.test", failure)
    assert contact.is_missing
    assert contact.silent == {"a.test", "b.test"}


@pytest.mark.parametrize("failure", [None, NOT_FOUND, NO_TRUST, STALLED, BROKEN])
def test_one_answer_of_any_kind_is_contact(failure: Failure | None) -> None:
    contact = Contact()
    contact.note("a.test", NO_NAME)
    contact.note("b.test", failure)
    contact.note("c.test", NO_CONNECTION)
    assert not contact.is_missing


@pytest.mark.parametrize("failure", [NOT_PUBLIC, OURS])
def test_what_asks_no_host_says_nothing(failure: Failure) -> None:
    contact = Contact()
    contact.note("a.test", failure)
    assert not contact.is_missing
    contact.note("b.test", NO_NAME)
    assert contact.is_missing


def test_a_run_that_asked_nobody_does_not_miss_the_network() -> None:
    assert not Contact().is_missing


def test_only_what_came_before_any_byte_is_silence() -> None:
    silent = [NO_NAME, NO_CONNECTION, NO_BYTE]
    heard = [STALLED, NO_TRUST, NOT_FOUND, BROKEN, NOT_PUBLIC, OURS]
    assert [is_silence(one) for one in (*silent, *heard)] == [True] * 3 + [False] * 6


@pytest.mark.parametrize("remembered", [NO_NAME, NO_CONNECTION, NO_BYTE])
def test_a_url_that_got_no_answer_before_proves_nothing(remembered: Failure) -> None:
    contact = Contact()
    contact.note("a.test", NO_NAME, remembered)
    assert not contact.is_missing
    contact.note("b.test", NO_NAME, NOT_FOUND)
    assert contact.silent == {"b.test"}
