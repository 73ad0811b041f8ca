"""Sightings of images in articles, wherever they stand: what a run with other places would read.

For `init`, and for runs that find nothing. It reads the files again, and no more than it is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import LimitSettings
from imgcache.core.articles.document import Document, parse
from imgcache.core.articles.fences import Language
from imgcache.core.articles.shapes.sights import Looked, Seen, Sight, look
from imgcache.core.bodies.images import NO_IMAGES, BodyImages, images_of, kind_of
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.errors import ArticleError
from imgcache.place_patterns import Pattern


class Sighted(Struct, frozen=True):
    """What is seen in one article; `document` is without its body."""

    file: Found
    document: Document
    looked: Looked
    body: BodyImages

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The images of the front matter."""
        return self.looked.seen

    @property
    def texts(self) -> list[str]:
        """The URLs of the images of the front matter."""
        return [text for one in self.seen for text in one.texts]

    @property
    def images(self) -> int:
        """How many images are seen."""
        return sum(len(one.texts) for one in self.seen) + len(self.body.images)


class Tally(Struct, frozen=True):
    """What is seen in some articles: `images` and `articles` by the place (`cover.image`).

    `others`: how many texts stand where that are no images.
    """

    sights: Counter[Sight]
    others: Counter[Pattern]
    images: Counter[str]
    articles: Counter[str]
    in_bodies: int
    with_bodies: int
    templated: int

    @property
    def total(self) -> int:
        """How many images there are in all."""
        return self.images.total() + self.in_bodies


def sighted(found: Iterable[Found], limits: LimitSettings) -> Iterator[Sighted]:
    """Look at these files. What is no article, or can't be read, is left out."""
    for file in found:
        try:
            one = _seen(file, limits)
        except ArticleError:
            continue  # a run reports it; here it gives no information
        if one is not None:
            yield one


def _seen(file: Found, limits: LimitSettings) -> Sighted | None:
    document = parse(files.read(file), whole=file.whole, limits=limits, language=file.language)
    if not isinstance(document, Document):
        return None
    looked = look(document.root, whole=document.whole)
    body = _body(file, document, limits)
    return Sighted(file, replace(document, rest=b""), looked, body)


def tally(articles: Iterable[Sighted]) -> Tally:
    """Count what is seen in articles."""
    total = Tally(Counter(), Counter(), Counter(), Counter(), 0, 0, 0)
    in_bodies = with_bodies = templated = 0
    for article in articles:
        names = [name for one in article.seen for name in one.sight.names]
        total.sights.update(one.sight for one in article.seen)
        total.others.update(article.looked.others)
        total.images.update(names)
        total.articles.update(set(names))
        in_bodies += len(article.body.images)
        with_bodies += bool(article.body.images)
        templated += article.body.templated
    return replace(total, in_bodies=in_bodies, with_bodies=with_bodies, templated=templated)


def tally_of(found: Sequence[Found], limits: LimitSettings, most: int) -> Tally:
    """Look at the first of these files, `most` at most, and count what is seen."""
    return tally(sighted(islice(found, most), limits))


def _body(file: Found, document: Document, limits: LimitSettings) -> BodyImages:
    kind = kind_of(file.path.suffix)
    if kind is None or document.whole:
        return NO_IMAGES
    rest = document.rest
    if document.language is not Language.JSON:
        rest = rest.partition(b"\n")[2]
    return images_of(rest, 1, kind, limits.nodes)
