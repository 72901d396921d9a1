"""What holds for every page on a telephone and in a browser without scripts: it can be read."""

from __future__ import annotations

import pytest

from tests.browser.looking import NARROW, WIDE, Visitor, hangs_over
from tests.browser.pages import PLACES, Place

LEAST = 0.8  # of the words a page has with scripts; the rest is what scripts alone can do


@pytest.mark.parametrize("place", PLACES, ids=[one.name for one in PLACES])
def test_a_page_fits_a_telephone_and_is_read_without_scripts(visitor: Visitor, place: Place) -> None:
    page = visitor.open(place.path, NARROW)
    visitor.picture(page, f"{place.name}-narrow")
    assert not hangs_over(page)
    words = page.locator("main").inner_text()
    bare = visitor.open(place.path, WIDE, scripts=False)
    assert place.heading in bare.locator("h1").inner_text()
    assert len(bare.locator("main").inner_text()) > LEAST * len(words)
