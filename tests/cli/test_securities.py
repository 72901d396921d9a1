"""What a security is called, and the operator's word on identities, through the command line on both databases."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run
from tests.cli.look_alike import BLOCK, COINBASE


def test_a_security_is_shown_with_all_it_was_called(run: Run, story: str) -> None:
    (found,) = run("securities", "show", "SQ", "--format", "json", "--db", story).rows
    assert list(found) == ["identities", "names", "links", "splits", "operator"]
    assert [(one["key"], one["name"], one["ticker"]) for one in found["identities"]] == [
        (f"cusip:{BLOCK}", "BLOCK INC", "SQ")
    ]
    said = {(one["kind"], one["value"], one["fund"], one["valid_from"], one["valid_to"]) for one in found["names"]}
    assert said == {
        ("cusip", BLOCK, "ARKF", "2022-01-03", "2022-01-10"),
        ("name", "BLOCK INC", "ARKF", "2022-01-03", "2022-01-10"),
        ("ticker", "SQ", "ARKF", "2022-01-03", "2022-01-10"),
    }
    out = run("securities", "show", BLOCK, "--db", story).out
    assert f"cusip:{BLOCK}  equity  BLOCK INC (SQ)" in out
    assert "ticker SQ: ARKF 2022-01-03 … 2022-01-10" in out
    assert "valid_from" in run("securities", "show", "SQ", "--format", "csv", "--db", story).out


def test_an_operator_links_and_cuts(run: Run, own_story: str) -> None:
    linked = run("securities", "link", BLOCK, COINBASE, "--fund", "ARKF", "--why", "a test", "--db", own_story)
    assert linked.code == 0, linked.err
    assert f"cusip:{COINBASE} continues cusip:{BLOCK} from files dated 2022-01-06 on." in linked.out
    assert "gone" in linked.out
    (found,) = run("securities", "show", BLOCK, "--format", "json", "--db", own_story).rows
    assert [(one["fund"], one["rule"], one["confidence"]) for one in found["links"]] == [
        ("ARKF", "operator", "operator")
    ]
    assert [(one["verb"], one["fund"], one["note"]) for one in found["operator"]] == [("link", "ARKF", "a test")]
    assert "operators said" in run("securities", "show", BLOCK, "--db", own_story).out
    assert "EXITED" not in run("changes", "--security", BLOCK, "--fund", "ARKF", "--db", own_story).out
    run("db", "rebuild", "--db", own_story)
    assert len(run("securities", "show", BLOCK, "--format", "json", "--db", own_story).rows[0]["links"]) == 1
    undone = run("securities", "cut", BLOCK, COINBASE, "--db", own_story)
    assert undone.code == 0, undone.err
    assert "EXITED" in undone.out
    assert run("securities", "show", BLOCK, "--format", "json", "--db", own_story).rows[0]["links"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "NOBODY"], "No security 'NOBODY'"),
        (["link", BLOCK, "NOBODY"], "No security 'NOBODY'"),
        (["link", BLOCK, BLOCK], "are one identity"),
        (["link", "INC", BLOCK], "Say which one by its id"),
        (["link", COINBASE, BLOCK], "Nothing would change"),
        (["link", BLOCK, COINBASE, "--fund", "ARKW"], "No fund ARKW has listed both"),
        (["link", BLOCK, COINBASE, "--on", "soon"], "is no date"),
        (["cut", BLOCK, COINBASE], "No link leads from"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, own_story: str, arguments: list[str], words: str) -> None:
    answer = run("securities", *arguments, "--db", own_story)
    assert answer.code == 2
    assert words in answer.err
    assert answer.out == ""
