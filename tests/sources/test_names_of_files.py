"""What the name of a file says of its fund where the file itself does not."""

from pathlib import Path

import pytest

from monitor.core.identity import positions_of
from monitor.core.model import AssetClass, Line
from monitor.sources import registry
from monitor.sources.loading import parse_source
from monitor.sources.naming import funds_named

SOURCES = registry.load()
CALAMOS = (Path(registry.__file__).parent / "issuers" / "calamos.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "name", "fund"),
    [
        ("calamos", "files/CPSTHoldings.xlsx", "CPST"),
        ("calamos", "CPST/2026-03-02.xlsx", "CPST"),
        ("newyorklife", "MIQSU.csv", "IQSU"),
        ("newyorklife", "MMNA.csv", "MNA"),
        ("advisorshares", "AdvisorShares_HDGE_Holdings_File.csv", "HDGE"),
        ("graniteshares", "tsdd_holdings_file_20260303.xls", "TSDD"),
        ("flexshares", "guns-holdings.csv", "GUNS"),
        ("mainmanagement", "download-sect.csv", "SECT"),
    ],
)
def test_the_code_of_a_fund_is_found_where_it_does_not_stand_alone(source: str, name: str, fund: str) -> None:
    assert funds_named(SOURCES[source], name) == {fund}


def test_how_it_is_found_must_be_one_group() -> None:
    text = CALAMOS.replace('in_name = "^([A-Z]{3,5})HOLDINGS"', 'in_name = "^[A-Z]{3,5}HOLDINGS"')
    found, faults = parse_source(text, "calamos.toml")
    assert found is None
    assert faults == ["calamos.toml: other_funds.in_name: must have one group: the code of the fund"]


@pytest.mark.parametrize(
    ("name", "ticker", "stated", "key"),
    [
        ("VIX US 07/22/26 C30", "", AssetClass.OPTION, "option:VIX:CALL"),
        ("4NDX US 09/18/26 P2250 FLX", "", AssetClass.OPTION, "option:NDX:PUT"),
        ("Lark Long Call Option", "4SPY 270430 C 4.96", AssetClass.OPTION, "option:SPY:CALL"),
        ("VIX US 07/22/26 C30", "LARK", AssetClass.EQUITY, "ticker:AAAA:LARK"),  # the ticker is the better witness
    ],
)
def test_a_contract_may_be_named_by_its_name_alone(name: str, ticker: str, stated: AssetClass, key: str) -> None:
    (position,) = positions_of("AAAA", [Line(2, name, ticker, "", None, None, None)])
    assert (position.asset_class, position.key) == (stated, key)
