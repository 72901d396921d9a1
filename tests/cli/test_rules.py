"""The commands about who is told what: rules in words and tried on the past, mutes, and lines that wait."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.look_alike import DAYS, body

CHANNELS = """
[channels.log]
type = "file"
path = "alerts.jsonl"
[channels.desk]
type = "console"
"""
RULES = """
[[rules]]
name = "Coinbase"
securities = ["COIN"]
min_value = 1_000_000
channels = ["desk"]
[[rules]]
name = "exits weekly"
kinds = ["EXITED"]
funds = ["ark/ARKF"]
deliver = "weekly"
[[rules]]
name = "off"
enabled = false
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with rules; its database is given on the command line."""
    file = tmp_path / "rules.toml"
    file.write_text('[alerts]\nchannels = ["log"]\n' + RULES + CHANNELS, encoding="utf-8")
    return file


def test_rules_list_says_in_words_who_is_told_what(run: Run, config: Path) -> None:
    rows = run("rules", "list", "--config", config, "--format", "json").rows
    assert [row["name"] for row in rows] == ["Coinbase", "exits weekly", "off", "(default)", "(default)"]
    assert rows[0]["matches"] == "security COIN; at least $1,000,000"
    assert (rows[0]["channels"], rows[0]["tells"]) == (["desk"], "at once")
    assert (rows[1]["channels"], rows[1]["tells"]) == (["log"], "in the weekly digest")
    assert (rows[2]["matches"], rows[2]["enabled"]) == ("everything", False)
    assert "high or normal severity" in rows[3]["matches"]
    assert "daily digest" in run("rules", "list", "--config", config).out


def test_a_rule_that_names_what_no_source_has_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(
        '[[rules]]\nname = "a"\nfunds = ["ARKQQ"]\nissuers = ["arc"]\n'
        '[[mutes]]\nfunds = ["spdr/ARKK"]\nuntil = 2030-01-01\n' + CHANNELS,
        encoding="utf-8",
    )
    refused = run("rules", "list", "--config", file)
    assert refused.code == 2
    assert 'rules[0].funds: no source has a fund "ARKQQ"; did you mean "ARKQ"?' in refused.err
    assert 'rules[0].issuers: there is no source "arc"; did you mean "ark"?' in refused.err
    assert "mutes[0].funds" in refused.err
    assert run("rules", "try", "--since", "2022-01-01", "--config", file, "--db", "x.db").code == 2


def test_rules_try_counts_weeks_and_channels_without_sending(run: Run, story: str, config: Path) -> None:
    shown = run("rules", "try", "--since", "2022-01-01", "--db", story, "--config", config, "--format", "json").rows
    assert {row["channel"] for row in shown} == {"log", "desk"}
    desk = [row for row in shown if row["channel"] == "desk"]
    assert sum(row["now"] for row in desk) == 1
    assert sum(row["weekly"] for row in shown if row["channel"] == "log") == 1
    assert [row["week"] for row in desk] == sorted(row["week"] for row in desk)
    assert not Path("alerts.jsonl").exists()
    one = run("rules", "try", "--since", "2022-01-01", "--channel", "desk", "--db", story, "--config", config)
    assert (one.code, "log" in one.out) == (0, False)
    none = run("rules", "try", "--since", "2022-01-01", "--until", "2022-01-02", "--db", story, "--config", config)
    assert none.out == "No changes in this time.\n"
    assert run("rules", "try", "--since", "2022-01-01", "--channel", "x", "--db", story, "--config", config).code == 2


def test_rules_try_names_each_change_with_its_rule(run: Run, story: str, config: Path) -> None:
    rows = run(
        "rules", "try", "--since", "2022-01-01", "--details", "--db", story, "--config", config, "--format", "json"
    ).rows
    found = {(row["channel"], row["kind"]): row for row in rows}
    coin = found["desk", "INITIATED"]
    assert (coin["how"], coin["by"], coin["funds"], coin["day"]) == ("now", "Coinbase", ["ARKF"], "2022-01-06")
    assert (found["log", "EXITED"]["how"], found["log", "EXITED"]["by"]) == ("weekly", "exits weekly")
    assert found["log", "INITIATED"]["by"] == "default"
    csv = run(
        "rules", "try", "--since", "2022-01-01", "--details", "--db", story, "--config", config, "--format", "csv"
    )
    assert csv.out.startswith("day,channel,how,severity")


def test_a_mute_is_seen_by_rules_try_and_ends(run: Run, own_story: str, config: Path) -> None:
    place = ("--db", own_story, "--config", config)
    said = run("mute", "add", "--security", "COIN", "--days", "30", "--note", "enough", *place)
    assert said.code == 0
    assert "Muted COINBASE GLOBAL INC (COIN) until the end of 2" in said.out
    (row,) = run("mute", "list", *place, "--format", "json").rows
    assert (row["scope"], row["by"], row["note"], row["state"]) == ("security", "command line", "enough", "in force")
    details = ("rules", "try", "--since", "2022-01-01", "--details", "--format", "json", *place)
    coin = [one for one in run(*details).rows if one["kind"] == "INITIATED"]
    assert {(one["channel"], one["how"]) for one in coin} == {("log", "muted"), ("desk", "muted")}
    assert coin[0]["by"].startswith("mute 1 (COINBASE")
    weeks = run("rules", "try", "--since", "2022-01-01", "--format", "json", *place).rows
    assert sum(week["muted"] for week in weeks) == 2
    assert run("mute", "end", "1", *place).out == "Lifted mute 1.\n"
    assert run("mute", "end", "1", *place).code == 2
    assert run("mute", "list", *place).out == "Nothing is muted.\n"
    assert [one["state"] for one in run("mute", "list", "--all", *place, "--format", "json").rows] == ["lifted"]
    assert all(one["how"] != "muted" for one in run(*details).rows)


def test_funds_issuers_and_kinds_can_be_muted_on_one_channel(run: Run, own_story: str, config: Path) -> None:
    place = ("--db", own_story, "--config", config)
    for wish in (("--fund", "arkf"), ("--issuer", "ARK"), ("--kind", "exited")):
        assert run("mute", "add", *wish, "--until", "2099-12-31", "--channel", "log", *place).code == 0
    rows = run("mute", "list", *place, "--format", "json").rows
    assert [(row["scope"], row["value"], row["channel"]) for row in rows] == [
        ("fund", "ark/ARKF", "log"),
        ("issuer", "ark", "log"),
        ("kind", "EXITED", "log"),
    ]
    assert rows[0]["until"] == "2100-01-01T05:00:00.000000Z"  # the end of the day in New York


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--days", "3"), "Say one thing to mute"),
        (("--security", "COIN", "--fund", "ARKF", "--days", "3"), "Say one thing to mute"),
        (("--security", "COIN"), "Say when the mute ends"),
        (("--security", "COIN", "--days", "3", "--until", "2099-01-01"), "Say when the mute ends"),
        (("--security", "COIN", "--until", "2020-01-01"), "is over"),
        (("--security", "NOSUCH", "--days", "3"), "No security"),
        (("--fund", "ARKX", "--days", "3"), "No fund"),
        (("--kind", "EXITS", "--days", "3"), "Did you mean EXITED?"),
        (("--security", "COIN", "--days", "3", "--channel", "nowhere"), "There is no channel"),
    ],
)
def test_a_mute_that_is_not_clear_is_refused(
    run: Run, sqlite_story: Path, config: Path, arguments: tuple[str, ...], words: str
) -> None:
    refused = run("mute", "add", *arguments, "--db", sqlite_story, "--config", config)
    assert refused.code == 2
    assert words in refused.err


def test_mutes_of_the_configuration_are_listed_with_the_others(run: Run, sqlite_story: Path, tmp_path: Path) -> None:
    file = tmp_path / "mutes.toml"
    file.write_text(
        '[[mutes]]\nkinds = ["ROLLED"]\nuntil = 2020-01-01\n[[mutes]]\nsecurities = ["COIN"]\nuntil = 2099-01-01\n'
        + CHANNELS,
        encoding="utf-8",
    )
    place = ("--db", sqlite_story, "--config", file, "--format", "json")
    assert [row["label"] for row in run("mute", "list", *place).rows] == ["COIN"]
    assert [row["state"] for row in run("mute", "list", "--all", *place).rows] == ["over", "in force"]


def test_lines_that_wait_are_planned_and_go_with_the_digest(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text('[alerts]\nmin_severity = "high"\n' + CHANNELS.split("[channels.desk]")[0], encoding="utf-8")
    files = tmp_path / "files"
    files.mkdir()
    for day in DAYS[:4]:
        (files / f"ARKF_{day}.csv").write_text(body("ARKF", day), encoding="utf-8")
    place = ("--config", config, "--db", tmp_path / "x.db")
    assert run("ingest", files, "--source", "ark", "--alert", "--at", "2022-01-06T15:00:00Z", *place).code == 0
    lines = run("alerts", "list", "--state", "waiting", *place, "--format", "json").rows
    (line,) = [one for one in lines if "COINBASE" in one["headline"]]
    assert (line["channel"], line["cadence"], line["due_at"]) == ("log", "daily", "2022-01-06T23:00:00.000000Z")
    status = run("status", *place, "--format", "json").rows
    assert [row["state"] for row in status if row["what"] == "deliveries"] == ["due"]  # it is long after 2022
    later = run("ingest", files, "--source", "ark", "--alert", "--at", "2022-01-06T23:00:00Z", *place)
    assert "1 message sent" in later.err
    (message,) = [json.loads(text) for text in Path("alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert f"Daily digest: {len(lines)} change" in json.dumps(message)
    (sent,) = run("alerts", "list", "--item", line["item"], *place, "--format", "json").rows
    assert (sent["form"], sent["state"]) == ("digest", "sent")
