"""Single file: one page with everything in it, to be sent by mail or kept with a build."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from imgcache.core.catalog import ImageQuery
from imgcache.render.html import jinja
from imgcache.render.html.cards import image_card
from imgcache.render.html.gallery import gallery
from imgcache.render.html.links import Selection
from imgcache.render.html.moments import Moments
from imgcache.render.html.page_views import Page, Pager
from imgcache.render.html.static_site import FolderLinks, Site, picture_name
from imgcache.render.phrases import count
from imgcache.results import CachedThumbnail, KnownImage

# More make a page that no mail carries; the worst come first.
MOST = 1000


class PageLinks(FolderLinks):
    """A page alone has no other: pictures are in it, `pictures` by their name in a folder."""

    has_hosts = False

    def __init__(self, pictures: Mapping[str, bytes], edit_url: str | None) -> None:
        super().__init__(pictures, edit_url)
        self._bytes = pictures

    def gallery(self, selection: Selection) -> str:  # noqa: ARG002  there is one page
        """The page itself."""
        return "#main"

    def article(self, article: str, page: int = 1) -> str:  # noqa: ARG002  there is one page
        """None."""
        return ""

    def thumbnail(self, thumbnail: CachedThumbnail) -> str | None:
        """The bytes themselves."""
        data = self._bytes.get(picture_name(thumbnail))
        if data is None:
            return None
        suffix = thumbnail.path.rpartition(".")[2].replace("jpg", "jpeg")
        return f"data:image/{suffix};base64,{base64.b64encode(data).decode()}"


def images(site: Site) -> Sequence[KnownImage]:
    """The images of the page: the worst ones, as far as there is room."""
    return site.images(ImageQuery(), 0, MOST)


def render(
    site: Site,
    shown: Sequence[KnownImage],
    pictures: Mapping[str, bytes],
    edit_url: str | None = None,
) -> str:
    """The page of these images."""
    links, moments = PageLinks(pictures, edit_url), Moments()
    cards = [jinja.drawn(image_card(one, links, moments)) for one in shown]
    found = site.facets(ImageQuery())
    view = gallery(site.overview, Page(Selection(), cards, found), links)
    more = found.total - len(shown)
    told = f"{count(more, 'more image')} not in this file: the worst come first" if more else ""
    chrome = replace(view.chrome, inline=jinja.inline())
    return jinja.gallery(replace(view, chrome=chrome, facets=(), told=told, pager=Pager(1, 1)))
