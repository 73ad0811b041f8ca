"""Patience with URLs that fail: how long a reach verdict stays a warning (`fail_after`)."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from imgcache.core.verdicts.traits import Heard, heard
from imgcache.model import REACH_VERDICTS, Failure, Verdict

# Waiting changes nothing of the others, where no host was asked: the article itself is wrong.
_HOPEFUL = REACH_VERDICTS - heard(Heard.NOTHING)


class Patience(Struct, frozen=True):
    """What patience says of one failure; times in POSIX seconds.

    `since`: when its URL began to fail as far as the index knows, None: it is new to the index.
    `until`: when it has lasted too long, None where that can't be told. `lasts`: that is to come.
    """

    since: float | None
    until: float | None
    lasts: bool

    @property
    def told(self) -> str:
        """The same as a clause for the message."""
        if self.since is None:
            return "nothing is known of an earlier failure, so it is no error yet"
        began = f"failing since {moment(self.since)}"
        if not self.lasts or self.until is None:
            return began
        return f"{began}, an error from {moment(self.until)} on"


def patience(
    verdict: Verdict, failure: Failure | None, fail_after: float | None, now: float
) -> Patience | None:
    """How `fail_after` (in seconds; none without it) bears on a verdict; None where it does not."""
    if not fail_after or failure is None or verdict not in _HOPEFUL:
        return None
    if failure.since is None:
        return Patience(None, None, lasts=True)
    until = failure.since + fail_after
    return Patience(failure.since, until, lasts=now < until)


def moment(seconds: float) -> str:
    """A time (POSIX seconds) as messages tell it."""
    when = datetime.fromtimestamp(int(seconds), UTC)
    return f"{when:%Y-%m-%d %H:%M} UTC"
