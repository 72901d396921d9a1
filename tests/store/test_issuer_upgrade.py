"""A database in which funds were named by ticker alone goes on without repeating, correcting or forgetting anything.

`old/inside/0004.zip` holds two funds with lines known inside their fund only, one of them muted, and what was told.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor import cli
from monitor.core.identity import public_id
from monitor.store.backup import _load, _tables, verify
from monitor.store.engine import Engine, open_engine, reading, schema_transaction, transaction
from monitor.store.migrate import migrate, upgrade
from monitor.store.upkeep import check
from tests.cli.look_alike import body

OLD = Path(__file__).with_name("old") / "inside" / "0004.zip"
LATER = date(2022, 1, 18)
PLACEHOLDER = '{0:%m/%d/%Y},{1},"LANTERN PLACEHOLDER",LPH,LOCAL7,"100,000","$1,000,000.00",1.00%\n'
CONFIG = '[alerts]\nchannels = ["slack", "log"]\n' + "".join(
    f'[channels.{name}]\ntype = "file"\npath = "{name}.jsonl"\npace = 0\n' for name in ("slack", "log")
)


@pytest.fixture
def old(blank_url: str) -> Iterator[Engine]:
    """The database as the program of schema 0004 left it."""
    engine = open_engine(blank_url)
    with schema_transaction(engine) as conn, zipfile.ZipFile(OLD) as archive:
        migrate(conn, "0004")
        tables = _tables(conn)
        for copy in verify(OLD).tables:
            _load(conn, tables, copy, archive)
    yield engine
    engine.dispose()


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def column(engine: Engine, statement: str) -> list[str]:
    with reading(engine) as conn:
        return [str(one) for one in conn.execute(text(statement)).scalars()]


def test_items_keep_their_ids_and_what_is_known_inside_a_fund_names_its_issuer(old: Engine) -> None:
    items, events = column(old, "SELECT id FROM item ORDER BY id"), column(old, "SELECT id FROM event ORDER BY id")
    assert cli.run(["db", "upgrade", "--db", address(old)]) == 0
    assert column(old, "SELECT id FROM item ORDER BY id") == items
    assert len(column(old, "SELECT id FROM event")) == len(events)
    assert not set(column(old, "SELECT id FROM event")) & set(events)
    keys = column(old, "SELECT key FROM security WHERE key NOT LIKE 'cusip:%' ORDER BY key")
    assert keys == ["local:ark/ARKF:LOCAL7", "local:ark/ARKW:LOCAL7", "ticker:ark/ARKF:WUN", "ticker:ark/ARKW:WUN"]
    assert set(map(public_id, keys)) <= set(column(old, "SELECT public FROM security"))
    assert column(old, "SELECT value FROM mute") == [public_id("local:ark/ARKF:LOCAL7")]
    assert check(old) == []


@pytest.mark.parametrize("rebuilt", [True, False])
def test_a_further_day_repeats_and_corrects_nothing(
    old: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rebuilt: bool
) -> None:
    """Also where nobody waited until all was derived again: the next file does it, and tells only what is new."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "monitor.toml").write_text(CONFIG, encoding="utf-8")
    waiting = column(old, "SELECT key FROM delivery WHERE state = 'pending' ORDER BY id")
    known = set(column(old, "SELECT item FROM delivery")) | set(column(old, "SELECT item FROM digest_entry"))
    if rebuilt:
        assert cli.run(["db", "upgrade", "--db", address(old)]) == 0
    else:
        upgrade(old)
    (tmp_path / "next").mkdir()
    for fund in ("ARKF", "ARKW"):
        text_of = body(fund, LATER) + PLACEHOLDER.format(LATER, fund)
        (tmp_path / "next" / f"{fund}.csv").write_text(text_of, encoding="utf-8")
    for _ in range(2):
        cli.run(["ingest", "next", "--source", "ark", "--alert", "--config", "monitor.toml", "--db", address(old)])
    lines = (tmp_path / "slack.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["key"] for line in lines][: len(waiting)] == waiting
    told = [json.loads(line) for line in lines[len(waiting) :]]
    log = tmp_path / "log.jsonl"
    told += [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    assert not {one["item"] for one in told} & known
    assert column(old, "SELECT item FROM superseded") == []
    assert set(column(old, "SELECT revision FROM delivery")) == {"1"}
    assert set(column(old, "SELECT revision FROM digest_entry")) == {"1"}
    assert "withdrawn" not in column(old, "SELECT state FROM delivery")


def test_what_waits_to_be_sent_names_securities_as_they_are_called_now(old: Engine) -> None:
    before = column(old, "SELECT message FROM delivery WHERE state = 'sent' ORDER BY id")
    upgrade(old)
    assert column(old, "SELECT message FROM delivery WHERE state = 'sent' ORDER BY id") == before
    known = set(column(old, "SELECT public FROM security"))
    for statement in (
        "SELECT message FROM delivery WHERE state = 'pending'",
        "SELECT message FROM digest_entry WHERE state = 'waiting'",
    ):
        said = [json.loads(one)["security"]["id"] for one in column(old, statement)]
        assert said
        assert set(said) <= known


def test_an_identity_that_issuers_shared_is_parted(old: Engine) -> None:
    """A second issuer's fund of the same ticker had the same line under the same identity."""
    with transaction(old) as conn:
        for statement in (
            "INSERT INTO issuer (id, code, name) VALUES (2, 'lantern', 'Lantern')",
            "INSERT INTO fund (id, issuer, ticker, name, kind, calendar) VALUES (3, 2, 'ARKF', 'F', 'active', 'XNYS')",
            "INSERT INTO snapshot SELECT 3, id, as_of, sha256, place, arrival, known_at, published_from, published_to,"
            " rank, shares_exp, lines, positions, value, weight, currency, dates, warnings, unread, operator,"
            " operator_at, outstanding, dated_by FROM snapshot WHERE fund = 1",
            "INSERT INTO holding SELECT 3, snapshot, security, listing, shares, value, weight FROM holding"
            " WHERE fund = 1",
        ):
            conn.execute(text(statement))
    upgrade(old)
    held = (
        "SELECT DISTINCT i.code || ' ' || s.key || ' ' || l.name FROM holding h JOIN fund f ON f.id = h.fund"
        " JOIN issuer i ON i.id = f.issuer JOIN security s ON s.id = h.security"
        " JOIN listing l ON l.id = h.listing AND l.security = h.security"
        " WHERE f.ticker = 'ARKF' AND s.key NOT LIKE 'cusip:%' ORDER BY 1"
    )
    assert column(old, held) == [
        f"{code} {scheme}:{code}/ARKF:{rest}"
        for code in ("ark", "lantern")
        for scheme, rest in (("local", "LOCAL7 LANTERN PLACEHOLDER"), ("ticker", "WUN WICK UNLISTED"))
    ]
    muted = [public_id(f"local:{code}/ARKF:LOCAL7") for code in ("ark", "lantern")]
    assert column(old, "SELECT value FROM mute ORDER BY id") == muted
