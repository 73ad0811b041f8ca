"""Troubles of an object store in plain words: what it says, and what helps.

Nothing of a foreign message is shown but the store's own code for the error, and the name of an
object that has to go: such messages hold addresses, and these may hold signatures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore import exceptions

from imgcache.errors import LocalError
from imgcache.units import BucketUrl

_STATUS = re.compile(r"status code: ([1-5][0-9]{2})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_DENIED = frozenset({"401", "403"})
_DENIALS = exceptions.PermissionDeniedError, exceptions.UnauthenticatedError
# Where a machine of a cloud asks who it is: the last resort of those who are told nothing.
_METADATA = re.compile(r"169\.254\.169\.254|metadata\.google|metadata/identity")
# Two made the same object at the same moment.
_CODE_OF_A_RACE = "<Code>ConditionalRequestConflict</Code>"
_CODE_OF_NO_CONDITION = "<Code>NotImplemented</Code>"
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|The specified bucket does not exist")
# Of an object that anybody may have put there.
_NAME = re.compile(r'Path "(.{1,300}?)"(?: contained|: Encountered)', re.DOTALL)
_SIGN_IN = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_ADDRESS = {"s3": "AWS_ENDPOINT_URL", "gs": "the network", "az": "AZURE_STORAGE_ACCOUNT_NAME"}


class MissingBucketError(LocalError):
    """There is no bucket of this name."""


class StrangeNameError(LocalError):
    """A list has an object whose name is no path: `a//b`, `a/../b`. Nothing of it can be read."""


@contextmanager
def told(url: BucketUrl, what: str) -> Iterator[None]:
    """Translate the errors of a request into LocalError; `what` is the path, or what is done.

    What answers a question passes: that nothing is there, that something is, that it is another,
    and that the store knows no such condition (NotImplementedError).
    """
    try:
        yield
    except (FileNotFoundError, exceptions.AlreadyExistsError, exceptions.PreconditionError):
        raise
    except (exceptions.BaseError, NotImplementedError, ValueError) as exc:
        if isinstance(exc, NotImplementedError) or _CODE_OF_NO_CONDITION in str(exc):
            raise NotImplementedError from None
        if _CODE_OF_A_RACE in str(exc):
            raise exceptions.AlreadyExistsError from None
        # Without its cause: see above.
        raise _described(url, what, exc) from None


def missing_bucket(url: BucketUrl) -> MissingBucketError:
    """The error for a bucket that is not there."""
    return MissingBucketError(
        f"{url}: there is no bucket {url.bucket!r}; make it, or correct cache.dir"
    )


def _described(url: BucketUrl, what: str, error: Exception) -> LocalError:
    text = str(error)
    if _NO_BUCKET.search(text):
        return missing_bucket(url)
    if isinstance(error, exceptions.InvalidPathError):
        return _strange(url, what, text)
    return LocalError(f"{url}: {what}: {_reason(url.scheme, error, text)}")


def _strange(url: BucketUrl, what: str, text: str) -> StrangeNameError:
    name = _NAME.search(text)
    shown = f" ({name[1]!a})" if name else ""
    return StrangeNameError(
        f"{url}: {what}: an object{shown} has a name with an empty part, or with '.' or '..' as a "
        "part; delete it, as nothing can be listed beside it"
    )


def _reason(scheme: str, error: Exception, text: str) -> str:
    status, code = _STATUS.search(text), _CODE.search(text)
    named, number = f" ({code[1]})" if code else "", status[1] if status else ""
    if number in _DENIED or isinstance(error, _DENIALS):
        return (
            f"access denied{named}; give this user the right to list, read, write and delete "
            f"there, and check {_SIGN_IN[scheme]} in the environment"
        )
    if _METADATA.search(text):
        return f"nobody is signed in; set {_SIGN_IN[scheme]} in the environment"
    if "redirect without" in text:
        return "the bucket lies in another region; set AWS_REGION to it"
    if number:
        return f"the object store answers {number}{named}; run again later"
    if "builder error" in text:
        return "its address is no https; set AWS_ALLOW_HTTP=true to allow that"
    return (
        "the object store can't be reached, or broke off; check the network and "
        f"{_ADDRESS[scheme]}, and run again"
    )
