"""What `imgcache explain` shows: of a URL each step and what the cache knows, or of a code all."""

from __future__ import annotations

import re
import shutil

import typer

from imgcache.cli.output import write
from imgcache.cli.run import exit_status, finish
from imgcache.cli.terminal import is_terminal
from imgcache.config import Settings
from imgcache.core.verdicts import rules
from imgcache.core.verdicts.rules import Rule
from imgcache.render import explain as render
from imgcache.results import Explanation

# A word in which nothing makes a URL or a path.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_WIDEST = 100


def code(word: str) -> Rule | None:
    """The verdict or rule that is meant; None where it looks like a URL or a path.

    Raises typer.BadParameter, naming the nearest, for a word that is neither.
    """
    if not _CODE.fullmatch(word):
        return None
    found = rules.find(word.replace("_", "-"))
    if found is None:
        near = rules.nearest(word)
        raise typer.BadParameter(
            f"no verdict or rule is called {word!r}; the nearest is {near.name}"
            f"{f' ({near.code})' if near.code else ''}"
        )
    return found


def explain_code(rule: Rule, *, as_json: bool) -> int:
    """Print all about a verdict or rule; returns the exit status."""
    width = min(shutil.get_terminal_size().columns, _WIDEST) if is_terminal() else None
    write(render.rule_as_json(rule) if as_json else render.rule_as_text(rule, width))
    return exit_status(well=True)


def explain_url(url: str, settings: Settings, *, as_json: bool) -> int:
    """Ask for a URL and print each step; returns the exit status.

    Raises ConfigError and LocalError.
    """
    explained = finish(_explained(url, settings))
    write(render.as_json(explained) if as_json else render.as_text(explained))
    return exit_status(well=explained.is_well)


async def _explained(url: str, settings: Settings) -> Explanation:
    # Only a URL needs the engine.
    from imgcache.engine.explain import explain  # noqa: PLC0415
    from imgcache.engine.known_url import known_url  # noqa: PLC0415

    explained = await explain(url, settings)
    explained.known = await known_url(url, settings)
    return explained
