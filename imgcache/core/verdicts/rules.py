"""Rule texts: what each code means and what to do about it, for reports, docs and `explain`.

messages.py makes the sentence of one finding; this is what is true of every such finding.
"""

from __future__ import annotations

import difflib

from msgspec import Struct

from imgcache.core.verdicts.texts.every import TEXTS
from imgcache.core.verdicts.texts.text import Example
from imgcache.core.verdicts.traits import TRAITS
from imgcache.model import Breach, Severity, Verdict
from imgcache.version import DOCS


class Rule(Struct, frozen=True):
    """One thing that imgcache can find.

    `title` is a clause, `meaning` and `remedy` are sentences in Markdown; `severity` is what the
    rule weighs unless the configuration says otherwise. `ok`, which is no finding, has no code.
    """

    code: str
    name: str
    severity: Severity
    title: str
    meaning: str
    remedy: str
    example: Example
    of: Verdict | Breach | None = None

    @property
    def help(self) -> str:
        """The help text, in Markdown."""
        return f"{self.meaning}\n\n**What to do:** {self.remedy}\n"

    @property
    def plain_help(self) -> str:
        """The same without Markdown."""
        return plain(self.help)

    @property
    def anchor(self) -> str:
        """Its place on the page docs/verdicts.md."""
        return (self.code or self.name).lower()

    @property
    def page(self) -> str:
        """That place, from the root of the repository."""
        return f"docs/verdicts.md#{self.anchor}"


def plain(text: str) -> str:
    """A text of these without its Markdown."""
    return text.replace("`", "").replace("**", "")


ARTICLE_ERROR = Rule(
    "IMG001",
    "article-error",
    Severity.ERROR,
    "The article could not be read or edited",
    "Its front matter is not what a YAML loader takes, or it can't be edited exactly; the file "
    "was left as it is.",
    "Fix the line that the message names. The other articles are not held up.",
    Example(
        spelt='images:\n  - url: "https://example.com/bridge.jpg\n    width: 1600\n',
        told="its front matter is not one valid YAML document: the quote that opens here is never "
        "closed",
    ),
)
"""An article error is no verdict of an entry, but where a format wants a code, this is it."""


def _rule(found: Verdict | Breach) -> Rule:
    text = TEXTS[found]
    severity = Severity.IGNORE if found is Verdict.OK else TRAITS[found].severity
    return Rule(
        found.code or "",
        found.value,
        severity,
        text.title,
        text.meaning,
        text.what_to_do,
        text.example,
        found,
    )


OK = _rule(Verdict.OK)
RULES = (
    ARTICLE_ERROR,
    *(_rule(verdict) for verdict in Verdict if verdict is not Verdict.OK),
    *(_rule(breach) for breach in Breach),
)
"""Every rule, in the order of the codes."""
_BY_WORD = {word.lower(): rule for rule in (OK, *RULES) for word in (rule.code, rule.name) if word}


def find(word: str) -> Rule | None:
    """The rule with this code or name, whatever its case; None where there is none."""
    return _BY_WORD.get(word.lower())


def nearest(word: str) -> Rule:
    """The rule whose code or name is most like this word."""
    return _BY_WORD[difflib.get_close_matches(word.lower(), _BY_WORD, n=1, cutoff=0.0)[0]]


def docs_url(word: str) -> str | None:
    """Where the web tells of a code or name; None while the project has no home there.

    Raises LookupError for a word that is neither.
    """
    rule = find(word)
    if rule is None:
        raise LookupError(f"no verdict or rule is called {word!r}")
    return f"{DOCS}{rule.page}" if DOCS else None
