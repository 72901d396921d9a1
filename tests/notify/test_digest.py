"""A digest names every change it was given, however little room its channel has."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.hours import Cadence
from monitor.core.model import SecurityRef, Severity
from monitor.notify.blocks import HEADER, SECTION, blocks
from monitor.notify.digest import LINE, digest
from monitor.notify.message import Form, Message
from tests.notify.samples import HOSTILE, NOW, full

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
        texts = [block["text"]["text"] for block in shown if isinstance(block["text"], dict)]
        assert len(texts[0]) <= HEADER
        assert all(len(text) <= SECTION for text in texts)
        assert not any("more lines" in text for text in texts)


def test_lines_are_grouped_by_issuer_loudest_first() -> None:
    quiet, loud = replace(full(), score=20, headline="quiet"), replace(full(), score=80, headline="loud")
    other = replace(full(), score=90, headline="other", issuer_name="Lantern")
    (part,) = digest("slack", Cadence.WEEKLY, [quiet, other, loud], at=NOW)
    assert part.message.headline == "Weekly digest: 3 changes"
    assert part.message.lines == ("Lantern: 1", "other", "ARK: 2", "loud", "quiet")
    assert part.members == (1, 2, 0)


def test_many_of_one_kind_share_a_line_where_there_is_no_room() -> None:
    many = [opened(number) for number in range(120)]
    (whole,) = digest("mail", Cadence.DAILY, many, at=NOW)
    assert len(whole.message.lines) == 120
    (short,) = digest("slack", Cadence.DAILY, many, at=NOW, room=2_000)
    assert short.message.headline == "Daily digest: 120 changes"
    assert short.message.lines[0].startswith("120 back in ARKF, ARKW: H000, H001")
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
