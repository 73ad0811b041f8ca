"""Shapes of sites: small ones as generators and blogs write them, each with the images in it.

All of it is made up; only the keys are those of the themes and tools.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_CDN = "https://cdn.example"


@dataclass(frozen=True)
class SiteShape:
    """A site: its files, and the URLs in its front matters and its bodies, each as it is written.

    `drafts`: those that stand in drafts. `unread`: those that stand amid links.
    `pictures`: the paths of images that the site has.
    """

    files: dict[str, str]
    images: tuple[str, ...]
    bodies: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()

    @property
    def found(self) -> set[str]:
        """The URLs that name a picture of the site."""
        return {
            one
            for one in (*self.images, *self.bodies)
            if any(path.endswith(one) for path in self.pictures)
        }

    def make(self, folder: Path) -> None:
        """Write the site into a folder."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for name in self.pictures:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")


def page(front: str, body: str = "Words.\n", fence: str = "---") -> str:
    """An article."""
    return f"{fence}\n{front.strip()}\n{fence}\n\n{body}"


MICRO_BLOG = SiteShape(
    {
        "content/2024/05/01/walk.md": page(
            f"""
title: ""
date: 2024-05-01T08:00:00+00:00
permalink: /2024/05/01/walk.html
url: /2024/05/01/walk.html
photos:
- {_CDN}/uploads/2024/one.jpg
photos_with_metadata:
- url: {_CDN}/uploads/2024/one.jpg
  width: 600
  height: 450
  alt: "one.jpg"
""",
            f'A walk. <img src="{_CDN}/uploads/2024/one.jpg" width="600" height="450" alt="">\n',
        ),
        "content/2024/05/02/words.md": page('title: "Words"\npermalink: /words.html'),
    },
    (f"{_CDN}/uploads/2024/one.jpg",) * 2,
    (f"{_CDN}/uploads/2024/one.jpg",),
)

CHIRPY = SiteShape(
    {
        "_posts/2024-01-01-first.md": page(
            """
title: First
author: ann
pin: true
image:
  path: /assets/img/first.png
  lqip: data:image/webp;base64,UklGRpoAAABXRUJQVlA4
  alt: The first.png of all
""",
            '![Desktop](/assets/img/second.png){: width="700" }\n',
        ),
        "_posts/2024-01-02-second.md": page(f"title: Second\nimage: {_CDN}/v1/abc123?w=1200"),
        "_data/authors.yml": (
            "ann:\n  name: Ann\n  twitter: ann\n  url: https://ann.example/\n"
            f"  avatar: {_CDN}/people/ann\n"
        ),
    },
    (f"{_CDN}/people/ann", "/assets/img/first.png", f"{_CDN}/v1/abc123?w=1200"),
    ("/assets/img/second.png",),
    pictures=("assets/img/first.png", "assets/img/second.png"),
)

PAPER_MOD = SiteShape(
    {
        "content/posts/one.md": page(
            f"""
title: One
draft: false
canonicalURL: https://elsewhere.example/one.png
editPost:
    URL: "https://github.com/someone/site/content"
    Text: "Suggest Changes"
cover:
    image: {_CDN}/covers/one.jpg
    alt: "cover.png"
    caption: "by someone"
    relative: false
"""
        ),
        "content/posts/two.md": page(f"title: Two\ndraft: true\ncover:\n  image: {_CDN}/two.jpg"),
    },
    (f"{_CDN}/covers/one.jpg",),
    drafts=(f"{_CDN}/two.jpg",),
)

MINIMAL_MISTAKES = SiteShape(
    {
        "_posts/2024-01-01-trip.md": page(
            f"""
title: Trip
link: https://elsewhere.example/photo.jpg
header:
  teaser: /assets/images/trip-th.jpg
  overlay_image: {_CDN}/unsplash-image-1.jpg
  caption: "Photo credit: [**Unsplash**](https://unsplash.example)"
  actions:
    - label: "More"
      url: "https://unsplash.example/more"
gallery:
  - url: /assets/images/a.jpg
    image_path: /assets/images/a-th.jpg
    alt: "a.jpg"
    title: "Image 1"
  - url: https://pages.example/b
    image_path: {_CDN}/b-th
    alt: "placeholder"
feature_row:
  - image_path: /assets/images/row.png
    title: "Row"
    url: "#test-link"
sidebar:
  - title: "Role"
    image: {_CDN}/350x250
    image_alt: "logo"
"""
        ),
        "_portfolio/thing.md": page("title: Thing\nheader:\n  teaser: /assets/images/thing.png"),
    },
    (
        "/assets/images/thing.png",
        "/assets/images/trip-th.jpg",
        f"{_CDN}/unsplash-image-1.jpg",
        "/assets/images/a-th.jpg",
        f"{_CDN}/b-th",
        "/assets/images/row.png",
        f"{_CDN}/350x250",
    ),
    unread=("/assets/images/a.jpg",),
    pictures=("assets/images/trip-th.jpg", "assets/images/a.jpg", "assets/images/thing.png"),
)

HASHNODE = SiteShape(
    {
        "clx1abc.md": page(
            f"""
title: "A post"
seoTitle: "A post.png"
datePublished: Mon Jan 01 2024 10:00:00 GMT+0000 (Coordinated Universal Time)
cuid: clx1abc
slug: a-post
canonical: https://elsewhere.example/a-post
cover: {_CDN}/res/hashnode/image/upload/v1/cover.png
ogImage: {_CDN}/res/hashnode/image/unsplash/xyz/upload/0a1b
tags: python
""",
            f'![]({_CDN}/res/hashnode/image/upload/v1/inside.png align="center")\n',
        ),
        "README.md": "# Backup\n",
    },
    (
        f"{_CDN}/res/hashnode/image/upload/v1/cover.png",
        f"{_CDN}/res/hashnode/image/unsplash/xyz/upload/0a1b",
    ),
    (f"{_CDN}/res/hashnode/image/upload/v1/inside.png",),
)

ASTRO = SiteShape(
    {
        "src/pages/posts/post-1.md": page(
            f"""
layout: ../../layouts/MarkdownPostLayout.astro
title: 'My First Blog Post'
pubDate: 2022-07-01
author: 'Learner'
image:
    url: '{_CDN}/assets/rose.webp'
    alt: 'A rose.'
tags: ["astro", "blogging"]
"""
        ),
        "src/pages/posts/post-2.md": page(
            f"title: Second\nimage:\n    url: '{_CDN}/assets/arc'\n    alt: 'An arc.'"
        ),
    },
    (f"{_CDN}/assets/rose.webp", f"{_CDN}/assets/arc"),
)

HINODE = SiteShape(
    {
        "content/blog/first.md": page(
            """
author: Someone
title: First
thumbnail:
  url: /img/boots.jpg
  author: Someone Else
  authorURL: https://unsplash.example/@someone
  origin: Unsplash
  originURL: https://unsplash.example/photos/LtLd
"""
        ),
        "content/blog/second.md": page("title: Second\nthumbnail: /img/sun.jpg"),
    },
    ("/img/boots.jpg", "/img/sun.jpg"),
    pictures=("assets/img/boots.jpg", "assets/img/sun.jpg"),
)

DOCUSAURUS = SiteShape(
    {
        "blog/2024-01-01-welcome.md": page(
            f"""
slug: welcome
title: Welcome
authors:
  - ann
  - name: Bob
    title: Guest
    url: https://bob.example/me.png
    image_url: https://code.example/bob.png
image: {_CDN}/card
tags: [hello]
""",
            "![Banner](/img/banner.png)\n",
        ),
        "blog/2023-01-01-old.md": page(
            "title: Old\nauthor: Cy\nauthor_url: https://cy.example/a\n"
            f"author_image_url: {_CDN}/u/1?v=4"
        ),
        "blog/authors.yml": (
            "ann:\n  name: Ann\n  title: Maintainer\n  url: https://ann.example\n"
            f"  image_url: {_CDN}/u/2?v=4\n  socials:\n    github: ann\n"
        ),
        "docs/intro.md": page("sidebar_position: 1"),
    },
    (
        f"{_CDN}/u/1?v=4",
        "https://code.example/bob.png",
        f"{_CDN}/card",
        f"{_CDN}/u/2?v=4",
    ),
    ("/img/banner.png",),
    pictures=("static/img/banner.png",),
)

ZOLA = SiteShape(
    {
        "content/blog/one.md": page(
            f"""
title = "One"
date = 2024-01-01
draft = false
[taxonomies]
tags = ["a"]
[extra]
image = "{_CDN}/one.webp"
link_to = "https://elsewhere.example"
[extra.cover]
image = "/covers/one.png"
alt = "cover"
""",
            fence="+++",
        ),
    },
    (f"{_CDN}/one.webp", "/covers/one.png"),
    pictures=("static/covers/one.png",),
)

HEXO = SiteShape(
    {
        "source/_posts/hello.md": page(
            f"""
title: Hello
cover: /images/hello.jpg
thumbnail: {_CDN}/thumb.jpg
banner_img: /images/banner.jpg
photos:
  - {_CDN}/a.jpg
  - {_CDN}/b
""",
            "![](/images/inside.png)\n",
        ),
        "source/about/index.md": page("title: About\nlayout: page"),
    },
    (
        "/images/hello.jpg",
        f"{_CDN}/thumb.jpg",
        "/images/banner.jpg",
        f"{_CDN}/a.jpg",
        f"{_CDN}/b",
    ),
    ("/images/inside.png",),
    pictures=("source/images/hello.jpg", "source/images/inside.png"),
)

NEXT = SiteShape(
    {
        "_posts/preview.md": page(
            """
title: "Preview Mode"
excerpt: "Lorem ipsum"
coverImage: "/assets/blog/preview/cover.jpg"
date: "2020-03-16T05:35:07.322Z"
author:
  name: Joe
  picture: "/assets/blog/authors/joe.jpeg"
ogImage:
  url: "/assets/blog/preview/cover.jpg"
"""
        ),
    },
    (
        "/assets/blog/preview/cover.jpg",
        "/assets/blog/authors/joe.jpeg",
        "/assets/blog/preview/cover.jpg",
    ),
    pictures=("public/assets/blog/preview/cover.jpg", "public/assets/blog/authors/joe.jpeg"),
)

SHAPES = {
    "micro.blog": MICRO_BLOG,
    "Jekyll: Chirpy": CHIRPY,
    "Hugo: PaperMod": PAPER_MOD,
    "Jekyll: minimal-mistakes": MINIMAL_MISTAKES,
    "Hashnode's backup": HASHNODE,
    "Astro's tutorial": ASTRO,
    "Hugo: Hinode": HINODE,
    "Docusaurus": DOCUSAURUS,
    "Zola": ZOLA,
    "Hexo": HEXO,
    "Next's starter": NEXT,
}
