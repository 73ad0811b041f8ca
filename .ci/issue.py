"""Keeper of one GitHub issue: open while images are broken, with the newest report; else closed.

Run by the action after imgcache. Everything comes from the environment: REPORT (JSON), SUMMARY
(Markdown), STATUS (of imgcache), KEY (which site), and what runners set. `gh` asks GitHub, with
GH_TOKEN. An issue is ours if the token's user opened it and its text begins with our marker:
nothing else is ever edited or closed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

TITLE = "Images to fix"
WELL, FOUND = "0", "1"
# All workflows share one user (viewerDidAuthor): the marker tells their issues apart.
OPEN_ISSUES = """
query($owner: String!, $name: String!, $endCursor: String) {
  repository(owner: $owner, name: $name) {
    issues(first: 100, after: $endCursor, states: OPEN) {
      nodes { number body viewerDidAuthor }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
EACH = ".data.repository.issues.nodes[] | @json"


class GhError(Exception):
    """GitHub, or `gh`, refused."""


def main() -> int:
    """Keep the issue; the exit status is 1 where GitHub refused."""
    if os.environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        # A branch that breaks or fixes an image says nothing of the site as it is.
        print("::notice::imgcache: the issue is kept by runs outside of pull requests only")
        return 0
    try:
        keep(os.environ["STATUS"], os.environ["KEY"])
    except GhError as exc:
        print(f"::error::imgcache: the issue could not be kept: {inert(str(exc))}")
        return 1
    return 0


def keep(status: str, key: str) -> None:
    """Open, renew or close the issue of this site, as the run ended. Raises GhError."""
    if status == FOUND:
        renew(key)
    elif status == WELL and not report()["interrupted"]:
        close(key)
    else:
        print("The issue stays as it is: the run did not look at everything.")


def renew(key: str) -> None:
    """Put the newest report into the oldest of our issues, or open one. Raises GhError."""
    body = f"{marker(key)}\n{Path(os.environ['SUMMARY']).read_text('utf-8')}\n{footer()}\n"
    numbers = ours(key)
    if numbers:
        gh("issue", "edit", numbers[0], "--body-file", "-", stdin=body)
        print(f"Issue {numbers[0]} has the newest report.")
    else:
        gh("issue", "create", "--title", title(key), "--body-file", "-", stdin=body)
        print("An issue was opened.")


def close(key: str) -> None:
    """Close all of our issues: two runs at once may have opened two. Raises GhError."""
    for number in ours(key):
        gh("issue", "close", number, "--comment", f"Nothing is wrong any more: {this_run()}")
        print(f"Issue {number} is closed.")


def ours(key: str) -> list[str]:
    """The numbers of our open issues, the oldest first. Raises GhError."""
    owner, _, name = os.environ["GITHUB_REPOSITORY"].partition("/")
    asked = ("-f", f"query={OPEN_ISSUES}", "-f", f"owner={owner}", "-f", f"name={name}")
    told = gh("api", "graphql", "--paginate", *asked, "--jq", EACH)
    begins = marker(key)
    issues = [json.loads(line) for line in told.splitlines() if line]
    mine = (one for one in issues if one["viewerDidAuthor"] and one["body"].startswith(begins))
    return [str(number) for number in sorted(one["number"] for one in mine)]


def gh(*words: str, stdin: str | None = None) -> str:
    """Run `gh`, without a shell; returns what it prints. Raises GhError."""
    where = ("--repo", os.environ["GITHUB_REPOSITORY"]) if words[0] == "issue" else ()
    try:
        done = subprocess.run(  # noqa: S603  words of ours; text of strangers is on stdin only
            ["gh", *words, *where],  # noqa: S607  where the runner has it
            check=True, capture_output=True, encoding="utf-8", input=stdin,
        )  # fmt: skip
    except FileNotFoundError:
        raise GhError("this runner has no `gh`") from None
    except subprocess.CalledProcessError as exc:
        raise GhError(exc.stderr.strip() or f"gh ended with status {exc.returncode}") from exc
    return done.stdout


def marker(key: str) -> str:
    """What our issues begin with, unseen; of the key only a hash, as it may hold anything."""
    return f"<!-- imgcache keeps this issue: {hashlib.sha256(key.encode()).hexdigest()[:16]} -->"


def title(key: str) -> str:
    """One title for each site of a repository; `default` is the only one of most."""
    return TITLE if key == "default" else f"{TITLE} ({key})"


def footer() -> str:
    """What becomes of the issue, for those who read it."""
    return (
        f"*Written anew by each run, the last one was {this_run()}; closed when nothing is wrong.*"
    )


def this_run() -> str:
    """Where the run's log is."""
    env = os.environ
    return (
        f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_REPOSITORY']}/actions/runs/{env['GITHUB_RUN_ID']}"
    )


def report() -> dict[str, object]:
    """The JSON report."""
    told: dict[str, object] = json.loads(Path(os.environ["REPORT"]).read_text("utf-8"))
    return told


def inert(text: str) -> str:
    """Text as the data of one workflow command: no second line can begin another one."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    sys.exit(main())
