"""A digest names every change it was given, however little room its channel has."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.hours import Cadence
from monitor.core.model import SecurityRef, Severity
from monitor.notify.blocks import HEADER, SECTION, blocks
from monitor.notify.digest import LINE, digest
from monitor.notify.letter import letter
from monitor.notify.message import Form, Message
from monitor.notify.text import whole
from tests.notify.samples import HOSTILE, NOW, PAGE, full
from tests.notify.test_hostile import texts

FILE = " · file of 2025-09-23"

TEXTS = st.one_of(st.sampled_from(sorted(HOSTILE.values())), st.text(max_size=90))
MESSAGES = st.builds(
    lambda number, headline, issuer, form, score, ticker: replace(
        full(),
        item=f"I{number}",
        headline=headline,
        issuer_name=issuer,
        form=form,
        score=score,
        security=None if ticker == "-" else SecurityRef("S1", headline or "x", ticker or None),
    ),
    st.integers(0, 10**6),
    TEXTS,
    st.sampled_from(["", "ARK", "Other"]),
    st.sampled_from([Form.ALERT, Form.UPDATE, Form.WITHDRAWN]),
    st.sampled_from([None, 10, 20, 88]),
    st.sampled_from(["", "-", "BABA"]),
)

SEVERAL = st.lists(MESSAGES, min_size=1, max_size=40, unique_by=lambda message: message.item)


def opened(number: int) -> Message:
    """One of many new positions."""
    ref = SecurityRef(f"S{number}", f"HOLDING {number} INC", f"H{number:03}")
    return replace(full(), item=f"I{number}", headline=f"ARKF opens HOLDING {number} INC (H{number:03})", security=ref)


@given(SEVERAL, st.sampled_from([None, 400, 2_000, 9_000]))
def test_every_change_is_in_exactly_one_part(messages: list[Message], room: int | None) -> None:
    parts = digest("slack", Cadence.DAILY, messages, at=NOW, room=room)
    carried = [place for part in parts for place in part.members]
    assert sorted(carried) == list(range(len(messages)))
    assert len({part.message.item for part in parts}) == len(parts)
    assert all(len(part.message.item) <= 20 for part in parts)
    for part in parts:
        assert all(len(line) <= LINE for line in part.message.lines)
        assert room is None or len(part.message.lines) == 1 or sum(map(len, part.message.lines)) <= room
    assert room is not None or len(parts) == 1


@given(SEVERAL)
def test_slack_shows_every_line_within_its_limits(messages: list[Message]) -> None:
    for part in digest("slack", Cadence.DAILY, messages, at=NOW, room=9_000):
        shown = blocks(part.message)
        assert len(shown) <= 50
        assert len(texts(shown[:1])[0]) <= HEADER
        assert all(sum(map(len, texts([block]))) <= SECTION for block in shown)
        assert "more lines" not in "".join(texts(shown))
        assert sum(len(text) for text in texts(shown)) <= 12_000


@given(SEVERAL)
def test_without_a_page_a_digest_has_no_links(messages: list[Message]) -> None:
    for part in digest("slack", Cadence.DAILY, [replace(one, link=None) for one in messages], at=NOW):
        assert part.message.links == ()
        assert {block["type"] for block in blocks(part.message)} == {"header", "section"}


def test_a_line_names_the_file_and_links_to_its_item() -> None:
    (part,) = digest("mail", Cadence.NOW, [opened(1), replace(opened(2), history=(), link=None)], at=NOW)
    assert part.message.lines == (
        "ARKF opens HOLDING 1 INC (H001) · file of 2025-09-23 · █▄▂▁▁▁▁▁▁▁▁···▁▄",
        "ARKF opens HOLDING 2 INC (H002) · file of 2025-09-23",
    )
    assert part.message.links == (f"{PAGE}/item/I7d1f0a4c2e9b", "")
    assert f"▁▄\n  {PAGE}/item/I7d1f0a4c2e9b\nARKF opens" in whole(part.message)
    assert letter(part.message).count(f'<a href="{PAGE}/item/') == 1
    assert f'"url": "{PAGE}/item/' in json.dumps(blocks(part.message))


def test_lines_are_grouped_by_issuer_loudest_first() -> None:
    plain = replace(full(), history=())
    quiet, loud = replace(plain, score=20, headline="quiet"), replace(plain, score=80, headline="loud")
    other = replace(plain, score=90, headline="other", issuer_name="Lantern")
    (part,) = digest("slack", Cadence.WEEKLY, [quiet, other, loud], at=NOW)
    assert part.message.headline == "Weekly digest: 3 changes"
    assert part.message.lines == ("Lantern: 1", f"other{FILE}", "ARK: 2", f"loud{FILE}", f"quiet{FILE}")
    assert part.members == (1, 2, 0)


def test_many_of_one_kind_share_a_line_where_there_is_no_room() -> None:
    many = [opened(number) for number in range(120)]
    (one,) = digest("mail", Cadence.DAILY, many, at=NOW)
    assert len(one.message.lines) == 120
    (short,) = digest("slack", Cadence.DAILY, many, at=NOW, room=2_000)
    assert short.message.headline == "Daily digest: 120 changes"
    assert short.message.lines[0].startswith("120 back in ARKF, ARKW (file of 2025-09-23): H000, H001")
    assert len(short.message.lines) == 2
    parts = digest("slack", Cadence.DAILY, many, at=NOW, room=700)
    assert [part.message.headline for part in parts] == [f"Daily digest: 120 changes, part {n} of 2" for n in (1, 2)]


def test_the_id_is_that_of_what_it_carries() -> None:
    one = digest("slack", Cadence.DAILY, [opened(1), opened(2)], at=NOW)[0].message.item
    assert one == digest("slack", Cadence.DAILY, [opened(1), opened(2)], at=NOW)[0].message.item
    others = (
        digest("mail", Cadence.DAILY, [opened(1), opened(2)], at=NOW),
        digest("slack", Cadence.WEEKLY, [opened(1), opened(2)], at=NOW),
        digest("slack", Cadence.DAILY, [opened(1)], at=NOW),
        digest("slack", Cadence.DAILY, [opened(1), replace(opened(2), revision=2)], at=NOW),
    )
    assert one not in {parts[0].message.item for parts in others}


def test_a_flood_is_as_loud_as_the_loudest_of_it() -> None:
    (part,) = digest("slack", Cadence.NOW, [replace(opened(1), severity=Severity.NORMAL)], at=NOW)
    assert (part.message.headline, part.message.severity) == ("Many at once: 1 change", Severity.NORMAL)
    (part,) = digest("slack", Cadence.DAILY, [opened(1)], at=NOW)
    assert part.message.severity is Severity.LOW
