"""Funds, issuers, coverage, and what a text may mean, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import QUILL, Row, cusip, file, load, portfolio, session

HOSTILE = Row('<script>alert("x")</script> & =cmd()', "+ODD", cusip("99999X1A"), 20_000)
NAMESAKE = Row("QUILLFEATHER HOLDINGS", "QLNX", cusip("88888Q1A"), 20_000)


def story(engine: Engine) -> None:
    files = [file("LANA", n, portfolio(QUILL, HOSTILE, NAMESAKE)) for n in range(3)]
    load(engine, [*files, file("LANB", 0, portfolio(QUILL)), file("LANB", 2, portfolio(QUILL))])


def test_funds_and_issuers_say_how_far_their_files_reach(stage: Engine) -> None:
    story(stage)
    rows = answered(stage, "funds", issuer="lantern")
    assert part(rows, "fund", "first_file", "last_file", "files") == [
        ("LANA", str(session(0)), str(session(2)), 3),
        ("LANB", str(session(0)), str(session(2)), 2),
    ]
    assert all(row["positions"] > 8 and row["value"] > 0 for row in rows)
    assert cited(stage, "funds") == [(of, session(n)) for of in ("LANA", "LANB") for n in (0, 2)]
    (issuer,) = answered(stage, "issuers")
    assert (issuer["issuer"], issuer["fund_count"], issuer["files"]) == ("lantern", 2, 5)
    (lanb,) = answered(stage, "coverage", fund="LANB")
    assert (lanb["issuer"], lanb["sessions"], lanb["files"], len(lanb["gaps"])) == ("lantern", 3, 2, 1)
    assert answered(stage, "coverage", issuer="lantern")[1] == lanb


@pytest.mark.parametrize(
    ("text", "first", "why"),
    [
        ("lana", ("fund", "LANA"), "fund LANA"),
        ("lantern/LANB", ("fund", "LANB"), "fund LANB"),
        ("qln", ("security", "QLN"), "ticker QLN"),
        (QUILL.identifier, ("security", "QLN"), f"CUSIP {QUILL.identifier}"),
        (QUILL.name.lower(), ("security", "QLN"), f"name {QUILL.name}"),
        ("feather", ("security", "QLNX"), "name QUILLFEATHER HOLDINGS"),
        ("  lantern ", ("issuer", None), "issuer lantern"),
        ("=cmd()", ("security", "+ODD"), f"name {HOSTILE.name}"),
    ],
)
def test_search_finds_the_likeliest_first_and_says_why(
    stage: Engine, text: str, first: tuple[str, str | None], why: str
) -> None:
    story(stage)
    best = answered(stage, "search", text=text)[0]
    assert (best["what"], best["ticker"], best["why"]) == (*first, why)


def test_a_ticker_comes_before_those_that_begin_with_it_and_the_list_is_bounded(stage: Engine) -> None:
    story(stage)
    rows = answered(stage, "search", text="QLN")
    assert part(rows, "ticker", "fund_count") == [("QLN", 2), ("QLNX", 1)]
    assert len(answered(stage, "search", text="QLN", limit="1")) == 1
    for nothing in ("zzz", "%", "_", "'; DROP TABLE holding; --", "é" * 299):
        assert answered(stage, "search", text=nothing) == []


def test_a_former_name_finds_the_position_once(stage: Engine) -> None:
    renamed = replace(QUILL, name="VELLUM INC", ticker="VLM", identifier="55501A989")
    load(stage, [file("LANA", 0, portfolio(QUILL)), file("LANA", 1, portfolio(renamed))])
    (old,) = (one for one in answered(stage, "search", text="QLN") if one["what"] == "security")
    assert old["fund_count"] == 1
