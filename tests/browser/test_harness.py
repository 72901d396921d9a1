"""The harness itself: a browser is found or said to be missing, and whatever a page may not do is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.looking import Visitor, barriers, hangs_over

PLAIN = "/static/vendor/LICENSES.txt"


def test_the_browser_is_the_one_that_is_named(tmp_path: Path) -> None:
    mine = tmp_path / "chromium"
    mine.write_text("#!/bin/sh\n")
    with pytest.raises(chromium.NoBrowser, match="no program"):
        chromium.find({"TEST_CHROMIUM": str(mine)})
    mine.chmod(0o755)
    assert chromium.find({"TEST_CHROMIUM": str(mine)}) == str(mine)
    assert chromium.find({"PATH": str(tmp_path)}) == str(mine) or chromium.find({}) is not None


def test_without_a_browser_the_one_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "PLACES", ())
    monkeypatch.setattr(chromium, "may_install", lambda: False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("TEST_CHROMIUM", raising=False)
    with pytest.raises(chromium.NoBrowser, match="apt-get install --yes --no-install-recommends chromium-headless"):
        chromium.executable()


def test_what_a_page_may_not_do_is_noticed(visitor: Visitor) -> None:
    page = visitor.open(PLAIN, bypass_csp=True)  # a policy would keep it from asking
    page.evaluate("fetch('https://elsewhere.example/x').catch(() => 0)")
    page.evaluate("console.error('spoken')")
    page.evaluate("new Promise(done => { setTimeout(() => { setTimeout(done, 50); throw new Error('thrown') }) })")
    page.goto(f"{visitor.base}/api/v1/nothing-of-this-name")
    found = "\n".join(visitor.faults.found)
    visitor.faults.found.clear()
    for word in ("asked elsewhere: https://elsewhere.example/x", "spoken", "thrown", "nothing-of-this-name"):
        assert word in found


def test_what_is_wrong_with_a_page_is_said(visitor: Visitor) -> None:
    page = visitor.open(PLAIN)
    page.set_content("<main><h1 style='color:#ddd;background:#fff;width:2000px'>Pale and wide</h1><input></main>")
    found = "\n".join(barriers(page))
    assert "color-contrast" in found
    assert "label" in found
    assert "H1" in hangs_over(page)
