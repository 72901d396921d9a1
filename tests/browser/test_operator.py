"""The operator's word on files, given on the page: only with the token, only by a form, and said afterwards."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.store import queries
from monitor.store.queries import HeldFile
from tests.browser.conftest import Town
from tests.browser.looking import Visitor, barriers, folder_of_pictures, serving
from tests.browser.town import TOKEN

HELD = "/coverage/file/LANC/2026-06-22"


@pytest.fixture
def guarded(
    browser: Browser, own_town: Town, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Visitor, str]]:
    """A visitor of a site of its own with an operator, and the standing of the held file."""
    app = own_town(f'[web]\noperator_token = "{TOKEN}"\n')
    pictures: Path = folder_of_pictures(tmp_path_factory.getbasetemp() / "pictures")
    with serving(app) as base:
        found = Visitor(browser, base, pictures, request.node.name)
        yield found, app.config.database
        found.close()


def standing(url: str) -> str:
    """What the held file counts as."""
    from monitor.store.engine import open_engine, reading

    engine = open_engine(url, read_only=True)
    with reading(engine) as conn:
        found = queries.find_held(conn, "LANC/2026-06-22")
    engine.dispose()
    assert isinstance(found, HeldFile)
    return found.standing


def log_in(page: Page, token: str = TOKEN) -> None:
    """From the page of the file to the form of the token, and back."""
    page.get_by_role("link", name="Log in with the operator's token").click()
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()


def test_a_file_is_accepted_and_rejected(guarded: tuple[Visitor, str]) -> None:
    visitor, database = guarded
    page = visitor.open(HELD)
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    log_in(page)
    visitor.picture(page, "operator")
    assert not barriers(page)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_contain_text("The file was accepted")
    assert standing(database) == "accepted"
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status")).to_contain_text("The file was rejected")
    assert standing(database) == "rejected"
    page.reload()  # asks nothing again
    assert standing(database) == "rejected"


def test_without_scripts_too(guarded: tuple[Visitor, str]) -> None:
    visitor, database = guarded
    page = visitor.open(HELD, scripts=False)
    log_in(page)
    page.get_by_role("button", name="Read again").click()
    expect(page.get_by_role("status")).to_contain_text("The file was read again")
    assert standing(database) == "quarantined"
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status")).to_contain_text("The file was rejected")
    assert standing(database) == "rejected"


def test_a_wrong_token_opens_nothing(guarded: tuple[Visitor, str]) -> None:
    visitor, database = guarded
    visitor.faults.expected = (401,)
    page = visitor.open(HELD)
    log_in(page, "guessed")
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto(visitor.base + HELD)
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    assert standing(database) == "quarantined"


def test_nothing_happens_by_an_address_or_by_a_form_from_elsewhere(guarded: tuple[Visitor, str]) -> None:
    visitor, database = guarded
    page = visitor.open(HELD)
    log_in(page)
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    page.goto(f"{visitor.base}{HELD}?verb=accept&done=accept&events=1")
    assert standing(database) == "quarantined"
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    for headers in (
        {},
        {"Cookie": cookies},
        {"Cookie": cookies, "Origin": "https://elsewhere.example"},
        {"Cookie": cookies, "Sec-Fetch-Site": "same-origin"},  # without the form's own token
    ):
        request = urllib.request.Request(visitor.base + HELD, b"verb=accept", headers, method="POST")
        with pytest.raises(HTTPError) as refused:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)
        assert refused.value.code == 403
        refused.value.close()
    assert standing(database) == "quarantined"


def test_without_an_operator_nobody_decides(visitor: Visitor) -> None:
    page = visitor.open(HELD)
    expect(page.get_by_text("holdings-monitor quarantine accept LANC/2026-06-22")).to_be_visible()
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
