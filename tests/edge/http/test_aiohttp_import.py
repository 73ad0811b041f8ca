"""What aiohttp makes while it is imported reads no certificates, and all others do as before."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ssl, sys, threading
def elsewhere():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    counts.append(context.cert_store_stats()["x509_ca"])

class Finder:  # another thread makes a context while aiohttp is imported
    def find_spec(self, name, *_):
        if name == "aiohttp.connector":
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()

counts = []
sys.meta_path.insert(0, Finder())
elsewhere()
import imgcache.edge.http.fetcher
elsewhere()
from aiohttp import connector
verified, unverified = connector._SSL_CONTEXT_VERIFIED, connector._SSL_CONTEXT_UNVERIFIED
print(*counts)
print(verified.cert_store_stats()["x509_ca"], unverified.cert_store_stats()["x509_ca"])
print(verified.verify_mode is ssl.CERT_REQUIRED and verified.check_hostname)
print("set_default_verify_paths" in vars(ssl.SSLContext))
"""


def test_contexts_of_others_get_their_certificates() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    )
    counts, own, verifies, is_hidden = done.stdout.splitlines()
    before, meanwhile, after = map(int, counts.split())
    assert before == meanwhile == after
    assert own == "0 0"
    assert verifies == "True"
    assert is_hidden == "False"
