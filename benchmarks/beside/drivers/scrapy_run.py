"""Scrapy's ImagesPipeline over a list of URLs, six to an item, with one thumbnail of each picture.

    scrapy_run.py URLS FOLDER

Its seconds end with the last item: only each 5 s does Scrapy notice that nothing is left to do.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy import signals
from scrapy.crawler import CrawlerProcess

IN_ITEM = 6


class Images(scrapy.Spider):  # type: ignore[misc]  # not installed where types are checked
    """Gives the URLs to the pipeline."""

    name = "images"

    async def start(self) -> AsyncIterator[dict[str, Any]]:
        """The items; nothing is crawled."""
        urls = Path(sys.argv[1]).read_text().split()  # noqa: ASYNC240  nothing else runs yet
        for first in range(0, len(urls), IN_ITEM):
            yield {"image_urls": urls[first : first + IN_ITEM]}


def main() -> None:
    settings = {
        "ITEM_PIPELINES": {"scrapy.pipelines.images.ImagesPipeline": 1},
        "IMAGES_STORE": sys.argv[2],
        "IMAGES_THUMBS": {"small": (320, 320)},
        "CONCURRENT_REQUESTS": 64,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
        "CONCURRENT_ITEMS": 200,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "WARNING",
    }
    opened: list[float] = []
    ended: list[float] = []

    def note_opened(**_: object) -> None:
        opened.append(time.perf_counter())

    def note_item(**_: object) -> None:
        ended.append(time.perf_counter())

    process = CrawlerProcess(settings)
    crawler = process.create_crawler(Images)
    crawler.signals.connect(note_opened, signals.spider_opened)
    crawler.signals.connect(note_item, signals.item_scraped)
    process.crawl(crawler)
    process.start()
    done = sum(1 for _ in Path(sys.argv[2], "thumbs", "small").glob("*"))
    print(json.dumps({"done": done, "seconds": ended[-1] - opened[0]}))


if __name__ == "__main__":
    main()
