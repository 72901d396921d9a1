"""The evidence behind answers: what is shown can be redone by hand from the files."""

from __future__ import annotations

import csv
import hashlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.core.model import Kind, Standing
from monitor.why import rules
from tests.cli.conftest import Run
from tests.cli.look_alike import BAD_DAY, COINBASE


def ids(run: Run, db: str, *options: str) -> list[str]:
    return [row["id"] for row in run("changes", *options, "--format", "json", "--db", db).rows]


def explain(run: Run, db: str, name: str) -> dict[str, Any]:
    answer = run("why", name, "--format", "json", "--db", db)
    assert answer.code == 0, answer.err
    assert len(answer.rows) == 1
    return answer.rows[0]


def event(run: Run, db: str, kind: str, fund: str = "ARKF") -> dict[str, Any]:
    return explain(run, db, ids(run, db, "--level", "event", "--kind", kind, "--fund", fund)[0])


def test_an_entry_shows_both_files_and_the_row_as_printed(run: Run, story: str, story_files: Path) -> None:
    found = event(run, story, "INITIATED")
    before, after = found["files"]
    assert [file["role"] for file in found["files"]] == ["before", "after"]
    assert (before["as_of"], before["lines"], before["note"]) == ("2022-01-05", [], "not listed")
    assert (after["as_of"], after["pos_session"], after["convention"]) == ("2022-01-06", "2022-01-05", "OPEN")
    body = (story_files / "ARKF_2022-01-06.csv").read_bytes()
    assert after["sha256"] == hashlib.sha256(body).hexdigest()
    assert Path(after["place"]).name == "ARKF_2022-01-06.csv"
    (line,) = after["lines"]
    printed = body.decode().splitlines()[line["row"] - 1]
    assert list(line["cells"].values()) == next(csv.reader([printed]))
    assert COINBASE in printed
    assert (after["shares"], after["value"], after["standing"]) == (600_000, 6_000_000, "accepted")
    assert "measured: 96 %" in after["dating"]
    assert (found["shares_before"], found["shares_after"], found["active_shares"]) == (0, 600_000, 600_000)
    assert found["rule"].startswith("First material holding")
    assert "active = after − before = 600,000 − 0 = 600,000" in found["arithmetic"]
    assert any(
        step.startswith("price = market value / shares = 6,000,000 / 600,000 = 10") for step in found["arithmetic"]
    )


def test_a_size_change_can_be_computed_again_from_what_is_shown(run: Run, story: str) -> None:
    found = event(run, story, "INCREASED")
    flow, line = found["flow"], found["line"]
    assert flow["agrees"]
    assert flow["sum_after"] / flow["sum_before"] == pytest.approx(flow["factor"])
    assert flow["lines"] == flow["unchanged"] + flow["in_flow"] + flow["in_groups"] + flow["active"]
    assert line["label"] == "ACTIVE"
    assert line["expected"] == pytest.approx(flow["factor"] * line["before"])
    assert abs(line["deviation"]) > line["tolerance"]
    assert found["active_shares"] == line["after"] - line["expected"] == 1_000
    steps = "\n".join(found["arithmetic"])
    for start in (
        "f = Σ",
        "explained = ",
        "T = max(2, ",
        "|after − f × before|",
        "active = after − f",
        "value = active",
    ):
        assert start in steps


def test_every_equation_that_is_written_out_holds(run: Run, story: str) -> None:
    """`name = a / b = result`, with the numbers as printed."""
    checked = 0
    for one in ids(run, story, "--level", "event"):
        for step in explain(run, story, one)["arithmetic"]:
            found = re.search(r"= (-?[\d,.]+) (/|×|−) (-?[\d,.]+) = (-?[\d,.]*\d)( %)?", step)
            if found is None:
                continue
            a, b, result = (Decimal(found[at].replace(",", "")) for at in (1, 3, 4))
            value = {"/": lambda a=a, b=b: a / b, "×": lambda a=a, b=b: a * b, "−": lambda a=a, b=b: a - b}[found[2]]()
            assert abs(value * (100 if found[5] else 1) - result) <= Decimal("0.01"), step
            checked += 1
    assert checked > 20


def test_an_item_adds_up_its_score_and_its_funds(run: Run, story: str) -> None:
    for name in ids(run, story, "--level", "item"):
        found = explain(run, story, name)
        assert found["level"] == "item"
        score = found["score"]
        assert sum(term["points"] for term in score["terms"]) == pytest.approx(score["sum"])
        assert score["score"] == max(0, round(score["sum"]))
        assert [event["item"] for event in found["events"]] == [name] * len(found["events"])
        assert sorted(event["fund"] for event in found["events"]) == sorted(found["funds"])


def test_the_text_says_the_same_as_the_json(run: Run, story: str) -> None:
    name = ids(run, story, "--level", "item", "--security", COINBASE)[0]
    found, out = explain(run, story, name), run("why", name, "--db", story).out
    folded = " ".join(out.split())
    for event in found["events"]:
        assert event["id"] in out
        assert all(" ".join(step.split()) in folded for step in event["arithmetic"])
        assert all(
            file["sha256"] in out and f"row {line['row']}" in out for file in event["files"] for line in file["lines"]
        )
    assert f"score {found['score']['score']}" in out
    assert max(map(len, out.splitlines())) <= 120


def test_an_exit_names_its_spell_and_what_was_left(run: Run, story: str) -> None:
    found = event(run, story, "EXITED")
    assert [(spell["first_file"], spell["exit_file"]) for spell in found["spells"]] == [("2022-01-03", "2022-01-11")]
    assert "not listed, or without shares" in found["arithmetic"]
    assert "active = after − before = 0 − 800,000 = -800,000" in found["arithmetic"]


def test_a_refusal_names_the_rule_and_shows_the_body(run: Run, story: str, story_files: Path) -> None:
    listed = run("quarantine", "list", "--all", "--format", "json", "--db", story).rows
    ref = next(row["file"] for row in listed if row["state"] == "refused")
    found = explain(run, story, ref)
    assert (found["level"], found["code"], found["rule"]) == ("refusal", "html", "A web page is no holdings file.")
    assert found["first_lines"] == [(story_files / "page.html").read_text("utf-8")]
    assert found["today"].startswith("html: ")
    assert "A web page is no holdings file." in run("why", ref, "--db", story).out


def test_a_quarantined_file_names_its_gates(run: Run, story: str) -> None:
    found = explain(run, story, f"ARKF/{BAD_DAY}")
    assert (found["level"], found["file"]["standing"], found["previous"], found["flow"]) == (
        "file", "quarantined", None, None,
    )  # fmt: skip
    assert "rows" in {gate["gate"] for gate in found["file"]["gates"]}
    assert "gate       rows" in run("why", f"ARKF/{BAD_DAY}", "--db", story).out


def test_an_accepted_file_is_compared_with_the_one_before(run: Run, story: str) -> None:
    found = explain(run, story, "ARKF/2022-01-06")
    assert (found["previous"]["as_of"], found["flow"]["factor"], found["flow"]["agrees"]) == ("2022-01-05", 1, True)
    assert "previous: ARKF, file dated 2022-01-05" in run("why", "ARKF/2022-01-06", "--db", story).out


def test_what_is_unknown_is_answered_with_the_nearest_and_what_ids_look_like(run: Run, story: str) -> None:
    name = ids(run, story, "--level", "event")[0]
    mistyped = name[:-1] + ("0" if name[-1] != "0" else "1")
    answer = run("why", mistyped, "--db", story)
    assert answer.code == 2
    assert f"Did you mean {name}?" in answer.err
    for odd in ("nonsense", "1", "E:1:x", "", "ARKF/2031-01-01", "9" * 40):
        answer = run("why", odd, "--db", story)
        assert answer.code == 2
        assert "An id looks like E0123456789ABCD (event)" in answer.err


def test_a_message_leads_to_its_item(run: Run, tmp_path: Path, story_files: Path) -> None:
    db = tmp_path / "told.db"
    (tmp_path / "monitor.toml").write_text('[channels.here]\ntype = "file"\npath = "told.jsonl"\n')
    run("ingest", *story_files.glob("ARK*_2022-01-0[345].csv"), "--source", "ark", "--db", db)
    day = story_files.glob("ARK*_2022-01-06.csv")
    run("ingest", *day, "--source", "ark", "--alert", "--at", "2022-01-06T12:00:00Z", "--db", db)
    listed = run("alerts", "list", "--format", "json", "--db", db).rows
    assert listed
    for row in listed:
        found = explain(run, str(db), str(row["id"]))
        assert (found["level"], found["item"]["id"]) == ("message", row["item"])
        assert found["delivery"]["state"] in found["item"]["deliveries"][0]["state"]
        assert f"{row['id']}  message to here" in run("why", row["id"], "--db", db).out


def test_every_kind_and_standing_has_a_rule() -> None:
    assert {kind.value for kind in Kind} <= set(rules.KINDS)
    assert {standing.value for standing in Standing} == set(rules.STANDINGS)
    assert rules.rule_of(rules.KINDS, "UNHEARD") == "No description of 'UNHEARD'."
