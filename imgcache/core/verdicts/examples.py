"""Examples of verdicts and rules, spelt out: an entry, and what the program says of it."""

from __future__ import annotations

import json

from imgcache.config_rules import RuleSettings
from imgcache.core.verdicts import wishes
from imgcache.core.verdicts.messages import message
from imgcache.core.verdicts.rules import Rule
from imgcache.model import Breach, Verdict

_RULE = "hero"


def entry(rule: Rule) -> str:
    """The lines of the article, in YAML."""
    example = rule.example
    if example.spelt is not None:
        return example.spelt
    declared = example.declared
    sides = {"width": declared.width, "height": declared.height}
    cached = {} if declared.cached is None else {"isCached": declared.cached}
    told = {key: value for key, value in (sides | cached).items() if value is not None}
    more = "".join(f"    {key}: {json.dumps(value)}\n" for key, value in told.items())
    return f'images:\n  - url: "{example.url}"\n{more}'


def configured(rule: Rule) -> str | None:
    """The site's rule that is broken, in TOML; None where it is no rule of a site."""
    if rule.example.wanted is None:
        return None
    keys = {"name": _RULE, **rule.example.wanted}
    return "[[rules]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


def finding(rule: Rule) -> str:
    """What a report says of it: name, code and message."""
    told = rule.example.told or _message(rule)
    if told is None:
        return f"{rule.name}: nothing is to be said of it"
    of_rule = f", rule {_RULE}" if isinstance(rule.of, Breach) else ""
    return f"{rule.name} ({rule.code}){of_rule}: {told}"


def _message(rule: Rule) -> str | None:
    example, found = rule.example, rule.of
    if isinstance(found, Breach):
        return _broken(rule, found)
    if found is None or found is Verdict.OK:
        return None
    return message(found, rule.severity, example.declared, example.evidence)


def _broken(rule: Rule, breach: Breach) -> str:
    """Raises LookupError where the example does not break its rule in that way."""
    example = rule.example
    settings = RuleSettings.model_validate({"name": _RULE, **(example.wanted or {})})
    image, place = example.evidence.sound, wishes.Place([example.url], filled=())
    found = () if image is None else wishes.broken([settings], place, image)
    told = [one.message for one in found if one.breach is breach]
    if not told:
        raise LookupError(f"the example of {breach} in texts/breaches.py does not break that rule")
    return told[0]
