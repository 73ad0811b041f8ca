"""The pages that editors see, in a real browser: what they find, how, and that nothing jumps."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.sites import Site, visiting

PAGES = ["gallery", "gone", "articles", "article", "hostile article", "broken article", "hosts"]
PHONE, WIDE, TALL = (
    {"viewport": {"width": width, "height": height}}
    for width, height in ((320, 640), (1280, 900), (1280, 8000))
)
# Of each path that may be cut: the height of its line, where its text ends, where its room does.
_TAILS = """() => [...document.querySelectorAll(".tail")].map(tail => {
    const [room, text] = [tail, tail.firstElementChild].map(one => one.getBoundingClientRect())
    return [room.height, text.right, room.right]
})"""
_PICTURES = """() => [...document.querySelectorAll("img")].map((one) => {
  const [mine, room] = [one, one.closest(".sheet, figure, .thumb")]
    .map((el) => el.getBoundingClientRect());
  return [one.naturalWidth / one.naturalHeight, mine.width / mine.height,
    mine.top >= room.top && mine.bottom <= room.bottom && mine.left >= room.left
      && mine.right <= room.right];
})"""
_LOADED = """() => [...document.querySelectorAll("img")].every(
    (one) => one.complete && one.naturalWidth)"""

# Rounded layout was seen to count for 8e-9 in so tall a window; what moves counts for more.
JUMP = 1e-7
# A page that is painted while it still arrives may move by less than anybody is shown (0.00).
WHILE_ARRIVING = 1e-3


def headings(page: Page) -> list[str]:
    return page.locator("section > h2").all_inner_texts()


def test_an_editor_sees_first_what_is_broken(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        expect(page.locator("h1")).to_have_text("5 images to fix")
        assert headings(page) == [
            "Articles that could not be read or edited",
            "To fix",
            "To look at",
            "All well",
        ]
        first = page.locator("article").first
        assert "image error" in (first.get_attribute("class") or "")


def test_the_article_to_mend_is_two_clicks_away(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        page.get_by_role("link", name="not an image").click()
        expect(page.locator("article")).to_have_count(1)
        page.locator("article [data-go]").click()
        expect(page.locator(".sub")).to_contain_text("articles/2026/council-budget.md")
        target = page.locator("article:target")
        expect(target).to_be_in_viewport()
        expect(target.locator("mark")).to_contain_text("budget-chart.jpg")
        expect(target.locator(".message")).to_contain_text(
            "It is an HTML page", use_inner_text=True
        )


def test_the_list_of_articles_leads_to_the_worst_one(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        page.get_by_role("link", name="Articles", exact=True).click()
        expect(page.locator("h1")).to_have_text("4 articles to fix")
        page.locator("article a").first.click()
        expect(page.locator("article.error")).to_have_count(2)


def test_a_broken_image_stands_beside_its_last_good_copy(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.pages["gone"])
        page.locator("article", has_text="crane-at-dawn.jpg").locator("[data-go]").click()
        card = page.locator("article", has_text="crane-at-dawn.jpg").first
        card.scroll_into_view_if_needed()
        expect(card.locator(".outline .status")).to_have_text("404")
        expect(card.locator("figcaption b")).to_have_text("1600 × 1000")  # noqa: RUF001  as shown
        expect(card.locator("img")).to_have_js_property("complete", value=True)
        told = card.locator("dl").inner_text()
        assert "Failing since" in told
        assert "articles/culture/film-festival.md line 5" in told
        assert "articles/2026/harbour-bridge-reopens.md line 9" in told


def test_an_article_holds_declared_against_actual(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.pages["article"])
        card = page.locator("article", has_text="engineer-portrait.jpg")
        rows = card.locator("table tbody tr").all_inner_texts()
        assert [row.split() for row in rows] == [
            ["declared", "1500", "1000", "no"],
            ["actual", "1000", "(differs)", "1500", "(differs)", "yes"],
        ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, WIDE], ids=["phone", "wide"])
def test_axe_finds_nothing(
    chromium: Browser, site: Site, scheme: str, screen: dict[str, Any]
) -> None:
    with visiting(chromium, site, color_scheme=scheme, **screen) as visit:
        for name in PAGES:
            visit.page.goto(site.pages[name])
            found = Axe().run(visit.page, options={"preload": False})
            assert found.violations_count == 0, found.generate_report()


def test_light_and_dark_are_two(chromium: Browser, site: Site) -> None:
    seen = []
    for scheme in ("light", "dark"):
        with visiting(chromium, site, color_scheme=scheme) as visit:
            visit.page.goto(site.home)
            paper = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
            seen.append(sum(map(int, paper.removeprefix("rgb(").removesuffix(")").split(","))))
    assert seen[0] > 600
    assert seen[1] < 100


def test_nothing_jumps_when_the_pictures_come(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **TALL) as visit:
        held: list[Route] = []
        visit.page.route("**/thumbs/**", lambda route: held.append(route))  # noqa: PLW0108  Playwright marks the function
        visit.page.goto(site.home, wait_until="domcontentloaded")
        visit.page.wait_for_function("() => document.querySelectorAll('img').length > 10")
        frames = 0
        while len(held) <= 10 and (frames := frames + 2) < 1000:
            visit.shift()  # two frames each, until all is laid out without a picture
        assert len(held) > 10
        before = visit.shift()
        assert before < WHILE_ARRIVING
        for route in held:
            route.continue_()
        visit.page.wait_for_function(_LOADED)
        assert visit.shift() - before < JUMP


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_pictures_have_their_true_shape_and_stay_in_their_place(
    chromium: Browser, site: Site, width: int
) -> None:
    with visiting(chromium, site, viewport={"width": width, "height": 12_000}) as visit:
        for name in ("gallery", "article"):
            visit.page.goto(site.pages[name])
            visit.page.wait_for_function(_LOADED)
            for natural, shown, inside in visit.page.evaluate(_PICTURES):
                assert shown == pytest.approx(natural, rel=0.03)
                assert inside


def test_a_phone_needs_no_sideways_scrolling(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **PHONE) as visit:
        for name in PAGES:
            visit.page.goto(site.pages[name])
            widths = "() => [document.documentElement.scrollWidth, innerWidth]"
            needed, there = visit.page.evaluate(widths)
            assert needed <= there, name


def test_the_end_of_a_long_path_is_seen_on_one_line(chromium: Browser, service: Site) -> None:
    with visiting(chromium, service, **PHONE) as visit:
        for name in ("gallery", "articles"):
            visit.page.goto(service.pages[name])
            for height, right, edge in visit.page.evaluate(_TAILS):
                assert height < 24
                assert right <= edge + 1


def test_it_works_without_javascript(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, java_script_enabled=False, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        page.get_by_role("link", name="width and height exchanged").click()
        expect(page.locator("article")).to_have_count(1)
        expect(page.locator("article")).to_contain_text(
            "articles/2026/harbour-bridge-reopens.md:13"
        )
        page.locator("article [data-go]").click()
        expect(page.locator("article")).to_have_count(3)
        page.get_by_role("link", name="Images", exact=True).click()
        expect(page.locator("h1")).to_have_text("5 images to fix")
        expect(page.get_by_role("searchbox")).to_be_visible(visible=site.has_form)


def test_the_keyboard_is_enough(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Skip to the images")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("j")
        first = page.locator("article").first.locator("[data-go]")
        expect(first).to_be_focused()
        page.keyboard.press("j")
        expect(page.locator("article").nth(1).locator("[data-go]")).to_be_focused()
        page.keyboard.press("k")
        expect(first).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".sub")).to_contain_text("articles/2026/council-budget.md")


def test_what_has_the_focus_is_seen(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        visit.page.goto(site.home)
        for _ in range(12):
            visit.page.keyboard.press("Tab")
            style = visit.page.evaluate(
                "() => getComputedStyle(document.activeElement).outlineStyle"
            )
            assert style != "none"


def test_the_search_filters_while_one_types(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox")).to_be_focused()
        page.keyboard.type("regatta")
        expect(page.locator("article:visible")).to_have_count(5)
        assert headings_visible(page)[-1] == ("All well" if site.has_form else "Found")
        expect(page.get_by_role("status")).to_contain_text("5")
        page.get_by_role("searchbox").fill("")
        expect(page.locator("article:visible")).to_have_count(18)


def test_a_folder_shows_the_images_of_one_host(chromium: Browser, folder: Site) -> None:
    with visiting(chromium, folder, **WIDE) as visit:
        page = visit.page
        page.goto(folder.pages["hosts"])
        page.get_by_role("link", name="cdn.news-wire.example").click()
        expect(page.get_by_role("status")).to_contain_text("2 of 18 images match at cdn.news")
        expect(page.locator("article:visible")).to_have_count(2)
        page.evaluate("location.hash = '#filters'")
        page.keyboard.press("/")
        page.keyboard.type("crane")
        expect(page.locator("article:visible")).to_have_count(1)
        page.get_by_role("link", name="Images", exact=True).click()
        expect(page.locator("article:visible")).to_have_count(18)
        page.locator(".facets").get_by_role("link", name="cdn.news-wire.example").click()
        expect(page.locator("article:visible")).to_have_count(2)


def test_articles_are_found_on_their_page(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.pages["articles"])
        page.get_by_role("searchbox").fill("sport regatta")
        expect(page.locator("article:visible")).to_have_count(1)


def test_the_form_works_without_javascript(chromium: Browser, service: Site) -> None:
    with visiting(chromium, service, java_script_enabled=False, **WIDE) as visit:
        page = visit.page
        page.goto(service.home)
        page.get_by_role("link", name="cdn.news-wire.example", exact=False).last.click()
        expect(page.locator("article")).to_have_count(2)
        page.get_by_label("Search titles, paths and addresses").fill("crane")
        page.get_by_role("button", name="Search").click()
        expect(page.locator("article")).to_have_count(1)
        page.get_by_role("link", name="Show everything").click()
        expect(page.locator("article")).to_have_count(18)


def test_filters_narrow_each_other(chromium: Browser, service: Site) -> None:
    with visiting(chromium, service, **WIDE) as visit:
        page = visit.page
        page.goto(service.home)
        page.get_by_role("navigation", name="How it fares").get_by_role("link").first.click()
        wrong = page.get_by_role("navigation", name="What is wrong")
        expect(wrong).not_to_contain_text("server failed")
        page.get_by_role("navigation", name="Used").get_by_text("in several articles").click()
        expect(page.locator("article")).to_have_count(1)
        page.get_by_role("navigation", name="View").get_by_role("link", name="cards").click()
        expect(page.locator("article.finding")).to_have_count(1)


def test_from_the_gallery_to_the_line_in_two_clicks(chromium: Browser, editing: Site) -> None:
    with visiting(chromium, editing, java_script_enabled=False, **WIDE) as visit:
        page = visit.page
        page.goto(editing.home)
        row = page.locator("article", has_text="engineer-portrait.jpg")
        line = "vscode://file/srv/site/articles/2026/harbour-bridge-reopens.md:13"
        assert row.get_by_role("link", name="Edit line 13").get_attribute("href") == line
        row.locator("[data-go]").click()
        edit = page.locator("article:target").get_by_role("link", name="Edit line 13")
        assert edit.get_attribute("href") == line


def test_a_place_is_copied_where_nothing_leads_to_an_editor(chromium: Browser, site: Site) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    with visiting(chromium, site, permissions=allowed, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        row = page.locator("article", has_text="engineer-portrait.jpg")
        row.get_by_role("button", name="Copy").click()
        expect(row.get_by_role("button", name="Copied")).to_be_visible()
        place = "articles/2026/harbour-bridge-reopens.md:13"
        assert page.evaluate("navigator.clipboard.readText()") == place
        row.locator("[data-go]").click()
        card = page.locator("article:target")
        card.get_by_role("button", name="Copy the right lines").click()
        expect(card.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == "width: 1000\nheight: 1500"


def test_the_declared_shape_lies_over_the_picture(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.pages["article"])
        over = page.locator("article", has_text="engineer-portrait.jpg").locator(".over")
        corners = [over.locator(one).bounding_box() for one in ("img", ".declared")]
        (picture, declared) = (one for one in corners if one is not None)
        assert (picture["x"], picture["y"]) == (declared["x"], declared["y"])
        assert picture["width"] / declared["width"] == pytest.approx(2 / 3, rel=0.02)
        assert picture["height"] / declared["height"] == pytest.approx(3 / 2, rel=0.02)


def test_a_question_mark_shows_the_keys(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_first_finding_is_on_a_phones_first_screen(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, viewport={"width": 390, "height": 844}) as visit:
        visit.page.goto(site.home)
        box = visit.page.locator("article").first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844


def headings_visible(page: Page) -> list[str]:
    return page.locator("section:visible > h2").all_inner_texts()


def test_hostile_text_is_shown_and_does_nothing(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.pages["hostile article"])
        title = 'articles/<img src=x onerror=alert(1)> "quoted" \\u202egpj.md'
        expect(page.locator(".sub")).to_contain_text(title)
        expect(page.locator("article")).to_have_count(3)
        expect(
            page.locator("article [onerror], article script, article [onmouseover]")
        ).to_have_count(0)
        links = page.locator("article a[target]").evaluate_all("all => all.map((one) => one.href)")
        assert links == [
            "http://images.harbour-post.example/%3Cscript%3Ealert(1)%3C/script%3E.jpg",
            "http://images.harbour-post.example/'onmouseover='alert(1).jpg?a=%3Cb%3E&c=%E2%80%AEgpj",
        ]
        assert all(
            page.locator("a[target]").nth(number).get_attribute("rel") == "noreferrer noopener"
            for number in range(len(links))
        )


def test_landmarks_lead_through_a_page(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, **WIDE) as visit:
        page = visit.page
        page.goto(site.home)
        for role in ("banner", "main", "contentinfo", "search"):
            expect(page.get_by_role(role)).to_have_count(1)
        expect(page.get_by_role("navigation", name="What is wrong")).to_be_visible()
        expect(page.get_by_role("region", name="To fix")).to_be_visible()
        expect(page.locator("img:not([alt]), img[alt='']")).to_have_count(0)
