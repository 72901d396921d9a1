"""A feed as Atom (RFC 4287) and as JSON Feed 1.1. Text is escaped, and freed of what XML cannot hold at all."""

from __future__ import annotations

import json
import re
from xml.etree.ElementTree import Element, SubElement, tostring

from monitor.web.feeds.entries import Feed

ATOM = "http://www.w3.org/2005/Atom"
NAME = "Holdings monitor"
UNSAYABLE = re.compile(r"[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")  # XML 1.0, 2.2


def atom(feed: Feed) -> bytes:
    """Atom."""
    root = Element("feed", xmlns=ATOM)
    _say(root, "id", feed.id)
    _say(root, "title", feed.title)
    _say(root, "updated", feed.updated)
    SubElement(root, "link", rel="self", type="application/atom+xml", href=plain(feed.url))
    SubElement(root, "link", rel="alternate", type="text/html", href=plain(feed.page))
    _say(SubElement(root, "author"), "name", NAME)
    for one in feed.entries:
        entry = SubElement(root, "entry")
        _say(entry, "id", one.id)
        _say(entry, "title", one.title)
        _say(entry, "published", one.published)
        _say(entry, "updated", one.updated)
        SubElement(entry, "link", rel="alternate", type="text/html", href=plain(one.url))
        for tag in one.tags:
            SubElement(entry, "category", term=plain(tag))
        _say(entry, "content", one.text)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + written + b"\n"


def json_feed(feed: Feed) -> bytes:
    """JSON Feed."""
    tree = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "authors": [{"name": NAME}],
        "language": "en",
        "items": [
            {
                "id": one.id,
                "url": one.url,
                "title": one.title,
                "content_text": one.text,
                "date_published": one.published,
                "date_modified": one.updated,
                "tags": list(one.tags),
            }
            for one in feed.entries
        ],
    }
    return (json.dumps(tree, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def plain(text: str) -> str:
    """The text without characters no XML document may hold."""
    return UNSAYABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _say(parent: Element, name: str, text: str) -> None:
    attributes = {"type": "text"} if name in ("title", "content") else {}
    SubElement(parent, name, attributes).text = plain(text)
