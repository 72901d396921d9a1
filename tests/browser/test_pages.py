"""What holds for every page: no fault, nothing axe calls serious, narrow and printed, with scripts and without."""

from __future__ import annotations

import pytest

from tests.browser.looking import NARROW, PAINTED, WIDE, Visitor, barriers, hangs_over
from tests.browser.pages import PLACES, Place

everywhere = pytest.mark.parametrize("place", PLACES, ids=[one.name for one in PLACES])


@everywhere
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_whole_and_without_barriers(visitor: Visitor, place: Place, scheme: str) -> None:
    page = visitor.open(place.path, WIDE, color_scheme=scheme)
    assert place.heading in page.locator("h1").inner_text()
    print(f"{place.name}: first paint after {page.evaluate(PAINTED)} ms")  # noqa: T201
    visitor.picture(page, f"{place.name}-{scheme}")
    assert not barriers(page)
    assert not hangs_over(page)


@everywhere
def test_a_page_fits_a_telephone_and_is_read_without_scripts(visitor: Visitor, place: Place) -> None:
    page = visitor.open(place.path, NARROW)
    assert not hangs_over(page)
    visitor.picture(page, f"{place.name}-narrow")
    words = page.locator("main").inner_text()
    bare = visitor.open(place.path, WIDE, scripts=False)
    assert place.heading in bare.locator("h1").inner_text()
    assert len(bare.locator("main").inner_text()) > 0.8 * len(words)


@everywhere
def test_a_page_prints(visitor: Visitor, place: Place) -> None:
    page = visitor.open(place.path, (794, 1123), color_scheme="dark")
    page.emulate_media(media="print")
    visitor.picture(page, f"{place.name}-print")
    assert not page.locator("nav").first.is_visible()
    assert not hangs_over(page)
    ink = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ink in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
