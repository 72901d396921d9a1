"""Questions asked of real files, three weeks of one fund. The figures were read in the files by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor import cli


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert cli.run([*words, "--format", "json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_what_is_left_of_concord_and_how_it_was_sold(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data / "ark" / "raw" / "ARKF"
    files = [str(path) for path in sorted(folder.glob("2022-0*.csv")) if "2022-02-14" <= path.stem[:10] <= "2022-03-02"]
    place = ("--db", f"sqlite:///{tmp_path / 'ark.db'}")
    assert cli.run(["ingest", *files, "--source", "ark", *place]) == 0

    (crumb,) = asked(capsys, "crumbs", "--on", "2022-03-01", *place)
    found = (crumb["security"]["ticker"], crumb["shares"], crumb["since"], crumb["peak_shares"])
    assert found == ("CND", 216, "2022-02-24", 349_356)
    sold = [row for row in asked(capsys, "holding-periods", *place) if row["security"]["ticker"] == "CND"]
    assert [(row["open"], row["censored"], row["exit_file"]) for row in sold] == [(False, "left", "2022-02-24")]
    (run,) = asked(capsys, "streaks", "--since", "2022-02-14", "--security", "CND", *place)
    assert (
        run["direction"],
        run["first_file"],
        run["last_file"],
        run["files"],
        run["shares_after"],
        run["running"],
    ) == (
        "sell",
        "2022-02-23",
        "2022-02-28",
        4,
        212,
        False,
    )
    assert -354_000 < run["active_shares"] < -(349_356 - 212)  # creations brought some, which were sold, too
