"""What a message says and that it survives being stored."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import DeliveryError
from monitor.core.model import Kind
from monitor.notify.blocks import blocks, fallback, metadata
from monitor.notify.letter import letter
from monitor.notify.message import Form, Message, compose, correct, link_to
from monitor.notify.sample import sample
from monitor.notify.text import first_words, whole
from monitor.notify.wire import from_json, to_json
from monitor.notify.words import clean, money, percent, quantity, sparkline
from tests.notify import samples
from tests.notify.golden import assert_golden

EVERY = samples.every()


@pytest.mark.parametrize("message", EVERY.values(), ids=EVERY)
def test_survives_the_outbox(message: Message) -> None:
    assert from_json(to_json(message)) == message
    assert to_json(from_json(to_json(message))) == to_json(message)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"form":"alert"}', to_json(samples.full())[:-9]])
def test_a_damaged_message_is_a_permanent_failure(text: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        from_json(text)
    assert caught.value.permanent


def test_the_order_is_what_amount_funds_caveat_source() -> None:
    text = whole(samples.full())
    parts = [
        "Two ARK funds reopen",
        "99,090 shares · $16.3M · ARKF, ARKW",
        "49,799",
        "does not hold it",
        "▁",
        "Last held",
    ]
    parts += ["ARKF file dated 2025-09-23 (positions after the close of 2025-09-22)", "sha256 5a3c91e05a3c", "https://"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize("message", [samples.full(), samples.full(2), samples.withdrawn(), sample(samples.NOW)])
def test_positions_are_never_called_trades(message: Message) -> None:
    for text in (whole(message), letter(message), json.dumps(blocks(message), ensure_ascii=False)):
        assert not re.search(r"\b(bought|sold|buys?|sells?|trade[sd]?|purchase[sd]?)\b", text, re.I)


def test_a_file_of_unknown_convention_claims_no_session() -> None:
    source = replace(samples.sources()[0], pos_session=None)
    assert source.label() == "ARKF file dated 2025-09-23"


def test_a_second_revision_is_an_update_and_what_was_untrue_is_withdrawn() -> None:
    assert samples.full(2).title.startswith("Update: ")
    assert correct(samples.full(), reason="The file was restated.").form is Form.CORRECTION
    assert samples.withdrawn().title.startswith("Withdrawn: ")


def test_a_decrease_shows_its_sign_and_low_confidence_is_said() -> None:
    less = replace(samples.full(), kind=Kind.DECREASED, shares=Decimal(-500), value=Decimal(-820_000), confidence="low")
    assert less.figures == "−500 shares · −$820.0K · ARKF, ARKW"
    assert replace(less, unit="contracts").figures == "−500 contracts · −$820.0K · ARKF, ARKW"
    assert "Low confidence" in whole(less)


def test_a_digest_keeps_every_line_loudest_first() -> None:
    message = samples.summary()
    assert message.headline == "Daily digest: 2 changes, 1 correction"
    again = "Two ARK funds reopen Alibaba, first seen since 2021"
    drawn = " · file of 2025-09-23 · █▄▂▁▁▁▁▁▁▁▁···▁▄"
    no_history = " · file of 2025-09-23"
    assert message.lines == (f"{again}{no_history}", "ARK: 2", f"{again}{drawn}", f"Withdrawn: {again}{drawn}")


def test_what_the_title_says_is_not_said_twice() -> None:
    message = replace(samples.full(), headline="Two ARK funds (ARKF, ARKW) reopen Alibaba: 99,090 shares, $16.3M")
    assert first_words(message) == message.headline
    other = replace(message, headline="Two ARK funds reopen Alibaba: 199,090 shares, $16.3M")
    assert first_words(other) == f"{other.headline} · 99,090 shares · ARKF, ARKW"


def test_a_message_links_to_the_item_and_its_security() -> None:
    message = samples.full()
    assert message.link == f"{samples.PAGE}/item/I7d1f0a4c2e9b"
    assert message.security_link == f"{samples.PAGE}/security/S5f0c2a91be"
    assert whole(message).endswith(
        f"Evidence and history: {message.link}\nAll of this security: {message.security_link}\n"
    )
    assert replace(message, link="https://elsewhere.example/x").security_link is None
    assert link_to("", "I1") is None
    assert link_to("https://m.example/sub/", "I 1/2") == "https://m.example/sub/item/I%201%2F2"


def test_messages_stored_before_and_after_are_read() -> None:
    stored = json.loads(to_json(samples.full()))
    assert "links" not in stored  # a program of before would not know it
    assert from_json(json.dumps(stored | {"later": [1]})) == samples.full()
    digest = samples.summary()
    assert digest.links
    assert from_json(to_json(digest)) == digest
    without = {key: value for key, value in json.loads(to_json(digest)).items() if key != "links"}
    assert from_json(json.dumps(without)).linked == tuple((line, "") for line in digest.lines)


def test_golden_texts() -> None:
    assert_golden("alert.txt", whole(samples.full()))
    assert_golden("withdrawn.txt", whole(samples.withdrawn()))
    assert_golden("notice.txt", whole(samples.operator()))
    assert_golden("empty.txt", whole(samples.empty()))
    assert_golden("hostile.txt", whole(samples.hostile(samples.HOSTILE["mention"])))


def test_golden_slack_blocks() -> None:
    for name in ("full", "empty", "hostile-mention"):
        message = EVERY[name]
        tree = {"text": fallback(message), "blocks": blocks(message), "metadata": metadata(message, "I:1:slack")}
        assert_golden(f"slack-{name}.json", json.dumps(tree, ensure_ascii=False, indent=1) + "\n")


def test_buttons_are_only_where_somebody_answers_them() -> None:
    tree = {"text": fallback(EVERY["full"]), "blocks": blocks(EVERY["full"], buttons=True)}
    assert_golden("slack-interactive.json", json.dumps(tree, ensure_ascii=False, indent=1) + "\n")
    assert blocks(EVERY["full"], buttons=True)[:-1] == blocks(EVERY["full"])
    with_buttons = {name for name, one in EVERY.items() if blocks(one, buttons=True)[-1]["type"] == "actions"}
    assert with_buttons == {name for name in EVERY if not re.search("withdrawn|notice|digest", name)}


def test_golden_letters() -> None:
    for name in ("full", "empty", "hostile-markup"):
        assert_golden(f"mail-{name}.html", letter(EVERY[name]))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("16300000", "$16.3M"),
        ("999960", "$1.0M"),
        ("820000", "$820.0K"),
        ("999.4", "$999"),
        ("0", "$0"),
        ("-1234567890", "−$1.2B"),
        ("12", "$12"),
    ],
)
def test_money(amount: str, text: str) -> None:
    assert money(Decimal(amount)) == text


def test_other_words() -> None:
    assert money(Decimal("5e6"), "chf") == "CHF 5.0M"
    assert money(None) == quantity(None) == percent(None) == "–"
    assert quantity(Decimal("99090.00")) == "99,090"
    assert quantity(Decimal("1E+3"), signed=True) == "+1,000"
    assert quantity(Decimal("0.12345678")) == "0.12345678"
    assert percent(Decimal("0.7512")) == "0.75 %"
    assert percent(Decimal("0.0004")) == "<0.01 %"
    assert percent(Decimal(0)) == "0.00 %"


def test_a_sparkline_shows_gaps_nothing_and_the_present() -> None:
    points = [Decimal(100), Decimal(50), Decimal(1), Decimal(0), None, None, Decimal(100)]
    assert sparkline(points) == "█▄▂▁··█"
    assert sparkline([]) == ""
    assert sparkline([None]) == "·"
    assert sparkline([Decimal(0)]) == "▁"
    assert len(sparkline([Decimal(5)] * 999 + [Decimal(0)])) == 40
    assert sparkline([Decimal(5)] * 999 + [Decimal(0)]).endswith("█▁")


@given(st.lists(st.one_of(st.none(), st.decimals(0, 10**9, allow_nan=False)), max_size=300))
def test_any_history_becomes_a_line(amounts: list[Decimal | None]) -> None:
    line = sparkline(amounts)
    assert len(line) == min(len(amounts), 40)
    assert set(line) <= set("▁▂▃▄▅▆▇█·")


@given(st.text(max_size=500), st.integers(1, 300))
def test_clean_text_is_one_short_visible_line(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert cleaned.isprintable() or not cleaned
    assert clean(cleaned, limit) == cleaned


@given(st.text(max_size=5000))
def test_any_name_fits_slack(text: str) -> None:
    for block in blocks(samples.hostile(text)):
        assert_block_is_safe(block)


def assert_block_is_safe(block: dict[str, object]) -> None:
    """Slack's limits, and no control character in anything it interprets."""
    texts = list(_texts(block))
    assert texts
    for kind, text in texts:
        limit = {"header": 150, "context": 2000}.get(str(block["type"]), 3000)
        assert 1 <= len(text) <= limit
        if kind == "mrkdwn":
            links = r"<https?://[^<>|\s]+\|Evidence and history>( · <https?://[^<>|\s]+\|All of this security>)?"
            assert re.fullmatch(rf"{links}|```[^`]+```", text)
            assert text.startswith("<") or not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)
        elif kind == "plain_text":
            assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)


def _texts(node: object) -> list[tuple[str, str]]:
    if isinstance(node, dict):
        own = [(str(node["type"]), node["text"])] if isinstance(node.get("text"), str) else []
        return own + [text for value in node.values() for text in _texts(value)]
    return [text for value in node for text in _texts(value)] if isinstance(node, list) else []


def test_the_sample_is_marked_as_a_test() -> None:
    assert sample(samples.NOW).title.startswith("Test alert: ")
    assert sample(samples.NOW).as_of == date(2025, 9, 23)


@pytest.mark.parametrize(("days", "late"), [(0, False), (5, False), (6, True), (14, True)])
def test_news_that_came_late_says_so(days: int, late: bool) -> None:
    item = samples.baba_item()
    seen = datetime(2025, 9, 23, 11, tzinfo=UTC) + timedelta(days=days)
    message = compose(
        replace(item, published_to=seen), samples.BABA, issuer_name="ARK", history=(), sources=(), revision=1, link=None
    )
    assert ("Late: the file is dated 2025-09-23, we first saw it on" in message.caveat) is late
    assert message.caveat.endswith(item.caveat)
