"""Contact with the network: whether a run that asked hosts got an answer from any of them.

A machine without network learns nothing of the images: what it would write because of that is
wrong for every article.
"""

from __future__ import annotations

from msgspec import Struct, field

from imgcache.core.verdicts.traits import Heard, heard
from imgcache.model import Failure, Verdict

# Kept in mind of a URL, these say that its host did not answer then, either.
_WAS_SILENT = heard(Heard.SILENCE)
# A time-out may come after the first byte.
_NO_WAY = _WAS_SILENT - {Verdict.TIMEOUT}
# These say nothing of the network: no host was asked, or the answer could not be taken.
_UNASKED = heard(Heard.NOTHING)


def is_silence(failure: Failure) -> bool:
    """Whether no byte of an answer came: no address, no connection, or a time-out before it."""
    timed_out = failure.verdict is Verdict.TIMEOUT and failure.host_fault
    return timed_out or failure.verdict in _NO_WAY


def was_silent(remembered: Failure | None) -> bool:
    """Whether a URL's last try, in a run that had contact, ended without an answer."""
    return remembered is not None and remembered.verdict in _WAS_SILENT


class Contact(Struct):
    """What a run heard: `answered` by any host at all, and the `silent` hosts.

    A URL that was known to get no answer proves nothing: it may be all that is due tonight.
    """

    answered: bool = False
    silent: set[str] = field(default_factory=set)

    def note(self, host: str, failure: Failure | None, remembered: Failure | None = None) -> None:
        """An attempt at `host` has ended; `failure` is None for an answer that could be used.

        `remembered` is how the URL's last try failed, in an earlier run.
        """
        if failure is None:
            self.answered = True
        elif is_silence(failure):
            if not was_silent(remembered):
                self.silent.add(host)
        elif failure.verdict not in _UNASKED:
            self.answered = True

    @property
    def is_missing(self) -> bool:
        """Whether hosts were asked and not one of them gave any answer."""
        return bool(self.silent) and not self.answered
