"""Fitting of places to what was seen: the `[[images]]` that would find the images of a site."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from imgcache.config_images import USUAL, ImagePlace
from imgcache.core.articles.shapes.key_words import Says, says, subject
from imgcache.core.articles.shapes.sights import Sight, spelled
from imgcache.place_patterns import Pattern, Step, pattern, spelt

# A site with more shapes than that has data in its front matter, not fields.
_MOST_PLACES = 24
# One stranger in so many images is put up with.
_FEW = 4
_NONE: Mapping[Pattern, int] = MappingProxyType({})
_USUAL_AT = pattern(USUAL.at)
_ROLES = ("width", "height", "cached")


class _Found(NamedTuple):
    """A place in the making: several keys of the URL where no mapping has two of them."""

    at: Pattern
    urls: tuple[str, ...]
    sides: tuple[tuple[str, str], ...]
    images: int


def places(
    sights: Mapping[Sight, int], others: Mapping[Pattern, int] = _NONE
) -> tuple[ImagePlace, ...]:
    """The places of these images, the most frequent ones first; none where there are none.

    `others`: how many texts stand where that are no images.
    """
    by_place: dict[Pattern, Counter[Sight]] = defaultdict(Counter)
    for sight, count in sights.items():
        by_place[sight.at][sight] += count
    found = [one for at, here in by_place.items() for one in _of_one_place(at, here, others)]
    found = list(_without_covered(_at_any_depth(found)))
    found.sort(key=lambda one: (-one.images, spelled(one.at), one.urls))
    return tuple(dict.fromkeys(_place(one) for one in found[:_MOST_PLACES]))


def _of_one_place(
    at: Pattern, here: Counter[Sight], others: Mapping[Pattern, int]
) -> Iterator[_Found]:
    strings = here[Sight(at)]
    if strings and _is_mostly_images(at, strings, others):
        yield _Found(at, (), (), strings)
    keys = Counter(
        {key: sum(n for one, n in here.items() if key in one.urls) for key in _all(here)}
    )
    named = any(says(key) is Says.IMAGE for key in keys)
    for key, count in list(keys.items()):
        sure = says(key) is Says.ROLE and not named
        if not sure and not _is_mostly_images((*at, key), count, others):
            del keys[key]
    mixed = {key for key in keys if others.get((*at, key))}
    for number, group in enumerate(_groups(here, keys, mixed)):
        of_these = Counter({one: n for one, n in here.items() if set(group) & set(one.urls)})
        sides = tuple(_sides(at, group, of_these, is_first=number == 0))
        if _is_entry(at, group, sides) and _has_no_strangers(at, of_these, sides, others):
            yield _Found(at, group, sides, of_these.total())
        else:
            yield from (_Found((*at, key), (), (), keys[key]) for key in group)


def _all(here: Counter[Sight]) -> list[str]:
    return list(dict.fromkeys(key for sight in here for key in sight.urls))


def _is_mostly_images(place: Pattern, images: int, others: Mapping[Pattern, int]) -> bool:
    """Whether a place would read few texts that are none; a key that says image always would."""
    last = next((step for step in reversed(place) if isinstance(step, str)), "")
    return says(last) is Says.IMAGE or others.get(place, 0) * _FEW <= images


def _has_no_strangers(
    at: Pattern,
    here: Counter[Sight],
    sides: tuple[tuple[str, str], ...],
    others: Mapping[Pattern, int],
) -> bool:
    """Whether no text stands in the place of a mapping, for that would be a URL.

    For their sizes a few are put up with.
    """
    if at[-1:] == (Step.EACH,):
        return False
    strangers = others.get(at, 0)
    return strangers == 0 or (bool(sides) and strangers * _FEW <= here.total())


def _groups(here: Counter[Sight], keys: Counter[str], mixed: set[str]) -> Iterator[tuple[str, ...]]:
    """Keys that never stand in one mapping are spellings of one thing; others are images each.

    `mixed`: keys that have other texts, too, perhaps beside an image.
    """
    together: dict[str, set[str]] = defaultdict(set)
    for sight in here:
        for key in sight.urls:
            together[key].update(sight.urls)
    groups: list[list[str]] = []
    for key, _ in sorted(keys.items(), key=lambda pair: (-pair[1], pair[0])):
        apart = (one for one in groups if not together[key] & set(one) and not mixed & {*one})
        group = None if key in mixed else next(apart, None)
        if group is None:
            groups.append([key])
        else:
            group.append(key)
    return map(tuple, groups)


def _is_entry(at: Pattern, keys: Sequence[str], sides: tuple[tuple[str, str], ...]) -> bool:
    """Whether the mapping is the image (`cover.image`), and not what has one (`header.teaser`)."""
    if sides or not at:
        return bool(sides)
    last = at[-1]
    if isinstance(last, Step):
        return True
    return says(last) is Says.IMAGE or any(says(key) is Says.ROLE for key in keys)


def _sides(
    at: Pattern, keys: Sequence[str], here: Counter[Sight], *, is_first: bool
) -> Iterator[tuple[str, str]]:
    """The keys of what an image declares, each for one role, by how often they are there."""
    taken = set(keys)
    for role, listed in zip(_ROLES, ("widths", "heights", "flags"), strict=True):
        names = Counter[str]()
        for sight, count in here.items():
            for name in getattr(sight, listed):
                names[name] += count
        fitting = [name for name, _ in names.most_common() if name not in taken]
        about = [one for one in fitting if _is_about(one, keys, at)]
        name = next(iter(about or (fitting if is_first and at else [])), None)
        if name is not None:
            taken.add(name)
            yield role, name


def _is_about(name: str, keys: Sequence[str], at: Pattern) -> bool:
    if not at and len(name) <= len("height") and name.lower() in {"w", "h", "width", "height"}:
        return False  # of what, nobody knows
    return any(subject(name) == subject(key) for key in keys)


def _at_any_depth(found: Sequence[_Found]) -> Iterator[_Found]:
    """Lists of one name in several places are one place."""
    alike: dict[Pattern, list[_Found]] = defaultdict(list)
    for one in found:
        if one.at[-1:] == (Step.ITEM,) and isinstance(next(iter(one.at[-2:]), None), str):
            alike[one.at[-2:]].append(one)
        else:
            yield one
    for tail, these in alike.items():
        if len({one.at for one in these}) == 1:
            yield from these
            continue
        together: dict[tuple[str, ...], list[_Found]] = defaultdict(list)
        for one in these:
            together[one.urls].append(one)
        for urls, same in together.items():
            most = max(same, key=lambda one: one.images)
            total = sum(one.images for one in same)
            yield _Found((Step.ANYWHERE, *tail), urls, most.sides, total)


def _without_covered(found: Iterator[_Found]) -> Iterator[_Found]:
    """A place of mappings finds the strings that stand there instead, too."""
    listed = list(found)
    mappings: dict[Pattern, list[_Found]] = defaultdict(list)
    for one in listed:
        if one.urls:
            mappings[one.at].append(one)
    for one in listed:
        if one.urls:
            here = mappings[one.at]
            strings = sum(same.images for same in listed if same.at == one.at and not same.urls)
            yield one._replace(images=one.images + strings) if one is here[0] else one
        elif one.at not in mappings:
            yield one


def _place(one: _Found) -> ImagePlace:
    if _is_usual(one):
        return USUAL
    values: dict[str, object] = {role: spelt(key) for role, key in one.sides}
    if one.urls:
        values["url"] = tuple(spelt(key) for key in one.urls)
    return ImagePlace.model_validate({"at": spelled(one.at)} | values)


def _is_usual(one: _Found) -> bool:
    """Whether the place that counts without a configuration finds just this."""
    if one.at[-2:] != _USUAL_AT[-2:] or one.urls not in {(), *((url,) for url in USUAL.url)}:
        return False
    return all(getattr(USUAL, role) == spelt(key) for role, key in one.sides)
