"""What `imgcache explain` shows: of a URL each step and what the cache knows, or of a code all."""

from __future__ import annotations

import re
import shutil

import typer

from imgcache.cache_results import Explanation
from imgcache.cli.flag_groups import General, Network
from imgcache.cli.flags import PlainFormat
from imgcache.cli.output import write
from imgcache.cli.run import exit_status, finish, guarded
from imgcache.cli.terminal import is_terminal
from imgcache.config import Settings
from imgcache.core.verdicts import rules
from imgcache.core.verdicts.rules import Rule
from imgcache.render import explain as render

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


def explained(what: str, general: General, network: Network, kind: PlainFormat) -> int:
    """Print all about a code, or each step for a URL; returns the exit status.

    Raises typer.BadParameter as `code`.
    """
    named, as_json = code(what), kind is PlainFormat.JSON
    if named is None:
        return guarded(general.console(), lambda: _url(what, general.settings(network), as_json))
    return guarded(general.console(), lambda: _code(named, as_json))


def _code(rule: Rule, as_json: bool) -> int:  # noqa: FBT001  one of two formats
    width = min(shutil.get_terminal_size().columns, _WIDEST) if is_terminal() else None
    write(render.rule_as_json(rule) if as_json else render.rule_as_text(rule, width))
    return exit_status(well=True)


def _url(url: str, settings: Settings, as_json: bool) -> int:  # noqa: FBT001  as above
    found = finish(_asked(url, settings))
    write(render.as_json(found) if as_json else render.as_text(found))
    return exit_status(well=found.is_well)


async def _asked(url: str, settings: Settings) -> Explanation:
    # Only a URL needs the engine.
    from imgcache.engine.explain import explain  # noqa: PLC0415
    from imgcache.engine.known_url import known_url  # noqa: PLC0415

    explanation = await explain(url, settings)
    explanation.known = await known_url(url, settings)
    return explanation
