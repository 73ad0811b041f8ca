"""The browser is the judge of how hosts are spelt, too."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.support.spellings import NAMES, NONE, PRIVATE, PUBLIC

HOST_OF = """hosts => hosts.map(host => {
    try { return new URL(`http://${host}/`).hostname } catch { return null }
})"""


# Chromium takes more than the standard allows; imgcache does not.
LAXER = {
    "127.0.0.1%20": "127.0.0.1%20",
    "[::127.0.0.01]": "[::7f00:1]",
    "[::ffff:0x7f.0.0.1]": "[::ffff:7f00:1]",
}


def test_hosts_are_read_as_the_browser_reads_them(page: Page) -> None:
    known: dict[str, str | None] = {**PRIVATE, **PUBLIC, **NAMES, **dict.fromkeys(NONE), **LAXER}
    assert dict(zip(known, page.evaluate(HOST_OF, list(known)), strict=True)) == known
