"""Stories of blindness: who is told what begins and what ends, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import blindness_words
from monitor.core.blindness import EVERYBODY, FORGOTTEN, Closing, Decision, Incident, decide
from monitor.core.blindness_words import span
from monitor.core.sight import Cause, FundSight, Hole, Look, Seen

NOW = datetime(2026, 1, 7, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
GONE = "answered 404 Not Found; the file may be late, renamed or gone"
CUT_OFF = "the connection to files.example failed (ConnectionError)"
PAGE = "html: a web page, not a table (title: Closed funds)"
EMPTY = "rows: header and disclaimer only: 0 holdings lines"
FILE = Seen(date(2026, 1, 5), NOW - timedelta(days=2))


def vain(count: int, detail: str = GONE, status: int | None = 404, outcome: str = "failed") -> tuple[Look, ...]:
    """That many looks in vain, an hour apart, and a good one before."""
    looks = [Look(NOW - HOUR * at, outcome, status, detail) for at in range(count)]
    return (*looks, Look(NOW - HOUR * count, "heartbeat", 200))


def asked(at: datetime) -> tuple[Look, ...]:
    """Looked for then, in vain in no way."""
    return (Look(at, "heartbeat", 200),)


def fund(ticker: str = "AAA", issuer: str = "one", looks: tuple[Look, ...] | None = None, **more: object) -> FundSight:
    """A fund that is seen, unless said otherwise."""
    seen = FundSight(issuer, issuer.title(), ticker, looks=vain(0) if looks is None else looks, last=FILE)
    return replace(seen, **more)  # type: ignore[arg-type]


class Record:
    """The incidents of a story as the database would keep them, and what was told."""

    def __init__(self) -> None:
        self.lasting: list[Incident] = []
        self.told: list[str] = []
        self.number = 0

    def look(self, sights: Sequence[FundSight], now: datetime = NOW, forgotten: Sequence[str] = ()) -> Decision:
        made = decide(sights, self.lasting, now, 3, forgotten)
        for closing in made.closings:
            self.lasting.remove(closing.incident)
            if closing.told:
                self.told.append(blindness_words.closed(closing, now).headline)
        for opening in made.openings:
            self.number += 1
            self.lasting.append(Incident(self.number, opening.subject, opening.cause, now))
            self.told.append(blindness_words.opened(opening).headline)
        self.told += [blindness_words.noted([note]).headline for note in made.notes if note.told]
        subjects = [one.subject for one in self.lasting]
        assert len(subjects) == len(set(subjects))
        return made

    def news(self) -> list[str]:
        """What was told since it was asked last."""
        found, self.told = self.told, []
        return found


@pytest.fixture
def record() -> Record:
    return Record()


def test_a_fund_that_is_seen_is_not_mentioned(record: Record) -> None:
    assert record.look([fund(), fund("BBB")]) == Decision()


def test_a_file_that_is_gone_is_told_once_and_its_return_once(record: Record) -> None:
    record.look([fund(looks=vain(2)), fund("BBB")])
    assert record.news() == []
    made = record.look([fund(looks=vain(3)), fund("BBB")])
    assert record.news() == ["AAA: no file can be fetched, 3 looks in vain in a row"]
    assert "[issuers.one.urls] AAA" in blindness_words.opened(made.openings[0]).lines[-1]
    record.look([fund(looks=vain(4)), fund("BBB")])
    record.look([fund(looks=vain(1)), fund("BBB")])  # as after a restart that reads fewer looks
    assert record.news() == []
    record.look([fund(), fund("BBB")], NOW + timedelta(days=2, hours=3))
    assert record.news() == ["AAA: files again after 2 days 3 hours; file dated 2026-01-05"]


@pytest.mark.parametrize(
    ("detail", "status", "outcome"),
    [
        ("html: a web page, not a table", 200, "refused"),
        ("answered 503 Service Unavailable", 503, "failed"),
        ("no answer from files.example in time", None, "failed"),
        ("columns: no header row", 200, "refused"),
    ],
)
def test_whatever_the_reason_looks_in_vain_count(record: Record, detail: str, status: int | None, outcome: str) -> None:
    made = record.look([fund(looks=vain(3, detail, status, outcome)), fund("BBB")])
    assert [one.cause for one in made.openings] == [Cause.FAILING]
    assert detail in blindness_words.opened(made.openings[0]).lines[0]


def test_a_new_address_is_proposed_and_never_taken(record: Record) -> None:
    made = record.look([fund(looks=vain(3), proposals=("https://files.example/AAA_NEW.csv",))])
    words = blindness_words.opened(made.openings[0])
    assert words.headline == "AAA: its file seems to have another address now"
    assert words.lines[-2:] == ("[issuers.one.urls]", 'AAA = "https://files.example/AAA_NEW.csv"')
    assert any("Nothing is switched by itself" in line for line in words.lines)
    record.look([fund(looks=vain(4))])  # proposals are looked for once
    assert len(record.news()) == 1


def test_a_late_file_is_told_from_its_time_on_and_ends_with_a_file(record: Record) -> None:
    waiting = fund(expected=date(2026, 1, 6), late_from=NOW)
    record.look([waiting, fund("BBB")], NOW - HOUR)
    assert record.news() == []
    record.look([waiting, fund("BBB")])
    assert record.news() == ["AAA: the file dated 2026-01-06 is late"]
    tomorrow = fund(expected=date(2026, 1, 7), late_from=NOW + 9 * HOUR)  # the next is expected, this one never came
    record.look([tomorrow, fund("BBB")], NOW + HOUR)
    assert record.news() == []
    came = fund(last=Seen(date(2026, 1, 6), NOW + HOUR))
    record.look([came, fund("BBB")], NOW + 2 * HOUR)
    assert record.news() == ["AAA: files again after 2 hours; file dated 2026-01-06"]


def test_a_file_that_nobody_has_looked_for_since_is_not_late(record: Record) -> None:
    """A daemon that starts after a week down sees old files before its first look."""
    old = fund(looks=asked(NOW - HOUR), expected=date(2026, 1, 6), late_from=NOW)
    never = fund("BBB", looks=(), expected=date(2026, 1, 6), late_from=NOW)
    assert record.look([old, never], NOW + timedelta(days=7)) == Decision()
    assert old.state(NOW + timedelta(days=7)) == "expected"
    failed = replace(old, looks=vain(1, CUT_OFF, None))
    assert record.look([failed, never], NOW + HOUR) == Decision()
    record.look([replace(old, looks=asked(NOW + timedelta(days=7))), never], NOW + timedelta(days=7))
    assert record.news() == ["AAA: the file dated 2026-01-06 is late"]


def test_a_fund_blind_for_two_reasons_has_one_notice(record: Record) -> None:
    record.look([fund(expected=date(2026, 1, 6), late_from=NOW), fund("BBB")])
    both = fund(looks=vain(5), expected=date(2026, 1, 6), late_from=NOW)
    record.look([both, fund("BBB")], NOW + HOUR)
    assert len(record.news()) == 1
    record.look([fund(expected=date(2026, 1, 6), late_from=NOW), fund("BBB")], NOW + 2 * HOUR)
    assert record.news() == []  # fetched again, but the file is still not there
    record.look([fund(last=Seen(date(2026, 1, 6), NOW + 2 * HOUR)), fund("BBB")], NOW + 3 * HOUR)
    assert len(record.news()) == 1


def test_late_files_of_one_issuer_wait_for_each_other_and_are_one_notice(record: Record) -> None:
    def waiting(ticker: str, minutes: int, at: datetime) -> FundSight:
        late_from = NOW + timedelta(minutes=minutes)
        return fund(ticker, looks=asked(at), expected=date(2026, 1, 6), late_from=late_from)

    record.look([waiting("AAA", 0, NOW), waiting("BBB", 20, NOW)])
    assert record.news() == []
    then = NOW + timedelta(minutes=20)
    pair = [waiting("AAA", 0, then), waiting("BBB", 20, then)]
    record.look(pair, then)
    assert record.news() == ["One: the files of all 2 funds are late"]
    first = [fund(last=Seen(date(2026, 1, 6), NOW + HOUR)), pair[1]]
    record.look(first, NOW + HOUR + timedelta(minutes=1))
    assert record.news() == []  # the other may follow within the hour
    second = [first[0], fund("BBB", last=Seen(date(2026, 1, 6), NOW + HOUR))]
    record.look(second, NOW + HOUR + timedelta(minutes=5))
    assert record.news() == ["One: files again after 45 minutes"]


def test_the_file_that_does_not_follow_gets_a_notice_of_its_own(record: Record) -> None:
    pair = [fund(name, expected=date(2026, 1, 6), late_from=NOW) for name in ("AAA", "BBB")]
    record.look(pair)
    record.news()
    record.look([fund(last=Seen(date(2026, 1, 6), NOW + HOUR)), pair[1]], NOW + 3 * HOUR)
    assert record.news() == ["One: files again after 3 hours", "BBB: the file dated 2026-01-06 is late"]


def test_a_late_fund_whose_sister_is_not_expected_yet_waits_an_hour_at_most(record: Record) -> None:
    pair = [
        fund(expected=date(2026, 1, 6), late_from=NOW),
        fund("BBB", expected=date(2026, 1, 6), late_from=NOW + 9 * HOUR),
    ]
    record.look(pair)
    assert record.news() == []
    record.look(pair, NOW + HOUR)
    assert record.news() == ["AAA: the file dated 2026-01-06 is late"]


def test_all_funds_of_an_issuer_failing_are_one_notice_and_one_end(record: Record) -> None:
    both = [fund(looks=vain(3)), fund("BBB", looks=vain(3)), fund(issuer="two")]
    record.look(both)
    record.look(both, NOW + HOUR)
    assert record.news() == ["One: no file of any of the 2 funds can be fetched"]
    record.look([fund(), fund("BBB"), fund(issuer="two")], NOW + HOUR)
    assert record.news() == ["One: files again after 1 hour"]


def test_a_smaller_incident_grows_without_an_end_and_shrinks_with_a_notice(record: Record) -> None:
    record.look([fund(looks=vain(3)), fund("BBB")])
    assert record.news() == ["AAA: no file can be fetched, 3 looks in vain in a row"]
    record.look([fund(looks=vain(6)), fund("BBB", looks=vain(3))])
    assert record.news() == ["One: no file of any of the 2 funds can be fetched"]
    record.look([fund(looks=vain(7)), fund("BBB")], NOW + HOUR)
    assert record.news() == [
        "One: files again after 1 hour",
        "AAA: no file can be fetched, 7 looks in vain in a row",
    ]
    record.look([fund(), fund("BBB")], NOW + 2 * HOUR)
    assert record.news() == ["AAA: files again after 1 hour; file dated 2026-01-05"]


def test_the_end_for_an_issuer_waits_until_all_its_funds_were_asked(record: Record) -> None:
    record.look([fund(looks=vain(3)), fund("BBB", looks=vain(3))])
    record.news()
    again = (Look(NOW + HOUR, "heartbeat", 200), *vain(3))
    record.look([fund(looks=again), fund("BBB", looks=vain(3))], NOW + HOUR)
    assert record.news() == []
    record.look([fund(looks=again), fund("BBB", looks=again)], NOW + 2 * HOUR)
    assert record.news() == ["One: files again after 2 hours"]


def test_a_fund_that_nobody_asks_holds_up_the_end_for_a_day_at_most(record: Record) -> None:
    record.look([fund(looks=vain(3)), fund("BBB", looks=vain(3))])
    record.news()
    again = (Look(NOW + HOUR, "heartbeat", 200), *vain(3))
    record.look([fund(looks=again), fund("BBB", looks=vain(3))], NOW + timedelta(days=2))
    assert record.news()[0] == "One: files again after 2 days"


def test_a_failing_fund_waits_for_sisters_that_begin_to_fail(record: Record) -> None:
    record.look([fund(looks=vain(3)), fund("BBB", looks=vain(2))])
    assert record.news() == []
    record.look([fund(looks=vain(4)), fund("BBB", looks=vain(3))])
    assert record.news() == ["One: no file of any of the 2 funds can be fetched"]


def test_it_waits_only_so_long(record: Record) -> None:
    record.look([fund(looks=vain(6)), fund("BBB", looks=vain(1))])
    assert record.news() == ["AAA: no file can be fetched, 6 looks in vain in a row"]


def network(count: int) -> list[FundSight]:
    """Two issuers of which none answers."""
    looks = vain(count, CUT_OFF, None)
    return [fund(looks=looks), fund("BBB", looks=looks), fund("CCC", "two", looks=looks)]


def test_when_no_issuer_answers_there_is_one_notice(record: Record) -> None:
    made = record.look(network(3))
    assert record.news() == ["No issuer can be reached: is the network down?"]
    assert made.openings[0].cause is Cause.UNREACHABLE
    record.look(network(9))
    record.look([fund(), fund("BBB"), fund("CCC", "two")], NOW + HOUR)
    assert record.news() == ["Issuers can be reached again after 1 hour"]
    assert record.lasting == []


def test_one_issuer_that_does_not_answer_waits_for_the_others(record: Record) -> None:
    record.look([*network(3)[:2], fund("CCC", "two", looks=vain(2, CUT_OFF, None))])
    assert [one.subject for one in record.lasting] == ["issuer:one"]  # all of its funds: it does not wait
    record.news()
    record.look(network(4))
    assert record.news() == ["No issuer can be reached: is the network down?"]
    assert [one.subject for one in record.lasting] == [EVERYBODY]


def test_a_single_fund_waits_while_everybody_begins_to_be_unreachable(record: Record) -> None:
    looks = vain(2, CUT_OFF, None)
    record.look([fund(looks=vain(3, CUT_OFF, None)), fund("CCC", "two", looks=looks)])
    assert record.news() == []
    record.look([fund(looks=vain(4, CUT_OFF, None)), fund("CCC", "two", looks=vain(3, CUT_OFF, None))])
    assert record.news() == ["No issuer can be reached: is the network down?"]


def test_what_stays_away_when_the_network_is_back_begins_anew(record: Record) -> None:
    record.look(network(3))
    record.news()
    record.look([fund(looks=vain(4)), fund("BBB", looks=vain(4)), fund("CCC", "two")], NOW + HOUR)
    assert record.news() == [
        "Issuers can be reached again after 1 hour",
        "One: no file of any of the 2 funds can be fetched",
    ]


def test_one_issuer_alone_is_not_everybody(record: Record) -> None:
    record.look(network(3)[:2])
    assert record.news() == ["One: no file of any of the 2 funds can be fetched"]


def test_a_list_without_lines_twice_asks_once_whether_the_fund_has_closed(record: Record) -> None:
    record.look([fund(looks=vain(1, EMPTY, 200, "refused")), fund("BBB")])
    assert record.news() == []
    record.look([fund(looks=vain(2, EMPTY, 200, "refused")), fund("BBB")])
    assert record.news() == ["AAA: has the fund closed?"]
    late = fund(looks=vain(8), expected=date(2026, 1, 6), late_from=NOW)
    record.look([late, fund("BBB")], NOW + timedelta(days=30))
    assert record.news() == []
    came = fund(last=Seen(date(2026, 2, 6), NOW + timedelta(days=31)))
    record.look([came, fund("BBB")], NOW + timedelta(days=31))
    assert record.news() == ["AAA: files again after 31 days; file dated 2026-02-06"]


def test_a_page_about_closed_funds_is_such_an_answer(record: Record) -> None:
    record.look([fund(looks=vain(2, PAGE, 200, "refused")), fund("BBB")])
    assert record.news() == ["AAA: has the fund closed?"]


def test_a_fund_its_source_calls_closed_is_said_once(record: Record) -> None:
    gone = fund(looks=vain(5), closed=date(2025, 12, 31))
    record.look([gone, fund("BBB")])
    record.look([gone, fund("BBB")], NOW + timedelta(days=9))
    assert record.news() == ["AAA has closed: the description of its source gives 2025-12-31 as its last day"]


def test_a_fund_that_failed_and_turns_out_to_have_closed_is_asked_about(record: Record) -> None:
    record.look([fund(looks=vain(3)), fund("BBB")])
    record.news()
    record.look([fund(looks=vain(2, EMPTY, 200, "refused")), fund("BBB")], NOW + HOUR)
    assert record.news() == ["AAA: has the fund closed?"]
    assert [one.cause for one in record.lasting] == [Cause.CLOSED]


def test_empty_lists_of_all_funds_are_a_bad_site_and_no_closing(record: Record) -> None:
    looks = vain(3, EMPTY, 200, "refused")
    record.look([fund(looks=looks), fund("BBB", looks=looks)])
    assert record.news() == ["One: no file of any of the 2 funds can be fetched"]


def test_an_empty_list_of_a_fund_never_seen_is_a_failure(record: Record) -> None:
    record.look([fund(looks=vain(3, EMPTY, 200, "refused"), last=None), fund("BBB")])
    assert record.news() == ["AAA: no file can be fetched, 3 looks in vain in a row"]
    assert (
        "No file of it has been accepted yet."
        in blindness_words.opened(decide([fund(looks=vain(3), last=None)], [], NOW, 3).openings[0]).lines
    )


def test_a_fund_never_seen_without_a_file_of_any_day_is_a_failure(record: Record) -> None:
    nothing = tuple(Look(NOW - HOUR * at, "absent", 404, GONE) for at in range(3))
    record.look([fund(looks=nothing)])
    record.look([fund(looks=nothing, last=None, quarantined=1)])
    assert record.told == []  # a day without a file is an answer where there were others
    record.look([fund(looks=nothing, last=None)])
    assert record.told == ["AAA: no file can be fetched, 3 looks in vain in a row"]


def test_old_content_under_new_dates_and_its_end(record: Record) -> None:
    record.look([fund(stale=1)])
    assert record.news() == []
    record.look([fund(stale=2)])
    record.look([fund(stale=1)])
    assert record.news() == ["AAA: the same content under new dates, 2 files in a row"]
    record.look([fund()], NOW + HOUR)
    assert record.news() == ["AAA: files again after 1 hour; file dated 2026-01-05"]


def test_two_files_in_a_row_that_are_not_believed(record: Record) -> None:
    record.look([fund(quarantined=1)])
    record.look([fund(quarantined=2)])
    record.look([fund(quarantined=3)])
    assert record.news() == ["AAA: 2 files in a row are quarantined"]
    record.look([fund()], NOW + HOUR)
    assert len(record.news()) == 1


def test_a_stale_fund_stays_its_own_incident_when_its_issuer_fails(record: Record) -> None:
    record.look([fund(stale=2), fund("BBB")])
    record.look([fund(stale=2, looks=vain(3)), fund("BBB", looks=vain(3))], NOW + HOUR)
    assert sorted(one.subject for one in record.lasting) == ["fund:one/AAA", "issuer:one"]
    record.look([fund(), fund("BBB")], NOW + 2 * HOUR)
    assert record.lasting == []
    assert len(record.news()) == 4


def test_a_file_that_never_came_is_noted(record: Record) -> None:
    hole = Hole((date(2026, 1, 2), date(2026, 1, 3)), FILE)
    record.look([fund(hole=hole), fund("BBB", hole=replace(hole, days=hole.days[:1]))])
    assert record.news() == [
        "AAA: no files dated 2026-01-02, 2026-01-03 were seen; the next is 2026-01-05",
        "BBB: no file dated 2026-01-02 was seen; the next is 2026-01-05",
    ]


def test_holes_of_many_funds_are_told_together() -> None:
    hole = Hole((date(2026, 1, 2),), FILE)
    made = decide([fund(f"F{at}", hole=hole) for at in range(7)], [], NOW, 3)
    words = blindness_words.noted(made.notes)
    assert words.headline == "One: files of 7 funds were never seen"
    assert words.lines[0] == "F0: none dated 2026-01-02; the next is 2026-01-05."
    assert words.lines[5] == "And 2 more."
    assert len(blindness_words.noted(made.notes[:2]).lines) == 4


def test_what_never_came_while_the_fund_was_failing_is_said_with_the_end(record: Record) -> None:
    record.look([fund(looks=vain(3)), fund("BBB")])
    record.news()
    made = record.look([fund(hole=Hole((date(2026, 1, 2),), FILE)), fund("BBB")], NOW + HOUR)
    assert len(record.news()) == 1
    assert blindness_words.closed(made.closings[0], NOW).lines == ("AAA: no file dated 2026-01-02 was seen.",)


def test_incidents_of_funds_we_do_not_watch_are_left_alone_until_forgotten(record: Record) -> None:
    record.look([fund(looks=vain(3))])
    record.news()
    record.look([fund("BBB")], NOW + FORGOTTEN)
    assert len(record.lasting) == 1
    record.look([fund("BBB")], NOW + FORGOTTEN, forgotten=["fund:one/AAA"])
    assert record.lasting == []
    assert record.news() == []


def test_many_funds_are_not_all_named(record: Record) -> None:
    funds = [fund(f"F{at}", looks=vain(3)) for at in range(8)]
    made = record.look([*funds, fund("ZZZ", looks=vain(3), last=Seen(date(2026, 1, 2), NOW))])
    words = blindness_words.opened(made.openings[0])
    assert words.lines[0] == "Concerned: F0, F1, F2, F3, F4 and 4 more."
    assert "Newest files: dated 2026-01-02 … 2026-01-05." in words.lines
    with_proposals = decide([replace(one, proposals=("https://x.example/a.csv",)) for one in funds], [], NOW, 3)
    assert 'F7 = "https://x.example/a.csv"' in blindness_words.opened(with_proposals.openings[0]).lines


def test_a_ticker_with_a_dot_is_quoted_in_the_line_for_the_configuration() -> None:
    made = decide([fund("A.B", looks=vain(3), proposals=("https://x.example/a.csv",))], [], NOW, 3)
    assert blindness_words.opened(made.openings[0]).lines[-1] == '"A.B" = "https://x.example/a.csv"'


def test_a_cause_of_another_kind_has_words_too() -> None:
    opening = decide([fund(looks=vain(3))], [], NOW, 3).openings[0]
    assert blindness_words.opened(replace(opening, cause=Cause.MISSING)).headline == "AAA: no file is seen"
    unknown = replace(opening, cause=Cause.LATE, funds=(fund(last=None),))
    assert blindness_words.opened(unknown).headline == "AAA: the file is late"
    whole = replace(unknown, subject="issuer:one")
    assert blindness_words.opened(whole).lines[0] == "Not there yet: AAA."
    never = Closing(Incident(1, "fund:one/AAA", Cause.FAILING, NOW), (fund(last=None),))
    assert blindness_words.closed(never, NOW).headline == "AAA: files again after less than a minute"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5, minutes=10), "5 hours 10 minutes"),
        (timedelta(days=1, minutes=5), "1 day"),
        (timedelta(days=2, hours=3, minutes=59), "2 days 3 hours"),
        (timedelta(seconds=-5), "less than a minute"),
    ],
)
def test_lengths_of_time_in_words(length: timedelta, words: str) -> None:
    assert span(length) == words


def test_the_state_of_a_fund_in_one_word() -> None:
    states = [
        fund(closed=date(2025, 1, 1)),
        fund(looks=vain(1)),
        fund(late_from=NOW),
        fund(late_from=NOW + HOUR),
        fund(),
        fund(looks=(), last=None),
    ]
    assert [one.state(NOW) for one in states] == ["closed", "failing", "late", "expected", "fresh", "unseen"]
    assert states[-1].asked_at is None
    assert states[-1].answered_at is None
    assert states[1].answered_at == NOW - HOUR
    assert not states[-1].is_unreachable


# --- properties -----------------------------------------------------------------------------------

DETAILS = st.sampled_from([(GONE, 404, "failed"), (CUT_OFF, None, "failed"), (EMPTY, 200, "refused"), ("", 200, "new")])


@st.composite
def days(draw: st.DrawFn) -> list[list[tuple[tuple[str, int | None, str], bool]]]:
    """What each of three funds (two issuers) answers at every step, and whether its file is late then."""
    steps = draw(st.integers(1, 12))
    return [[(draw(DETAILS), draw(st.booleans())) for _ in range(3)] for _ in range(steps)]


@given(days())
def test_incidents_begin_and_end_in_turn_and_all_end_when_everything_is_seen(
    story: list[list[tuple[tuple[str, int | None, str], bool]]],
) -> None:
    record, looks, now = Record(), [(), (), ()], NOW
    names = [("AAA", "one"), ("BBB", "one"), ("CCC", "two")]
    past: list[tuple[Look, ...]] = list(looks)
    last = [FILE] * 3
    for step in story:
        now += 2 * HOUR
        for at, ((detail, status, outcome), _) in enumerate(step):
            past[at] = (Look(now, outcome, status, detail), *past[at])
            if outcome == "new":
                last[at] = Seen(last[at].as_of, now)
        sights = [
            fund(name, issuer, looks=past[at], last=last[at], late_from=now - HOUR if step[at][1] else None)
            for at, (name, issuer) in enumerate(names)
        ]
        record.look(sights, now)
        assert record.look(sights, now) == Decision()  # looking again says nothing more
    now += timedelta(days=2)
    fine = [fund(n, i, looks=(Look(now, "new", 200),), last=Seen(date(2026, 3, 1), now)) for n, i in names]
    record.look(fine, now)
    assert record.lasting == []
    assert record.look(fine, now) == Decision()


def test_an_issuer_with_old_files_and_missing_ones_is_not_said_to_be_out_of_reach(record: Record) -> None:
    late = fund(looks=asked(NOW + 2 * HOUR), expected=date(2026, 1, 6), late_from=NOW)
    record.look([late, fund("BBB", looks=vain(3))], NOW + 2 * HOUR)
    assert record.news() == ["One: none of the 2 funds has a current file"]
