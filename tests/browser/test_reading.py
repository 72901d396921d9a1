"""What people do on Today, Item, Security and Fund: open evidence, change days and colours, move in a chart."""

from __future__ import annotations

from tests.browser.looking import WIDE, Visitor


def test_evidence_opens_in_its_place_and_closes_again(visitor: Visitor) -> None:
    page = visitor.open("/?day=2026-06-22", WIDE)
    link = page.locator("a[aria-controls]").first
    link.focus()
    page.keyboard.press("Enter")
    row = page.locator("tr.evidence:not([hidden])")
    row.get_by_text("As printed").first.wait_for()
    assert link.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Enter")
    assert link.get_attribute("aria-expanded") == "false"
    assert row.count() == 0
    assert "day=2026-06-22" in page.url


def test_the_switch_of_colours_is_remembered_without_a_flash(visitor: Visitor) -> None:
    page = visitor.open("/funds", WIDE, color_scheme="light")
    page.locator("#theme").click()
    page.locator("#theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    answer = page.goto(page.url)
    assert answer is not None
    assert 'data-theme="dark"' in answer.text()  # the server says it, before any script runs
    page.locator("#theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_a_security_is_charted_and_the_chart_moves_by_keys(visitor: Visitor) -> None:
    page = visitor.open("/security/S77EC0A6F67", WIDE)
    plot = page.locator(".chart .plot")
    plot.locator("canvas").wait_for()
    plot.focus()
    page.keyboard.press("ArrowLeft")
    assert "2026-" in page.locator(".u-legend").inner_text()
    page.keyboard.press("+")
    page.locator("[data-whole]").wait_for()
    page.keyboard.press("0")
    page.locator("[data-whole]").wait_for(state="hidden")
    page.locator("[data-log]").check()
    plot.locator("canvas").wait_for()


def test_a_fund_is_asked_for_another_day_and_a_difference(visitor: Visitor) -> None:
    page = visitor.open("/fund/lantern/LANA", WIDE)
    page.locator("input[name=on]").fill("2026-06-10")
    page.locator("input[name=against]").fill("2026-03-02")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("heading", name="Difference to").wait_for()
    assert "File dated 2026-06-10" in page.locator(".steps").inner_text()
    page.locator("a[rel=prev]").first.click()
    page.wait_for_url("**on=2026-06-09**")


def test_slash_leads_to_the_search(visitor: Visitor) -> None:
    page = visitor.open("/funds", WIDE)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
