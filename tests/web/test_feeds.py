"""Feeds: valid by their specifications, stable ids, corrections as updates, hostile text harmless."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, update

from monitor.store import schema as t
from monitor.store.compact import whole
from monitor.store.documents import documents, stored
from monitor.store.engine import open_engine, transaction
from monitor.web.feeds import formats
from monitor.web.feeds.entries import Entry, Feed
from monitor.web.service import build
from tests.web.conftest import HERE, Make, app_over

ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}(-\d\d){0,2}:\S+")
HOSTILE = "<script>alert(1)</script> ]]> &amp; =cmd() <!channel> \u202eRTL \x00\x0b\ud800 " + "N" * 4096


def valid_atom(body: bytes) -> ElementTree.Element:
    """The feed, when it keeps RFC 4287: sections 4.1.1, 4.1.2 and what they refer to."""
    root = ElementTree.fromstring(body)
    assert root.tag == f"{ATOM}feed"
    for node in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(node.findall(f"{ATOM}{name}")) == 1, name
        assert TAG.fullmatch(node.findtext(f"{ATOM}id") or "")
        for name in ("updated", "published"):
            if (found := node.findtext(f"{ATOM}{name}")) is not None:
                assert RFC3339.fullmatch(found)
        alternates = [one for one in node.findall(f"{ATOM}link") if one.get("rel") == "alternate"]
        assert len(alternates) == 1  # no two with the same type and language
        for link in node.findall(f"{ATOM}link"):
            assert urlsplit(link.get("href", "")).scheme in ("http", "https")
        for text in (*node.findall(f"{ATOM}title"), *node.findall(f"{ATOM}content")):
            assert text.get("type") == "text"
            assert len(text) == 0
        assert all(one.get("term") for one in node.findall(f"{ATOM}category"))
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert len([one for one in root.findall(f"{ATOM}link") if one.get("rel") == "self"]) == 1
    ids = [one.findtext(f"{ATOM}id") for one in root.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    return root


def valid_json_feed(body: bytes) -> dict[str, Any]:
    """The feed, when it keeps JSON Feed 1.1."""
    tree: dict[str, Any] = json.loads(body)
    assert tree["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(tree["title"], str)
    assert set(tree) <= {"version", "title", "home_page_url", "feed_url", "authors", "language", "items"}
    for one in tree["items"]:
        assert isinstance(one["id"], str)
        assert isinstance(one["content_text"], str)
        assert urlsplit(one["url"]).scheme in ("http", "https")
        assert isinstance(one["tags"], list)
        for name in ("date_published", "date_modified"):
            datetime.fromisoformat(one[name])
    ids = [one["id"] for one in tree["items"]]
    assert len(ids) == len(set(ids))
    return tree


@pytest.mark.parametrize(
    "query", ["", "?fund=ARKF", "?issuer=ark", "?security=COIN", "?severity=high,low", "?fund=ARKW&severity=high"]
)
def test_both_formats_are_valid_and_say_the_same(client: TestClient, query: str) -> None:
    atom, other = client.get(f"/feeds/changes.atom{query}"), client.get(f"/feeds/changes.json{query}")
    assert atom.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert other.headers["content-type"] == "application/feed+json"
    root, tree = valid_atom(atom.content), valid_json_feed(other.content)
    assert [one.findtext(f"{ATOM}id") for one in root.iter(f"{ATOM}entry")] == [one["id"] for one in tree["items"]]
    dates = [one["date_modified"] for one in tree["items"]]
    assert dates == sorted(dates, reverse=True)


def test_filters_choose(client: TestClient) -> None:
    everything = valid_json_feed(client.get("/feeds/changes.json").content)["items"]
    coinbase = valid_json_feed(client.get("/feeds/changes.json?security=COIN").content)["items"]
    assert 0 < len(coinbase) < len(everything)
    assert all("COINBASE" in one["title"].upper() for one in coinbase)
    assert client.get("/feeds/changes.atom?severity=huge").status_code == 400
    assert client.get("/feeds/changes.atom?watchlist=Nothing").json()["detail"].startswith("There is no watchlist")


def test_a_watchlist_is_a_rule_of_the_configuration(look_alike: Path, tmp_path: Path) -> None:
    from monitor.app import configured, quiet, system_clock

    file = tmp_path / "monitor.toml"
    file.write_text('[[rules]]\nname = "Coins"\nsecurities = ["COIN"]\n[channels.c]\ntype = "console"\n', "utf-8")
    app = configured(file, str(look_alike), {}, system_clock, quiet)
    with TestClient(build(app), base_url=HERE) as client:
        found = valid_json_feed(client.get("/feeds/changes.json?watchlist=coins").content)["items"]
        assert found
        assert all("COINBASE" in one["title"].upper() for one in found)
        assert "Coins" in client.get("/feeds/changes.atom?watchlist=Nothing").json()["detail"]


def test_links_lead_to_the_page_where_people_reach_it(make: Make) -> None:
    item = valid_json_feed(make().get("/feeds/changes.json").content)["items"][0]
    assert item["url"].startswith(f"{HERE}/item/I")
    client = make("https://desk.example", url="https://desk.example/monitor", hosts="desk.example")
    moved = valid_json_feed(client.get("/feeds/changes.json").content)["items"][0]
    assert moved["url"].startswith("https://desk.example/monitor/item/I")
    assert moved["id"] == item["id"]


def test_a_correction_is_an_update_and_a_withdrawal_is_said(look_alike: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.db"
    own.write_bytes(look_alike.read_bytes())
    engine = open_engine(f"sqlite:///{own}")
    with transaction(engine) as conn:
        rows = list(stored(conn, documents(t.item).order_by(t.item.c.id)))[:2]
        later = "2030-01-01T00:00:00.000000Z"
        told = {"at": later, "issuer": 1}
        conn.execute(insert(t.superseded), [told | {"item": one.id, "body": one.text} for one in rows])
        said = {"headline": HOSTILE.replace("\ud800", ""), "claim": "x"}
        body = json.loads(rows[0].text) | said
        conn.execute(update(t.item).where(t.item.c.id == rows[0].id).values(rest=whole(json.dumps(body))))
        conn.execute(t.item.delete().where(t.item.c.id == rows[1].id))
    engine.dispose()
    with TestClient(build(app_over(own)), base_url=HERE) as client:
        found = valid_json_feed(client.get("/feeds/changes.json").content)["items"]
        items = {one["id"].rpartition(":")[2]: one for one in found}
        valid_atom(client.get("/feeds/changes.atom").content)
    corrected, withdrawn = items[rows[0].id], items[rows[1].id]
    assert corrected["title"].startswith("Corrected: <script>")
    assert withdrawn["title"].startswith("Withdrawn: ")
    assert corrected["date_modified"] == withdrawn["date_modified"] == "2030-01-01T00:00:00Z"


def test_any_text_makes_a_valid_feed() -> None:
    entry = Entry("tag:x.invalid,2026:i", "http://127.0.0.1/item/I", HOSTILE, HOSTILE, "2022-01-01T00:00:00Z",
                  "2022-01-01T00:00:00Z", (HOSTILE,))  # fmt: skip
    feed = Feed("tag:x.invalid,2026:f", HOSTILE, "http://127.0.0.1/f", "http://127.0.0.1/", entry.updated, (entry,))
    root = valid_atom(formats.atom(feed))
    assert (root.findtext(f"{ATOM}entry/{ATOM}title") or "").startswith("<script>alert(1)</script> ]]> &amp;")
    assert b"<script>" not in formats.atom(feed)
    valid_json_feed(formats.json_feed(feed))


def test_readers_that_have_it_get_nothing_again(client: TestClient) -> None:
    first = client.get("/feeds/changes.atom")
    assert client.get("/feeds/changes.atom", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    since = {"If-Modified-Since": first.headers["last-modified"]}
    assert client.get("/feeds/changes.atom", headers=since).status_code == 304
    assert client.get("/feeds/changes.atom", headers={"If-Modified-Since": "no date"}).status_code == 200


def test_readers_that_only_know_passwords_may_read(make: Make) -> None:
    client = make(token="reader-token-0123456789")
    path = "/feeds/changes.atom"
    refused = client.get(path)
    assert (refused.status_code, "Basic" in refused.headers["www-authenticate"]) == (401, True)
    assert client.get(path, auth=("anybody", "reader-token-0123456789")).status_code == 200
    assert client.get(path, auth=("anybody", "wrong")).status_code == 401
    assert client.get("/api/v1", auth=("anybody", "reader-token-0123456789")).status_code == 401
    for odd in ("Basic", "Basic é", "Basic ====", "Basic bm9jb2xvbg=="):
        assert client.get(path, headers={b"Authorization": odd.encode()}).status_code == 401
