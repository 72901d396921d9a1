"""Names that issuers could print to fool people or programs, in everything that carries them, on every channel."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace

import pytest
from slack_sdk.models.blocks import Block

from monitor.notify.apprise import quiet
from monitor.notify.blocks import CONTEXT, HEADER, SECTION, blocks, fallback
from monitor.notify.letter import letter
from monitor.notify.message import Message
from monitor.notify.text import whole
from tests.notify import samples

HOSTILE = {name: one for name, one in samples.every().items() if name.startswith("hostile")}
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def texts(tree: object) -> list[str]:
    """Every text object in Slack's blocks."""
    if isinstance(tree, dict):
        own = [str(tree["text"])] if isinstance(tree.get("text"), str) else []
        return own + [text for value in tree.values() for text in texts(value)]
    return [text for value in tree for text in texts(value)] if isinstance(tree, list) else []


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_slack_takes_it_and_calls_nobody(message: Message) -> None:
    made = blocks(message, buttons=True, picture="F0123456789" if message.history else None)
    assert len(made) <= 50
    assert [one.to_dict()["type"] for one in Block.parse_all(made)] == [
        one["type"] for one in made
    ]  # Slack's own rules
    for block in made:
        limit = {
            "header": HEADER,
            "section": SECTION,
            "context": CONTEXT,
            "actions": 75,
            "rich_text": SECTION,
            "image": 0,
        }[str(block["type"])]
        assert all(0 < len(text) <= limit for text in texts(block))
    words = [str(block["alt_text"]) for block in made if block["type"] == "image"]
    assert sum(len(text) for text in [*texts(made), *words]) < 12_000
    assert len(fallback(message)) <= 1000
    for text in [*texts(made), *words, fallback(message)]:
        assert not re.search(r"<(?!https://page\.example/)", text)


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_nothing_invisible_and_no_second_line_comes_through(message: Message) -> None:
    for text in [whole(message), letter(message), *texts(blocks(message)), fallback(message), message.title]:
        assert not {unicodedata.category(char) for char in text if char != "\n"} & INVISIBLE
    assert "\n" not in message.title + message.subject + message.figures + fallback(message)
    assert not [line for line in message.lines if "\n" in line]


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_a_monospace_block_is_not_ended_from_inside(message: Message) -> None:
    for text in texts(blocks(message)):
        if text.startswith("```"):
            assert text.count("`") == 6
            assert text.endswith("\n```")


def test_no_message_grows_without_end() -> None:
    many = samples.hostile("&<`>" * 1_000)
    funds = tuple(replace(many.funds[0], fund=f"{n:03}{'<' * 37}") for n in range(300))
    big = replace(many, funds=funds, others=many.others * 200, sources=many.sources * 200)
    made = blocks(big, buttons=True, picture="F0123456789")
    assert sum(len(text) for text in texts(made)) + sum(len(str(one.get("alt_text", ""))) for one in made) < 12_000
    assert len(big.title) < 700
    assert "more lines" in json.dumps(blocks(big))


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_no_service_behind_apprise_is_made_to_call_anyone(message: Message) -> None:
    discord = pytest.importorskip("apprise.plugins.discord")
    slack = pytest.importorskip("apprise.plugins.slack")
    text = quiet(f"{message.title}\n{whole(message)}")
    assert not discord.USER_ROLE_DETECTION_RE.findall(text)
    assert not slack.NotifySlack._re_channel_support.findall(text)
    assert not slack.NotifySlack._re_user_id_support.findall(text)
    assert not re.search(r"@\w|[<>]", text)


def test_a_name_with_a_mention_keeps_its_look_in_apprise() -> None:
    assert quiet("A <b> @everyone a@b @ 5 %") == "A ‹b› ＠everyone a＠b @ 5 %"
