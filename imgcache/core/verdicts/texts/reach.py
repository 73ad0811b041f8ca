"""Texts of verdicts on the way to an image: URL, address, connection and answer."""

from __future__ import annotations

from imgcache.core.verdicts.texts.text import Text, failed
from imgcache.model import Breach, Verdict

_AGAIN = "Run again later; replace the image if it stays so."

REACH_TEXTS: dict[Verdict | Breach, Text] = {
    Verdict.GONE: Text(
        "The image is no longer there",
        "The server answered 404 or 410, or there is no such file in the site.",
        "replace the image or remove the entry",
        failed(Verdict.GONE, "the server answered 404 Not Found"),
        "Replace the image, or remove the entry.",
    ),
    Verdict.BLOCKED: Text(
        "The server refuses to hand out the image",
        "It answered 401, 403, 407 or 451: it wants a login, or refuses programs.",
        (
            "the host needs a login or refuses programs; put a contact into fetch.user_agent, as "
            "some hosts ask for one, or host the image yourself"
        ),
        failed(Verdict.BLOCKED, "the server answered 403 Forbidden"),
        (
            "Put a contact (a page or a mail address) into `fetch.user_agent`: some hosts refuse "
            "programs without one. Else host the image yourself, or set `fetch.headers` for it."
        ),
    ),
    Verdict.RATE_LIMITED: Text(
        "The host asks for fewer requests",
        "It answered 429 each time.",
        (
            "the next run asks again; if it stays, lower fetch.per_host, and put a contact into "
            "fetch.user_agent, as some hosts ask for one"
        ),
        failed(Verdict.RATE_LIMITED, "the server answered 429 Too Many Requests"),
        (
            "Run again later. If it stays so, lower `fetch.per_host`, and put a contact into "
            "`fetch.user_agent`: some hosts let programs without one do little."
        ),
    ),
    Verdict.HTTP_ERROR: Text(
        "The server answered with a status that is no image",
        "A 4xx without a code of its own, a success that is none, or a 304 nobody asked for.",
        "open the URL in a browser and correct it",
        failed(Verdict.HTTP_ERROR, "the server answered 400 Bad Request"),
    ),
    Verdict.SERVER_ERROR: Text(
        "The server failed",
        "It answered with a 5xx status each time.",
        "the next run asks again; replace the image if it stays",
        failed(Verdict.SERVER_ERROR, "the server answered 503 Service Unavailable"),
        _AGAIN,
    ),
    Verdict.PROTOCOL_ERROR: Text(
        "The answer is not proper HTTP",
        "A status out of range, headers without end, or a content coding nobody asked for.",
        "tell the host's owner, or host the image elsewhere",
        failed(
            Verdict.PROTOCOL_ERROR,
            "the body has the content coding 'br', which nobody asked for",
        ),
    ),
    Verdict.DNS_ERROR: Text(
        "The host name can't be resolved",
        "DNS knows no such name, or did not answer.",
        "check the host name for a typing error",
        failed(
            Verdict.DNS_ERROR,
            "the name exmaple.test does not resolve (Name or service not known)",
            "https://exmaple.test/bridge.jpg",
        ),
        "Check the host name for a typing error; a host that is gone needs another image.",
    ),
    Verdict.CONNECT_ERROR: Text(
        "No connection to the host",
        "It was refused, reset, or there is no way to the host.",
        "the next run asks again; replace the image if it stays",
        failed(Verdict.CONNECT_ERROR, "the connection was refused"),
        _AGAIN,
    ),
    Verdict.TLS_ERROR: Text(
        "No safe connection to the host",
        "Its certificate or its TLS is not acceptable. Plain http is never tried instead.",
        "tell the host's owner, or host the image elsewhere",
        failed(Verdict.TLS_ERROR, "the certificate is not accepted: certificate has expired"),
        (
            "Tell the host's owner, host the image elsewhere, or name your own authority's "
            "certificate with `fetch.ca_file`."
        ),
    ),
    Verdict.TIMEOUT: Text(
        "The host took too long",
        (
            "Connecting, waiting for bytes, or the attempt as a whole went over its limit "
            "(`fetch.connect_timeout`, `fetch.idle_timeout`, `fetch.deadline`)."
        ),
        "the next run asks again; replace the image if it stays",
        failed(Verdict.TIMEOUT, "no byte for 15 s"),
        _AGAIN,
    ),
    Verdict.REDIRECT_ERROR: Text(
        "The redirects lead nowhere",
        "A loop, too many of them, no usable Location, or a step from https down to http.",
        "write the URL that the redirects should lead to",
        failed(Verdict.REDIRECT_ERROR, "the server answered a redirect from https to http"),
    ),
    Verdict.FORBIDDEN_ADDRESS: Text(
        "The URL leads to an address that is not public",
        "The URL, a redirect or a DNS answer leads into a private or reserved network.",
        "use a public URL; --allow-private lets an own network through",
        failed(
            Verdict.FORBIDDEN_ADDRESS,
            "the host intranet.example leads to an address that is not public",
            "https://intranet.example/bridge.jpg",
        ),
        (
            "Use a public URL. What is your own is let through by `--allow-private 10.0.0.0/8` (a "
            "network) or `--allow-private 127.0.0.1:8000` (one port), or by `fetch.allow_private`; "
            "`imgcache explain URL` shows each step."
        ),
    ),
    Verdict.UNSUPPORTED_URL: Text(
        "The URL can't be used",
        (
            "It is empty, not parsable, of another scheme than http and https, or with a password "
            "or a control character in it."
        ),
        "write a complete http or https URL",
        failed(
            Verdict.UNSUPPORTED_URL,
            "the scheme is ftp, not http or https",
            "ftp://example.com/bridge.jpg",
        ),
    ),
}
