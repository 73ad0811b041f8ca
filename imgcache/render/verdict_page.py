"""The page docs/verdicts.md: each verdict and rule with cause, example and remedy."""

from __future__ import annotations

from collections.abc import Iterator

from imgcache.core.verdicts import examples
from imgcache.core.verdicts.rules import OK, RULES, Rule
from imgcache.model import Severity

_HEAD = """\
# Verdicts and rules

What a report can say of an image, what it means, an example, and what to do. `imgcache explain
IMG201` and `imgcache explain gone` show the same in the terminal. Every image entry has one
verdict; IMG501 and those after it are breaches of [rules of your own](rules.md), each beside the
verdict of its entry. The severity is what it weighs as long as the configuration says nothing else
and the cache holds no sound copy.

"""


def render() -> Iterator[str]:
    """The page in pieces (Markdown)."""
    yield _HEAD
    yield "| code | name | severity | in short |\n|---|---|---|---|\n"
    yield from map(_row, (OK, *RULES))
    yield from map(_section, (OK, *RULES))


def weight(rule: Rule) -> str:
    """What it weighs, in a word."""
    return "none" if rule.severity is Severity.IGNORE else rule.severity.value


def _row(rule: Rule) -> str:
    code = f"[{rule.code or rule.name}](#{rule.anchor})"
    return f"| {code} | `{rule.name}` | {weight(rule)} | {rule.title} |\n"


def _section(rule: Rule) -> str:
    settings = examples.configured(rule)
    configured = "" if settings is None else f"```toml\n{settings}```\n\n"
    return (
        f"\n## {rule.code or rule.name}\n\n"
        f"`{rule.name}`: **{rule.title}.** {rule.meaning}\n\n"
        f"{configured}```yaml\n{examples.entry(rule)}```\n\n"
        f"```text\n{examples.finding(rule)}\n```\n\n"
        f"What to do: {rule.remedy}\n"
    )
