"""Sites whose articles name the pictures of a corpus, and the same URLs for other tools."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.beside.corpus import COPIES, Corpus

HOSTS = 20
WRONG = 0.05  # so many entries declare a size that is not the picture's
IN_ARTICLES = (4, 5, 6, 6, 6, 7, 7)
TOPICS = (
    "city council camera privacy court border market growth data report users network energy "
    "research train model chip climate election museum river harbour station school"
)
STALE_AT_ONCE = "[freshness]\nleast = 0\n"
JPEG_THUMBNAILS = '[thumbnails.small]\nwidth = 320\nheight = 320\nformat = "jpeg"\n'


class Entry(Struct, frozen=True):
    """An image entry: number of its host, path of its URL, declared size; whether that is right."""

    host: int
    path: str
    declared: tuple[int, int]
    right: bool

    def named(self, port: int) -> str:
        """Its URL by a host name, which imgcache is told the address of."""
        return f"http://img{self.host}.example.test:{port}/{self.path}"

    def numbered(self, port: int) -> str:
        """The same for tools that can't be told one: each host is an address of loopback."""
        return f"http://{address(self.host)}:{port}/{self.path}"


def address(host: int) -> str:
    """The address that stands for a host."""
    return f"127.0.1.{host + 1}"


def of_pictures(corpus: Corpus, count: int) -> list[Entry]:
    """Entries for so many URLs with bytes of their own, on HOSTS hosts in turn."""
    every = [(copy, one) for copy in range(COPIES) for one in corpus.pictures]
    if count > len(every):
        raise SystemExit(f"this corpus has {len(every)} files, and {count} are asked for")
    rng = random.Random(f"{corpus.made_by.seed} order")
    chosen = every[:count]
    rng.shuffle(chosen)
    return [
        Entry(number % HOSTS, f"pictures/{copy}/{one.name}", *_declared(rng, one.size))
        for number, (copy, one) in enumerate(chosen)
    ]


def of_small_pictures(corpus: Corpus, articles: int) -> list[Entry]:
    """Entries for so many articles. Each host has each picture once, so there are many hosts."""
    rng = random.Random(f"{corpus.made_by.seed} small")
    count = sum(_lengths(corpus, articles))
    hosts, pictures = (count // len(corpus.pictures) + 1), corpus.pictures
    pairs = [(host, one) for host in range(hosts) for one in pictures][:count]
    return [Entry(host, f"small/{one.name}", *_declared(rng, one.small)) for host, one in pairs]


def _declared(rng: random.Random, size: tuple[int, int]) -> tuple[tuple[int, int], bool]:
    if rng.random() < WRONG:
        return (size[0], size[1] + size[1] // 2), False
    return size, True


def _lengths(corpus: Corpus, articles: int) -> Iterator[int]:
    """How many entries each article has."""
    rng = random.Random(f"{corpus.made_by.seed} lengths")
    return (rng.choice(IN_ARTICLES) for _ in range(articles))


def write(site: Path, corpus: Corpus, entries: Sequence[Entry], port: int, config: str) -> None:
    """A fresh site: the articles, 500 to a folder, and imgcache's configuration."""
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir()
    (site / "imgcache.toml").write_text(config)
    rng, first = random.Random(f"{corpus.made_by.seed} text"), 0
    for number, length in enumerate(_lengths(corpus, len(entries))):
        if first >= len(entries):
            return
        path = site / "articles" / f"{number // 500:03}" / f"{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_article(rng, entries[first : first + length], port))
        first += length


def _article(rng: random.Random, entries: Sequence[Entry], port: int) -> str:
    """A picture of its own, one for each related story, and about six kilobytes of text."""
    own, *others = entries
    related = "".join(
        f'  - title: "{_words(rng, 9)}"\n    excerpt: "{_words(rng, 30)}"\n'
        f"    type: article\n    quality: {rng.randint(10, 90)}\n{_image(rng, one, port, '    ')}"
        for one in others
    )
    return (
        f'---\ncategory: news\ntitle: "{_words(rng, 9)}"\nexcerpt: "{_words(rng, 35)}"\n'
        f"type: article\nheat: -1\ntopics:\n  - Computer Vision\n  - AI\n"
        f"{_image(rng, own, port, '')}related:\n{related or '  []' + chr(10)}"
        f'secured: "{rng.getrandbits(3600):x}"\n---\n\n{_words(rng, 120)}.\n'
    )


def _image(rng: random.Random, entry: Entry, port: int, indent: str) -> str:
    width, height = entry.declared
    lines = (
        "images:",
        f'  - url: "{entry.named(port)}"',
        f"    width: {width}",
        f"    height: {height}",
        f"    isCached: {rng.choice(('true', 'false'))}",
    )
    return "".join(f"{indent}{line}\n" for line in lines)


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choices(TOPICS.split(), k=count)).capitalize()
