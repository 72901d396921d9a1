"""What holds for every page in a window, light and dark, and on paper: no fault, nothing axe calls serious."""

from __future__ import annotations

import pytest

from tests.browser.looking import A4, PAINTED, WIDE, Visitor, barriers, hangs_over
from tests.browser.pages import PLACES, Place


@pytest.mark.parametrize("place", PLACES, ids=[one.name for one in PLACES])
def test_a_page_is_whole_light_dark_and_printed(visitor: Visitor, place: Place) -> None:
    page = visitor.open(place.path, WIDE, color_scheme="light")
    assert place.heading in page.locator("h1").inner_text()
    print(f"{place.name}: first paint after {page.evaluate(PAINTED)} ms")  # noqa: T201
    visitor.picture(page, f"{place.name}-light")
    assert not barriers(page)
    assert not hangs_over(page)

    page.emulate_media(color_scheme="dark")
    visitor.picture(page, f"{place.name}-dark")
    assert not barriers(page, ["color-contrast", "link-in-text-block"])  # the others do not depend on colours

    page.set_viewport_size({"width": A4[0], "height": A4[1]})
    page.emulate_media(media="print")
    visitor.picture(page, f"{place.name}-print")
    assert not page.locator("nav").first.is_visible()
    assert not hangs_over(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
