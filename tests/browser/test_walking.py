"""Walking the site as people do: by keyboard, by mouse, with and without scripts."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.looking import NARROW, Visitor, hangs_over
from tests.browser.town import QUILL

FOCUS = "document.activeElement.id || document.activeElement.textContent.trim()"


def focus(page: Page) -> str:
    """What has the focus: its id, or what it says."""
    return str(page.evaluate(FOCUS))


def test_by_keyboard(visitor: Visitor) -> None:
    page = visitor.open("/coverage")
    page.keyboard.press("Tab")
    assert focus(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert focus(page) == "main"
    page.keyboard.press("/")
    assert focus(page) == "find"
    page.keyboard.type("a/b")
    assert page.locator("#find").input_value() == "a/b"
    page.keyboard.press("Shift+Tab")
    assert focus(page) == "Deliveries"


def test_tabbing_goes_through_the_page_in_its_order(visitor: Visitor) -> None:
    page = visitor.open("/coverage")
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(focus(page))
    assert seen[:6] == ["Skip to the content", "Today", "Funds", "Compare", "Coverage", "Deliveries"]
    assert seen[6] == "find"


def test_the_colours_chosen_are_remembered(visitor: Visitor) -> None:
    page = visitor.open("/coverage", color_scheme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name=re.compile("Colours")).click()
    page.get_by_role("button", name=re.compile("Colours")).click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != before
    page.goto(f"{visitor.base}/deliveries")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_suggestions_come_while_typing(visitor: Visitor) -> None:
    page = visitor.open("/coverage")
    page.keyboard.press("/")
    page.keyboard.type("quillon")
    first = page.locator("#suggestions a").first
    expect(first).to_contain_text("QUILLON ROBOTICS INC")
    visitor.picture(page, "suggestions")
    assert not hangs_over(page)
    page.keyboard.press("ArrowDown")
    assert "QUILLON" in focus(page)
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions a")).to_have_count(0)
    assert focus(page) == "find"


def test_one_exact_hit_is_opened_and_leads_back(visitor: Visitor) -> None:
    page = visitor.open("/coverage", NARROW)
    page.locator("#find").fill("lantern")
    page.locator("#find").press("Enter")
    expect(page.locator("h1")).to_have_text("Lantern")
    page.get_by_role("link", name="all results").click()
    expect(page.locator("h1")).to_contain_text("Found for")
    expect(page.locator("main tbody tr")).to_have_count(5)  # the issuer and its four funds


def test_a_security_is_found_by_everything_it_is_called(visitor: Visitor) -> None:
    for called in ("qln", QUILL.identifier, f"US{QUILL.identifier}0", "robotics quillon"):
        page = visitor.open(f"/search?all=1&q={called}")
        row = page.get_by_role("region", name="Securities").locator("tbody tr")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("QUILLON ROBOTICS INC")


def test_former_names_and_hostile_ones_are_found(visitor: Visitor) -> None:
    page = visitor.open("/search?all=1&q=fernholt+energy")
    expect(page.get_by_role("region", name="Securities")).to_contain_text("FERNHOLT")
    page = visitor.open("/search?all=1&q=%3Cscript%3E")
    expect(page.get_by_role("region", name="Securities")).to_contain_text("<script>document.title='owned'</script>")
    assert "owned" not in page.title()


def test_forms_work_without_scripts(visitor: Visitor) -> None:
    page = visitor.open("/search", scripts=False)
    page.locator("main input[name=q]").fill("LANA")
    page.locator("main button").click()
    expect(page.get_by_role("region", name="Funds")).to_contain_text("Lantern Active Growth")
    page.goto(f"{visitor.base}/compare")
    page.locator("select[name=fund]").select_option("lantern/LANA")
    page.locator("select[name=other]").select_option("harbour/HARG")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("h1")).to_have_text("LANA beside HARG")
    page.goto(f"{visitor.base}/coverage")
    page.get_by_label("Issuer").select_option("harbour")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("region", name="Funds").locator("tbody tr")).to_have_count(2)


def test_comparing_on_another_day(visitor: Visitor) -> None:
    page = visitor.open("/compare?fund=lantern/LANA&other=lantern/LANB&every=week")
    page.get_by_label("On", exact=True).fill("2026-03-02")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".sub")).to_contain_text("LANA file dated 2026-03-02")
    page.get_by_role("link", name="swap").click()
    expect(page.locator("h1")).to_have_text("LANB beside LANA")


def test_deliveries_are_filtered_and_told_whole(visitor: Visitor) -> None:
    page = visitor.open("/deliveries")
    page.get_by_label("State").select_option("dead")  # asks at once
    expect(page.locator("main tbody tr")).to_have_count(1)
    expect(page.locator("main tbody")).to_contain_text("550 5.1.1 <desk@example.org>")
    page.locator("main tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("to mail")
    expect(page.get_by_text("holdings-monitor alerts resend")).to_be_visible()
    expect(page.get_by_role("region", name="Every message about the same item, the oldest first")).to_be_visible()


def test_a_held_file_says_why_and_what_it_holds(visitor: Visitor) -> None:
    page = visitor.open("/coverage")
    page.get_by_role("region", name="Files not believed").get_by_role("link").first.click()
    expect(page.locator("h1")).to_have_text("LANC file dated 2026-06-22")
    expect(page.get_by_text("9 would leave")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("date,fund,name,ticker,id,shares,value,weight")


def test_a_refused_page_is_shown_as_text(visitor: Visitor) -> None:
    page = visitor.open("/coverage")
    page.get_by_role("region", name="Refused bodies").get_by_role("link").first.click()
    expect(page.locator("pre")).to_contain_text("<script>alert(1)</script>")


def test_what_does_not_exist_is_said(visitor: Visitor) -> None:
    visitor.faults.expected = (404, 400)
    for path, words in (
        ("/issuer/lantarn", "lantern"),
        ("/deliveries/999999", "There is no delivery 999999"),
        ("/deliveries/x", "its number is meant"),
        ("/coverage/file/NONE", "quarantine list"),
        ("/compare?fund=LANA&other=LANQ", "Did you mean"),
        ("/deliveries?state=gone", "There is no state"),
        ("/issuer/lantern?since=2026-06-01&until=2026-01-01", "no day is between them"),
    ):
        page = visitor.open(path)
        assert words in page.locator("main").inner_text(), path
