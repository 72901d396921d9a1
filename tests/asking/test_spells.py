"""First and last holdings, and every spell, on both databases."""

from __future__ import annotations

from sqlalchemy import update

from monitor.store.codec import day_of
from monitor.store.engine import Engine, transaction
from monitor.store.schema import fund
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import QUILL, file, load, portfolio, session


def story(engine: Engine) -> None:
    """LANA holds QUILL in sessions 2 to 4 (no file of session 1) and again from 27 on; LANB from its first file on."""
    held = {2, 3, 4, 27, 28}
    files = [file("LANA", n, portfolio(QUILL) if n in held else portfolio()) for n in range(29) if n != 1]
    load(engine, [*files, *(file("LANB", n, portfolio(QUILL)) for n in range(29))])


def test_the_first_and_last_of_each_fund(stage: Engine) -> None:
    story(stage)
    lana, lanb = answered(stage, "first_and_last", security="QLN")
    assert (lana["fund"], lana["spells"], lana["open"], lana["on_interval"]) == ("LANA", 2, True, True)
    assert lana["first"] == {"from": str(session(1)), "to": str(session(2))}
    assert (lana["first_file"], lana["last"], lana["last_file"]) == (
        str(session(2)),
        str(session(28)),
        str(session(28)),
    )
    assert lana["sessions"] == 3 + 2
    assert lana["first_words"].startswith("LANA opens QUILL")
    assert (
        lana["last_words"] == f"still held in the file dated {session(28)} (positions after the close of {session(28)})"
    )
    assert (lanb["censored"], lanb["first"]["from"], lanb["spells"]) == ("left", None, 1)
    assert "in its first file we have" in lanb["first_words"]


def test_what_was_given_up_has_an_end(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio(QUILL) if n in (1, 2) else portfolio()) for n in range(6)])
    (one,) = answered(stage, "first_and_last", security="QLN", fund="LANA")
    assert (one["open"], one["last"], one["exit_file"]) == (False, str(session(2)), str(session(3)))
    assert one["ended"] == {"from": str(session(3)), "to": str(session(3))}
    assert "QUILL" in one["last_words"]
    assert cited(stage, "first_and_last", security="QLN") == [("LANA", session(n)) for n in (1, 2, 3)]


def test_a_fund_that_has_closed_holds_nothing(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio(QUILL)) for n in range(2)])
    with transaction(stage) as conn:
        conn.execute(update(fund).where(fund.c.ticker == "LANA").values(closed=day_of(session(1))))
    (one,) = answered(stage, "first_and_last", security="QLN")
    assert (one["open"], one["last"], one["ended"]) == (False, str(session(1)), None)
    assert one["last_words"].startswith("held until the fund closed: the file dated")


def test_every_spell_with_its_peak(stage: Engine) -> None:
    story(stage)
    rows = answered(stage, "history", security="QLN")
    assert part(rows, "issuer", "fund", "first_file", "exit_file", "peak_shares", "evidence") == [
        ("lantern", "LANB", str(session(0)), None, 20_000, []),
        ("lantern", "LANA", str(session(2)), str(session(5)), 20_000, []),
        ("lantern", "LANA", str(session(27)), None, 20_000, []),
    ]
    assert part(answered(stage, "history", security="QLN", fund="LANB"), "fund") == [("LANB",)]
    assert answered(stage, "history", security="QLN", issuer="lantern") == rows
