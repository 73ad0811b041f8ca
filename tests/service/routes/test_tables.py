"""What pages show, for programs."""

from __future__ import annotations

import csv
import io

import pytest

from tests.support.service import Service


async def test_an_image_is_listed_once_with_its_places(served: Service) -> None:
    body = await served.document("/api/images", verdict="dimensions-missing")
    (image,) = body["images"]
    assert (body["total"], image["uses"], image["articles"]) == (1, 3, 2)
    assert (image["severity"], image["entry"]["verdict"]) == ("warning", "dimensions-missing")
    assert [one["verdict"] for one in image["places"]] == ["dimensions-missing", "ok", "ok"]


async def test_hosts_tell_how_many_images_fail(served: Service) -> None:
    (host,) = (await served.document("/api/hosts"))["hosts"]
    assert (host["images"], host["failing"], host["errors"]) == (2, 1, 1)
    assert host["verdicts"] == {"gone": 1, "dimensions-missing": 1}
    assert host["failing_since"] is not None


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("/api/images.csv", 2),
        ("/api/images.csv?severity=error", 1),
        ("/api/images.csv?page=9", 0),
        ("/api/articles.csv", 3),
        ("/api/hosts.csv", 1),
    ],
)
async def test_tables_have_the_same_filters(served: Service, path: str, lines: int) -> None:
    answer = await served.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert len(list(csv.DictReader(io.StringIO(answer.text, newline="")))) == lines


async def test_lists_have_pages(served: Service) -> None:
    answer = await served.get("/api/images", params={"per_page": 1})
    assert answer.headers["link"] == '<?per_page=1&page=2>; rel="next"'
    assert [one["entry"]["verdict"] for one in answer.json()["images"]] == ["gone"]
