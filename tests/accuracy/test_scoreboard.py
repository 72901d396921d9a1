"""The scoreboard on an invented folder: what is right counts as right, a wrong expectation is reported as wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.accuracy import __main__ as scoreboard
from tests.accuracy import look_alike
from tests.accuracy.folder import Folder
from tests.accuracy.look_alike import BOUGHT, BUY, LEAVE, RENUMBER, RETURN, SPLIT, Days, cusip

TRADES = "date fund direction ticker shares cusip"
LABELS = "fund date security cusip naive_event true_event reason evidence"
CASES = "case group fund file_date security what_the_files_say naive_verdict right_verdict why evidence"


def trades(days: Days) -> list[dict[str, object]]:
    bought = {"date": days.session(BUY), "fund": "ARKF", "direction": "Buy", "ticker": "NIMB", "shares": BOUGHT}
    return [
        bought | {"cusip": cusip("NIMB")},
        bought | {"fund": "", "shares": ""},  # says too little to be used
        bought | {"ticker": "NOSUCH", "cusip": ""},  # in neither file
    ]


def label(fund: str, day: str, security: str, identifiers: str, verdict: str) -> dict[str, object]:
    return {"fund": fund, "date": day, "security": security, "cusip": identifiers, "true_event": verdict}


def labels(days: Days) -> list[dict[str, object]]:
    both = f"{cusip('TIDE')} -> {cusip('TIDE', 1)}"
    return [
        label("ARKF", days.file(RETURN), "HOAK", cusip("HOAK"), "RE-ENTRY"),
        label("ARKW", days.file(RENUMBER), "TIDE", both, "IDENTIFIER CHANGE"),
        label("ARKW", days.file(SPLIT), "CRAG", cusip("CRAG"), "SPLIT 4:1"),
        label("ARKF", days.file(10), "all rows", "", "NO EVENT"),
    ]


def case(number: str, day: str, security: str, verdict: str, fund: str = "ARKF/W") -> dict[str, object]:
    return {
        "case": number,
        "group": "g",
        "fund": fund,
        "file_date": day,
        "security": security,
        "right_verdict": verdict,
    }


def cases(days: Days) -> list[dict[str, object]]:
    return [
        case("1", days.file(BUY), "all lines", f"trades of session {days.session(BUY)}", "ARKF"),
        case("2", days.file(10), "all lines", "inflow only, 0 trades"),
        case("3", days.file(RETURN), "HOLLOW OAK", "re-entry after 30 sessions"),
        case("4", days.file(8), "file", "reject: not a holdings file", "ARKF"),
        case("5", days.file(SPLIT), "CRAG", "4:1 split", "ARKF+ARKW"),
        case("6", days.file(LEAVE), "HOAK", f"effective exit {days.file(LEAVE)}"),
        case("7", "2030-01-02", "HOAK", "re-entry"),
        case("8", days.file(5), "HOAK", "a word nobody knows"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> tuple[Path, Days]:
    root = tmp_path / "data"
    days = look_alike.write(root)
    look_alike.write_rows(root / "ark" / "trades.csv", trades(days), TRADES)
    look_alike.write_rows(root / "ark" / "labels.csv", labels(days), LABELS)
    look_alike.write_rows(root / "cases.csv", cases(days), CASES)
    return root, days


def add_series(root: Path) -> None:
    """One series nobody reads, one that is read."""
    odd, known = (root / "issuers" / "series" / name for name in ("nobody/ODD", "ark/ARKF"))
    odd.mkdir(parents=True)
    known.mkdir(parents=True)
    (odd / "2021-06-01.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    for path in sorted((root / "ark" / "raw" / "ARKF").iterdir())[:6]:
        (known / path.name).write_bytes(path.read_bytes())


def outcomes(document: dict[str, dict[str, dict[str, list[dict[str, str]]]]], section: str) -> dict[str, str]:
    return {row["name"]: row["outcome"] for row in document["sections"][section]["rows"]}


def test_what_is_right_is_right_and_every_bar_holds(
    folder: tuple[Path, Days], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, _ = folder
    add_series(root)
    code = scoreboard.main(["--data", str(root), "--json", str(tmp_path / "score.json")])
    shown = capsys.readouterr().out
    document = json.loads((tmp_path / "score.json").read_text(encoding="utf-8"))
    assert code == 0, shown
    assert set(outcomes(document, "Labels").values()) == {"right"}
    assert outcomes(document, "Cases") == {
        **{f"case {number}": "right" for number in (1, 2, 3, 4, 5, 6)},
        "case 7": "not here",
        "case 8": "not judged",
    }
    detection = document["sections"]["Trades: detection against notified trades"]
    assert (detection["fund_days"], detection["notified"]) == (1, 1)
    assert (detection["precision"], detection["recall"]) == (1.0, 1.0)
    assert len(detection["unseen"]) == 1
    series = document["sections"]["Other issuers' series"]
    assert series["nobody/ODD"] == {"source": None, "files": 1}
    assert (series["ark/ARKF"]["source"], series["ark/ARKF"]["accepted"]) == ("ark", 6)
    assert "All bars hold." in shown
    assert max(map(len, shown.splitlines())) <= 110


def test_a_wrong_expectation_is_reported_with_what_we_said(
    folder: tuple[Path, Days], capsys: pytest.CaptureFixture[str]
) -> None:
    root, days = folder
    wrong = case("9", days.file(SPLIT), "CRAG", "8:1 split")
    look_alike.write_rows(root / "cases.csv", [*cases(days), wrong], CASES)
    false = label("ARKF", days.file(BUY), "NIMB", cusip("NIMB"), "NO EVENT")
    look_alike.write_rows(root / "ark" / "labels.csv", [*labels(days), false], LABELS)
    assert scoreboard.main(["--data", str(root)]) == 1
    shown = capsys.readouterr().out
    assert "WRONG case 9 (ARKF/W CRAG): 8:1 split" in shown
    assert "split by 8 expected" in shown
    assert f"told: {days.file(BUY)} ARKF INCREASED NIMBUS ROBOTICS INC (NIMB)" in shown
    assert "2 of" in shown.splitlines()[-1]


def test_missing_parts_are_named_and_fail_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "data"
    root.mkdir()
    assert scoreboard.main(["--data", str(root)]) == 0
    shown = capsys.readouterr().out
    for part in ("ark/raw", "ark/labels.csv", "cases.csv", "issuers/series"):
        assert f"not here: {part}" in shown


def test_a_beginning_keeps_the_first_dates(folder: tuple[Path, Days]) -> None:
    root, days = folder
    whole = Folder(root)
    short = whole.beginning(3)
    assert {one.dated for one in short.raw()} == set(days.dates[:3])
    assert len(short.raw()) == 6
    assert short.bad() == []
    assert short.notified() == []
    assert whole.beginning(1000) == whole
