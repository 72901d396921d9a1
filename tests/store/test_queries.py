"""What the questions answer when history is difficult: revisions, links, splits, gaps, late files, same names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitor.core.errors import UsageError
from monitor.core.model import Interval, Severity
from monitor.core.sessions import Gap
from monitor.store import documents, partitions, queries
from monitor.store import schema as t
from monitor.store.codec import day_of, instant_text
from monitor.store.engine import Connection, Engine, insert_new, transaction

MONDAY = date(2022, 1, 3)
NOON = datetime(2022, 2, 1, 12, tzinfo=UTC)


@dataclass
class Rows:
    """Writes rows straight into the tables; every security has one listing with the same number."""

    conn: Connection
    numbers: dict[tuple[int, date], int] = field(default_factory=dict)

    def issuer(self, number: int = 1, code: str = "ark") -> None:
        self.conn.execute(t.issuer.insert().values(id=number, code=code, name=code.upper()))

    def fund(self, number: int, ticker: str, issuer: int = 1) -> None:
        values = {"id": number, "issuer": issuer, "ticker": ticker, "name": f"{ticker} fund", "kind": "active"}
        self.conn.execute(t.fund.insert().values(calendar="XNYS", **values))

    def security(self, number: int, name: str, ticker: str, *identifiers: tuple[str, str], seen: bool = True) -> None:
        values = {"id": number, "key": f"local:{number}", "public": f"S{number:010X}"}
        self.conn.execute(t.security.insert().values(**values))
        listing = {
            "id": number,
            "security": number,
            "name": name,
            "ticker": ticker,
            "identifier": "",
            "asset_class": "equity",
        }
        self.conn.execute(t.listing.insert().values(**listing))
        for scheme, value in identifiers:
            self.conn.execute(t.identifier.insert().values(scheme=scheme, value=value, security=number))
        if seen:
            self.conn.execute(t.sighting.insert().values(fund=1, security=number, as_of=1, session=1, day=1))

    def file(self, fund: int, day: date, held: dict[int, int], **more: Any) -> None:
        """One snapshot; its session is the day before, its rank the order of writing unless said."""
        number = self.numbers[fund, day] = self.numbers.get((fund, day), -1) + 1
        snapshot = day_of(day) * 256 + number
        sha256 = f"{fund:02x}{snapshot:062x}"
        stamp = instant_text(NOON)
        self.conn.execute(t.archive.insert().values(sha256=sha256, size=0, body=b"", stored_at=stamp))
        published = more.get("published")
        self.conn.execute(
            t.snapshot.insert().values(
                fund=fund, id=snapshot, as_of=day_of(day), sha256=sha256, place="file.csv", arrival="live",
                known_at=instant_text(more.get("known_at", NOON)), published_to=published and instant_text(published),
                rank=more.get("rank", str(number)), shares_exp=more.get("exponent", 0), lines=len(held),
                positions=len(held), value=sum(held.values()) * 1000, weight=100_000_000, currency="USD",
                dates=day.isoformat(), warnings="[]", unread=0,
            )
        )  # fmt: skip
        standing = more.get("standing", "accepted")
        session = day_of(day - timedelta(days=1)) if more.get("calibrated", True) else None
        reasons = json.dumps([{"gate": "rows", "text": "3 lines"}] if standing == "quarantined" else [])
        self.conn.execute(
            t.standing.insert().values(
                fund=fund, snapshot=snapshot, as_of=day_of(day), day=day_of(day), standing=standing,
                convention="OPEN", pos_session=session, reasons=reasons, warnings="[]",
            )
        )  # fmt: skip
        partitions.make(self.conn, [day], day)
        for security, shares in held.items():
            values = {"fund": fund, "snapshot": snapshot, "security": security, "listing": security, "shares": shares}
            self.conn.execute(t.holding.insert().values(value=shares * 1000, weight=more.get("weight"), **values))
            if standing == "accepted":
                self._sighted(fund, security, day_of(day))

    def _sighted(self, fund: int, security: int, day: int) -> None:
        """As derivation keeps it: every security that an accepted file of the fund has ever listed."""
        values = {"fund": fund, "security": security, "as_of": day, "session": day, "day": day}
        insert_new(self.conn, t.sighting, [values])

    def spell(self, fund: int, security: int, first: date, shares: str, **ending: Any) -> None:
        opened = {"opened_day": day_of(first), "opened_to": day_of(first) - 1, "first_file": day_of(first)}
        closing = {key: day_of(value) if isinstance(value, date) else value for key, value in ending.items()}
        values = {"fund": fund, "security": security, "entry_shares": shares, "censored": "none", **opened, **closing}
        self.conn.execute(t.spell.insert().values(**values))

    def link(self, fund: int, earlier: int, later: int) -> None:
        values = {"fund": fund, "day": 1, "earlier": earlier, "later": later, "kind": "IDENTIFIER_CHANGE"}
        self.conn.execute(t.link.insert().values(rule="name", confidence="high", evidence="", **values))

    def split(self, security: int, day: date, factor: str) -> None:
        values = {"issuer": 1, "day": day_of(day), "security": security, "factor": factor}
        values = {"shown_by": "", "settled": values["day"]} | values
        self.conn.execute(t.split.insert().values(rule="whole ratio", evidence="", **values))


def days(count: int) -> list[date]:
    """The first `count` days from MONDAY on; every day is a session here."""
    return [MONDAY + timedelta(days=at) for at in range(count)]


@pytest.fixture
def rows(engine: Engine) -> Iterator[Rows]:
    """An empty history with one issuer, one fund and a calendar in which every day is a session."""
    with transaction(engine) as conn:
        written = Rows(conn)
        written.issuer()
        written.fund(1, "AAA")
        every = [{"calendar": "XNYS", "day": day_of(MONDAY) + at} for at in range(-5, 60)]
        conn.execute(t.session.insert(), every)
        yield written


def held(rows: Rows, on: date | None = None, known: datetime | None = None) -> dict[str, Decimal | None]:
    found = queries.holdings(rows.conn, queries.find_fund(rows.conn, "AAA"), on, known)
    return {one.security.name: one.shares for one in found}


# --- portfolios -----------------------------------------------------------------------------------


def test_a_correction_replaces_what_was_known_but_not_what_was_known_then(rows: Rows) -> None:
    rows.security(1, "ALPHA", "A")
    rows.file(1, MONDAY, {1: 100}, standing="superseded", known_at=NOON, rank="1")
    rows.file(1, MONDAY, {1: 900}, known_at=NOON + timedelta(days=7), rank="2")
    assert held(rows) == {"ALPHA": 900}
    assert held(rows, MONDAY, NOON + timedelta(days=1)) == {"ALPHA": 100}
    assert held(rows, MONDAY, NOON + timedelta(days=8)) == {"ALPHA": 900}
    with pytest.raises(UsageError, match="known at"):
        held(rows, MONDAY, NOON - timedelta(days=1))


@pytest.mark.parametrize("standing", ["quarantined", "discarded", "rejected"])
def test_a_file_that_is_not_believed_is_no_portfolio(rows: Rows, standing: str) -> None:
    rows.security(1, "ALPHA", "A")
    rows.file(1, MONDAY, {1: 100})
    rows.file(1, MONDAY + timedelta(days=1), {1: 5}, standing=standing)
    assert held(rows) == {"ALPHA": 100}
    assert held(rows, None, NOON + timedelta(days=9)) == {"ALPHA": 100}


def test_fractions_of_shares_are_exact(rows: Rows) -> None:
    rows.security(1, "COIN", "BTC")
    rows.file(1, MONDAY, {1: 1_234_567_890_123}, exponent=8)
    assert held(rows) == {"COIN": Decimal("12345.67890123")}


def test_a_weight_that_is_not_printed_is_the_share_of_the_value(rows: Rows) -> None:
    rows.security(1, "ALPHA", "A")
    rows.security(2, "BETA", "B")
    rows.file(1, MONDAY, {1: 300, 2: 100})
    found = queries.holdings(rows.conn, queries.find_fund(rows.conn, "aaa"))
    assert [(one.security.name, one.weight) for one in found] == [("ALPHA", Decimal(75)), ("BETA", Decimal(25))]


def test_a_difference_is_free_of_splits_and_follows_links(rows: Rows) -> None:
    first, second = days(2)
    rows.security(1, "ALPHA", "A")
    rows.security(2, "BETA OLD", "B")
    rows.security(3, "BETA NEW", "B")
    rows.link(1, 2, 3)
    rows.split(1, second, "4")
    rows.file(1, first, {1: 100, 2: 50})
    rows.file(1, second, {1: 400, 3: 70})
    fund = queries.find_fund(rows.conn, "AAA")
    for before, after in ((first, second), (second, first)):
        found = queries.difference(rows.conn, fund, before, after, None)
        assert [(one.security.id, one.shares_before, one.shares_after, one.change) for one in found] == [
            ("S0000000002", Decimal(50), Decimal(70), Decimal(20))
        ]


def test_who_holds_reads_each_funds_own_latest_file(rows: Rows) -> None:
    first, second, third = days(3)
    rows.fund(2, "BBB")
    rows.security(1, "ALPHA", "A", ("cusip", "037833100"))
    rows.file(1, first, {1: 100})
    rows.file(1, third, {})
    rows.file(2, second, {1: 7})
    what = queries.find_security(rows.conn, "037833100")
    assert [(one.fund, one.as_of) for one in queries.who_holds(rows.conn, what)] == [("BBB", second)]
    assert [one.fund for one in queries.who_holds(rows.conn, what, second)] == ["AAA", "BBB"]


# --- spells ---------------------------------------------------------------------------------------


def test_an_open_spell_has_its_peak_in_todays_shares(rows: Rows) -> None:
    first, second, third = days(3)
    rows.security(1, "ALPHA", "A")
    rows.split(1, third, "3/2")
    for day, shares in ((first, 100), (second, 200), (third, 150)):
        rows.file(1, day, {1: shares})
    rows.spell(1, 1, first, "100")
    (spell,) = queries.history(rows.conn, queries.find_security(rows.conn, "A"))
    assert (spell.entry_shares, spell.peak_shares, spell.exit_shares) == (Decimal(150), Decimal(300), None)
    assert (spell.closed, spell.last_file, spell.sessions) == (None, third, 3)


def test_a_closed_spell_ends_before_the_next_and_names_its_last_line(rows: Rows) -> None:
    one, two, three, four, five = days(5)
    rows.security(1, "ALPHA", "A")
    for day, shares in ((one, 100), (two, 2), (three, 1), (five, 80)):
        rows.file(1, day, {1: shares})
    rows.file(1, four, {})
    closing = {"closed_day": two, "closed_from": one, "closed_to": one, "exit_file": two, "last_file": one}
    rows.spell(1, 1, one, "100", last_session=one - timedelta(days=1), exit_shares="2", peak_shares="100", **closing)
    rows.spell(1, 1, five, "80")
    old, new = queries.history(rows.conn, queries.find_security(rows.conn, "A"))
    assert (old.closed, old.exit_shares, old.last_file, old.sessions) == (Interval(one, one), Decimal(2), three, 1)
    assert (new.first_file, new.closed, new.last_file, new.peak_shares) == (five, None, five, Decimal(80))


def test_a_spell_goes_on_under_a_new_identity(rows: Rows) -> None:
    first, second = days(2)
    rows.security(1, "SQUARE INC", "SQ")
    rows.security(2, "BLOCK INC", "XYZ")
    rows.link(1, 1, 2)
    rows.file(1, first, {1: 100})
    rows.file(1, second, {2: 120})
    rows.spell(1, 1, first, "100")
    for name in ("SQ", "XYZ", "S0000000001", "S0000000002", "block"):
        (spell,) = queries.history(rows.conn, queries.find_security(rows.conn, name))
        assert (spell.security.id, spell.security.name, spell.peak_shares) == ("S0000000001", "BLOCK INC", Decimal(120))


# --- names ----------------------------------------------------------------------------------------


def test_a_reused_ticker_is_ambiguous_and_one_company_is_not(rows: Rows) -> None:
    rows.security(1, "DISCOVERY LTD", "DSY")
    rows.security(2, "DASSAULT SYSTEMES SE", "DSY")
    rows.security(3, "ELBIT SYSTEMS LTD", "ESLT")
    rows.security(4, "ELBIT SYSTEMS  LTD.", "ESLT")
    with pytest.raises(UsageError, match="several securities") as raised:
        queries.find_security(rows.conn, "DSY")
    assert "S0000000001" in str(raised.value)
    assert queries.find_security(rows.conn, "ESLT").ids == {3, 4}


def test_an_id_that_only_a_held_file_had_is_no_candidate(rows: Rows) -> None:
    rows.security(1, "ALPHA", "A")
    rows.security(2, "A DAMAGED LINE", "A", seen=False)
    assert queries.find_security(rows.conn, "A").ids == {1}


def test_whole_words_come_before_parts(rows: Rows) -> None:
    rows.security(1, "META PLATFORMS INC", "FB")
    rows.security(2, "DESKTOP METAL INC", "DM")
    assert queries.find_security(rows.conn, "meta").ids == {1}
    assert queries.find_security(rows.conn, "metal").ids == {2}
    assert queries.find_security(rows.conn, "platf").ids == {1}


@pytest.mark.parametrize("text", ["%", "__", "100%", "", "  ", "\n", "zzzz"])
def test_nothing_matches_by_accident(rows: Rows, text: str) -> None:
    rows.security(1, "ALPHA INC", "A")
    with pytest.raises(UsageError):
        queries.find_security(rows.conn, text)


def test_identifiers_are_read_in_every_form(rows: Rows) -> None:
    rows.security(1, "APPLE INC", "AAPL", ("cusip", "037833100"), ("isin", "US0378331005"))
    rows.security(2, "OTHER PLC", "OTH", ("sedol", "B3Z5T14"), ("cusip", "12345E106"))
    for text in ("037833100", "37833100", "US0378331005", "aapl"):
        assert queries.find_security(rows.conn, text).ids == {1}
    assert queries.find_security(rows.conn, "b3z5t14").ids == {2}


def test_two_issuers_may_use_one_ticker(rows: Rows) -> None:
    rows.issuer(2, "other")
    rows.fund(2, "AAA", issuer=2)
    with pytest.raises(UsageError, match="ark/AAA, other/AAA"):
        queries.find_fund(rows.conn, "AAA")
    assert queries.find_fund(rows.conn, "other/aaa").id == 2
    assert queries.find_fund(rows.conn, "AAA", "ark").id == 1


# --- coverage -------------------------------------------------------------------------------------


def test_coverage_names_gaps_and_held_files(rows: Rows) -> None:
    all_days = days(9)
    for at in (0, 1, 4, 8):
        rows.file(1, all_days[at], {})
    rows.file(1, all_days[5], {}, standing="quarantined")
    (found,) = queries.coverage(rows.conn)
    day = timedelta(days=1)
    assert (found.first, found.last) == (MONDAY - day, all_days[8] - day)
    assert (found.sessions, found.files, found.quarantined, found.late) == (9, 4, 1, None)
    assert found.gaps == (
        Gap(all_days[2] - day, all_days[3] - day, 2),
        Gap(all_days[5] - day, all_days[7] - day, 3),
    )


def test_a_file_is_late_after_the_session_that_follows_its_own(rows: Rows) -> None:
    first, second = days(2)
    rows.file(1, first, {}, published=datetime(2022, 1, 3, 13, tzinfo=UTC))
    rows.file(1, second, {}, published=datetime(2022, 1, 6, 13, tzinfo=UTC))
    (found,) = queries.coverage(rows.conn)
    assert found.late == 1


def test_without_a_convention_file_dates_are_counted(rows: Rows) -> None:
    first, second = days(2)
    rows.file(1, first, {}, calibrated=False)
    rows.file(1, second, {}, calibrated=False)
    (found,) = queries.coverage(rows.conn)
    assert (found.first, found.last, found.sessions, found.files) == (first, second, 2, 2)


def test_a_fund_without_files_has_nothing_to_cover(rows: Rows) -> None:
    (found,) = queries.coverage(rows.conn)
    assert (found.first, found.last, found.sessions, found.files, found.gaps) == (None, None, 0, 0, ())
    (outline,) = queries.funds(rows.conn)
    assert (outline.files, outline.positions, outline.value) == (0, None, None)


# --- changes and state ----------------------------------------------------------------------------


def change(rows: Rows, table: Any, number: str, day: date, **more: Any) -> None:
    """One event or item of security 1."""
    level = table.name
    body = {"id": number, "level": level, "issuer": "ark", "as_of": day.isoformat(), "kind": "EXITED"}
    body |= {"funds": ["AAA"], "security": {"id": "S1", "name": "ALPHA"}, "severity": "low", "extra": 1, **more}
    new = documents.New(1 if level == "event" else 0, 1, day_of(day), json.dumps(body))
    documents.add(rows.conn, table, 1, [new])


def ids(found: Sequence[queries.Change]) -> list[object]:
    return [one["id"] for one in found]


def test_changes_are_ordered_by_meaning_not_by_number(rows: Rows) -> None:
    first, second = days(2)
    rows.security(1, "ALPHA", "A")
    change(rows, t.item, "I1", first)
    change(rows, t.event, "E9", second)
    change(rows, t.event, "E3", first, kind="RENAMED")
    change(rows, t.event, "E4", first)
    found = queries.changes(rows.conn, queries.Wanted())
    assert ids(found) == ["E4", "E3", "I1", "E9"]
    assert "extra" not in found[0]
    assert found[0]["shares_before"] is None
    assert ids(queries.changes(rows.conn, queries.Wanted(since=second))) == ["E9"]
    assert ids(queries.changes(rows.conn, queries.Wanted(level="item"))) == ["I1"]


def test_changes_of_a_fund_include_the_items_that_name_it(rows: Rows) -> None:
    rows.fund(2, "BBB")
    rows.security(1, "ALPHA", "A")
    change(rows, t.item, "I1", MONDAY, funds=["AAA", "BBB"], severity="high")
    change(rows, t.item, "I2", MONDAY, funds=["AAA"])
    fund = queries.find_fund(rows.conn, "BBB")
    assert ids(queries.changes(rows.conn, queries.Wanted(fund=fund))) == ["I1"]
    assert ids(queries.changes(rows.conn, queries.Wanted(severities=(Severity.LOW,)))) == ["I2"]
    one = queries.change(rows.conn, "I2")
    assert one is not None
    assert one["id"] == "I2"
    assert queries.change(rows.conn, "none") is None


def test_held_files_are_named_and_found(rows: Rows) -> None:
    rows.file(1, MONDAY, {}, standing="quarantined")
    (file,) = queries.held_files(rows.conn)
    assert file.ref == f"AAA/2022-01-03/{file.sha256[:8]}"
    assert file.reasons[0].text == "3 lines"
    for ref in (file.ref, file.ref.lower(), "AAA/2022-01-03", file.sha256):
        assert queries.find_held(rows.conn, ref) == file
    with pytest.raises(UsageError):
        queries.find_held(rows.conn, "AAA")


def test_status_tells_fresh_from_late_and_planned_from_due(rows: Rows) -> None:
    rows.file(1, MONDAY, {}, known_at=NOON)
    fresh = queries.status(rows.conn, datetime(2022, 1, 5, tzinfo=UTC))
    assert (fresh[0].what, fresh[0].state, fresh[0].count) == ("fund", "ok", 1)
    assert not queries.needs_attention(fresh)
    assert queries.status(rows.conn, NOON)[0].state == "late"
    row = {"item": "N", "revision": 1, "channel": "log", "severity": "low", "state": "pending", "attempts": 0}
    at = {"created_at": instant_text(NOON), "due_at": instant_text(NOON + timedelta(hours=1)), "message": "{}"}
    rows.conn.execute(t.delivery.insert().values(key="N:1:log", token=0, **row, **at))
    states = [
        [one.state for one in queries.status(rows.conn, NOON + timedelta(hours=later)) if one.what == "deliveries"]
        for later in (0, 2)
    ]
    assert states == [["planned"], ["due"]]
    rows.conn.execute(t.issuer.update().values(derive_from=day_of(MONDAY)))
    assert queries.needs_attention(queries.status(rows.conn, NOON))


def test_a_fund_that_cannot_be_fetched_needs_attention(rows: Rows) -> None:
    tried = {"fund": 1, "issuer": 1, "place": "x", "arrival": "live", "at": instant_text(NOON), "outcome": "failed"}
    rows.conn.execute(t.fetch.insert().values(**tried))
    (fund, *_) = queries.status(rows.conn, NOON)
    assert (fund.state, fund.count) == ("failing", 0)
    assert queries.needs_attention([fund])
    rows.file(1, MONDAY, {}, known_at=NOON)
    (fresh, *_) = queries.status(rows.conn, datetime(2022, 1, 5, tzinfo=UTC))
    assert fresh.state == "ok"
    (old, *_) = queries.status(rows.conn, NOON)
    assert old.state == "failing"
    assert queries.needs_attention([old])
