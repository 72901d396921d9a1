"""What can be read is listed and explained, and a file can be tried: also a user's own brands and hostile files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

HEADER = (
    "Date,Account,StockTicker,CUSIP,SecurityName,Shares,Price,MarketValue,Weightings,NetAssets,SharesOutstanding,"
    "CreationUnits"
)
BRANDS, SEEN = 60, 30  # at least
TWO_FUNDS = f"""{HEADER}
03/03/2026,AAAA,LARK,55555D104,Lark Inc,10,2,20,20.00%,100,10,1
03/03/2026,AAAA,Cash&Other,Cash&Other,Cash & Other,80,1,80,80.00%,100,10,1
03/03/2026,BBBB,WREN,44444C204,Wren Inc,-10,5,-50,-25.00%,200,10,1
03/03/2026,BBBB,TERN,33333B302,Tern Inc,fifty,5,250,125.00%,200,10,1
Holdings may change without notice; this is no advice to buy or to sell.
"""

OWN = """
shape = "delimited"
currency = "USD"
calendar = "XNYS"
weight_unit = "percent"
date_format = "M/D/YYYY"
unconfirmed = "nobody looked yet"

[columns]
required = ["date", "name", "shares"]
date = ["day"]
fund = ["of"]
name = ["what"]
shares = ["how many"]

[[formats]]
columns = ["Day", "Of", "What", "How many"]

[[conventions]]
convention = "UNKNOWN"

[other_funds]
pattern = "[A-Z]{4}"
kind = "active"

[[brands]]
id = "mine"
name = "My brand"

[[brands]]
id = "theirs"
name = "Their brand"
verified = false
why = "only heard of"
columns = { name = ["which"] }
formats = [{ columns = ["Day", "Of", "Which", "How many"] }]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "brands.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "monitor.toml").write_text('sources_dir = "own"\n', encoding="utf-8")
    return tmp_path / "monitor.toml"


def test_many_brands_are_listed_and_most_are_known_from_real_files(run: Run) -> None:
    rows = run("sources", "list", "--json").rows
    verified = [row for row in rows if row["verified"]]
    assert len(rows) >= BRANDS
    assert len(verified) >= SEEN
    assert not [row["id"] for row in rows if not row["verified"] and not row["why"]]
    told = run("sources", "list").out
    assert f"{len(rows)} brands, {len(verified)} with a shape seen in a real file" in told
    assert [row["id"] for row in run("sources", "list", "--verified", "--json").rows] == [row["id"] for row in verified]
    assert not [row for row in run("sources", "list", "--unverified", "--json").rows if row["verified"]]


def test_a_source_is_explained_in_plain_words(run: Run) -> None:
    told = " ".join(run("sources", "show", "roundhill").out.split())
    for words in (
        "delimited; as real files show it",
        "in the column “date” (M/D/YYYY)",
        "percent points: 0.5 is half a percent",
        "one file lists several; each line says whose it is",
        "OPEN – indicated",
        "what does not begin with “date,account”",
        "a body that is refused as html",
        "dated addresses",
        "MAGS, CHAT",
        "it has not been confirmed",
        "https://www.roundhillinvestments.com/assets/data/FilepointRoundhill.40RU.RU_Holdings_{date:MMDDYYYY}.csv",
    ):
        assert words in told
    (known,) = run("sources", "show", "ark", "--json").rows
    assert "OPEN" in {fund["convention"] for fund in known["funds"]}
    assert {"format", "weights", "asked", "published"} <= {part["what"] for part in known["known"]}


def test_every_source_can_be_shown(run: Run) -> None:
    for row in run("sources", "list", "--json").rows:
        answer = run("sources", "show", row["id"])
        assert answer.code == 0, row["id"]
        assert "as-of date" in answer.out


def test_funds_of_one_file_are_summarised_one_by_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(TWO_FUNDS, encoding="utf-8")
    answer = run("sources", "try", "amplify", "f.csv")
    assert answer.code == 3  # one row is not understood
    assert "AAAA  2026-03-03      2       0" in answer.out
    assert "BBBB  2026-03-03      1       1" in answer.out
    assert answer.out.count("row 5: shares: 'fifty' is not a number") == 1
    assert answer.out.count("footer     Holdings may change") == 1


def test_the_lines_of_one_fund_can_be_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(TWO_FUNDS, encoding="utf-8")
    answer = run("sources", "try", "amplify", "f.csv", "--fund", "AAAA")
    assert answer.code == 0
    for words in (
        "format     known",
        "identifier ← CUSIP",
        "as of      2026-03-03, as the file says",
        "net assets 100",
        "2  equity  LARK",
        "3  cash    Cash&Other",
    ):
        assert words in answer.out
    assert "Wren" not in answer.out
    assert run("sources", "try", "amplify", "f.csv", "--fund", "CCCC").code == 1


def test_a_line_without_a_quantity_is_told(run: Run, tmp_path: Path) -> None:
    text = TWO_FUNDS.replace("fifty", "")
    (tmp_path / "f.csv").write_text(text, encoding="utf-8")
    answer = run("sources", "try", "amplify", "f.csv", "--fund", "BBBB")
    assert answer.code == 0
    assert "left out   row 5: Tern Inc: prints no quantity" in answer.out
    assert run("sources", "try", "amplify", "f.csv", "--fund", "BBBB", "--json").rows[0]["left_out"] == [5]


def test_json_has_everything_that_was_understood(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(TWO_FUNDS, encoding="utf-8")
    first, second = run("sources", "try", "amplify", "f.csv", "--json").rows
    assert (first["fund"], first["as_of"], first["complete"], first["format"]["known"]) == (
        "AAAA",
        "2026-03-03",
        True,
        True,
    )
    assert [(line["class"], line["shares"]) for line in first["lines"]] == [("equity", 10), ("cash", 80)]
    assert first["totals"] == {"weights": 100, "values": 100, "net_assets": 100, "shares": 10}
    assert [row["row"] for row in second["unread"]] == [5]
    assert second["lines"][0]["shares"] == -10
    answer = run("sources", "try", "amplify", "f.csv", "--format", "csv")
    assert len(answer.out.splitlines()) == 4
    assert "'fifty' is not a number" in answer.err


def test_the_source_of_a_file_can_be_found(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(TWO_FUNDS.replace("AAAA", "BLOK").replace("BBBB", "DIVO"), encoding="utf-8")
    answer = run("sources", "try", "f.csv", "--fund", "BLOK")
    assert (answer.code, answer.out.split("\n")[0]) == (0, "source     amplify: Amplify ETFs")
    (tmp_path / "g.csv").write_text(TWO_FUNDS, encoding="utf-8")
    several = run("sources", "try", "g.csv")
    assert several.code == 2
    assert "may be of" in several.err
    (tmp_path / "h.csv").write_text("nothing,of,that\n1,2,3\n", encoding="utf-8")
    assert run("sources", "try", "h.csv").code == 1
    assert "Which file?" in run("sources", "try", "amplify").err


def test_a_file_that_nobody_claims_is_shown_all_the_same(run: Run, config: Path, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("Day,Of,What,How many\n3/3/2026,,Lark Inc,10\n", encoding="utf-8")
    answer = run("sources", "try", "mine", "f.csv", "--config", config)
    assert answer.code == 3
    assert "says which fund it is about: it would not be taken in" in answer.out
    assert "Lark Inc" in answer.out
    assert run("sources", "try", "mine", "f.csv", "--fund", "AAAA", "--config", config).code == 0
    (tmp_path / "g.csv").write_text("Day,Of,What,How many\n3/3/2026,X-1,Lark Inc,10\n", encoding="utf-8")
    assert "does not list" in run("sources", "try", "mine", "g.csv", "--config", config).out


def test_brands_of_a_user_are_sources_like_ours(run: Run, config: Path, tmp_path: Path) -> None:
    rows = {row["id"]: row for row in run("sources", "list", "--config", config, "--json").rows}
    assert (rows["mine"]["verified"], rows["theirs"]["verified"], rows["theirs"]["why"]) == (
        True,
        False,
        "only heard of",
    )
    text = "Day,Of,Which,How many\n3/3/2026,AAAA,Lark Inc,10\n3/3/2026,AAAA,Wren Inc,20\n"
    (tmp_path / "f.csv").write_text(text, encoding="utf-8")
    assert run("sources", "try", "theirs", "f.csv", "--config", config).code == 0
    taken = run("ingest", "f.csv", "--source", "theirs", "--config", config, "--db", "a.db")
    assert taken.code == 0
    held = run("holdings", "AAAA", "--config", config, "--db", "a.db", "--json").rows
    assert {row["shares"] for row in held} == {10, 20}
    refused = run("sources", "try", "mine", "f.csv", "--config", config)
    assert refused.code == 1
    assert "required column missing: name" in refused.err


def test_faults_of_a_users_brand_are_told_with_its_name(run: Run, config: Path, tmp_path: Path) -> None:
    (tmp_path / "own" / "brands.toml").write_text(OWN.replace('why = "only heard of"', ""), encoding="utf-8")
    answer = run("sources", "list", "--config", config)
    assert answer.code != 0
    assert "brands.theirs.why: is missing" in answer.err


def test_a_hostile_file_does_nothing_to_the_terminal(run: Run, config: Path, tmp_path: Path) -> None:
    toml = OWN.replace('"delimited"', '"json"').replace("mine", "nested").replace("theirs", "other")
    (tmp_path / "own" / "brands.toml").write_text('tables = ["list"]\n' + toml, encoding="utf-8")
    evil = "\x1b[2J\x1b]0;owned\x07\u202eLark\r\n\u200b"
    rows = [
        {"day": "3/3/2026", "of": "AAAA", "what": evil, "how many": "10"},
        {"day": "3/3/2026", "of": "AAAA", "what": evil, "how many": evil},
        {"day": evil, "of": evil, "what": evil, "how many": evil},
    ]
    (tmp_path / "f.json").write_text(json.dumps({"list": rows, evil: 1}), encoding="utf-8")
    for more in ((), ("--json",), ("--format", "csv"), ("--fund", evil)):
        answer = run("sources", "try", "nested", "f.json", "--config", config, *more)
        printed = answer.out + answer.err
        assert answer.code in (1, 3)
        assert not set(printed) & {"\x1b", "\x07", "\u202e"}, more


def test_a_file_that_nobody_dates_is_shown_all_the_same(run: Run, tmp_path: Path) -> None:
    header = "Ticker,Company,Share/ Par,% TNA,Class of shares,CUSIP,Market value"
    row = '"QLN","Quillon Robotics","1,000.00","99.1%","Common Stock","55501A105","$12,345.00"'
    (tmp_path / "QQQ.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    answer = run("sources", "try", "invesco", "QQQ.csv")
    assert answer.code == 3
    assert "as of      –" in answer.out
    assert "nor anything else says" in answer.out
    assert "--as-of says one" in answer.out
    assert "Quillon Robotics" in answer.out
    (told,) = run("sources", "try", "invesco", "QQQ.csv", "--json").rows
    assert (told["as_of"], told["dates"], told["dated_by"]) == (None, [], "nobody")
    assert run("sources", "try", "invesco", "QQQ.csv", "--as-of", "2026-03-02").code == 0
