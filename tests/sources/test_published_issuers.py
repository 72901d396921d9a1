"""Real files of issuers besides ARK, where they are at hand: each is read as the table here says.

One row for each file, by issuer; a series is one row for all its days. Add the rows of an issuer where it stands.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.core.errors import ParseError
from monitor.core.identity import positions_of
from monitor.core.model import HoldingsFile
from monitor.sources import registry
from monitor.sources.read import fund_of, read_files

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "issuers"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published files (../shared/data/issuers) are not here")
SOURCES = registry.load()


@dataclass(frozen=True)
class Known:
    """One file and what must be read in it. `weights` and `values` are sums over the lines (None: not printed or not
    checked), `classes` counts positions by class, `ids` are keys that must be among the positions, `shares` the
    quantities of some keys with their sign. `many`: the file lists other funds besides."""

    path: str
    source: str
    fund: str
    as_of: date
    lines: int
    unread: int = 0
    weights: str | None = None
    values: str | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    shares: Mapping[str, str] = field(default_factory=dict)
    announced: date | None = None
    name: str = ""  # what the file is called where its own name says too little
    dated_by: str = "file"
    many: bool = False


KNOWN = (
    # The Filepoint family
    Known(
        "raw/tidal_spfunds/TidalFG_Holdings_SPUS.csv",
        "spfunds",
        "SPUS",
        date(2025, 10, 31),
        lines=214,
        weights="100.02",
        values="1813148878.32",
        classes={"equity": 212, "cash": 1, "right": 1},
        ids=("cusip:67066G104", "cusip:037833100", "cusip:594918104", "cash:CASH&OTHER"),
        shares={"cusip:67066G104": "1340263", "local:SPUS:003654100CVR": "405"},
    ),
    Known(
        "series/tidal_unlimited/HFMF/2026-06-12.csv",
        "unlimited",
        "HFMF",
        date(2026, 6, 12),
        lines=14,
        classes={"future": 12, "cash": 2},  # its weights are empty
        ids=("cash:31846V336", "cash:CASH&OTHER"),
        shares={"future:JY CURNCY": "-90", "future:SB COMDTY": "103"},
    ),
    # Of iShares: a workbook that is XML, and a list printed twice with other quantities
    Known(
        "raw/ishares/iShares-Core-SP-500-ETF_fund.xls",
        "ishares-us",
        "IVV",
        date(2022, 5, 11),
        lines=508,
        weights="99.99996",
        values="279128758271.12",
        classes={"equity": 504, "cash": 3, "future": 1},
        ids=("venue:US:AAPL", "venue:US:UA", "venue:US:UAA"),
        shares={"venue:US:AAPL": "129669488"},
    ),
    Known(
        "raw/ishares/IShares_HEWU_holdings_20230121.csv",
        "ishares-us",
        "HEWU",
        date(2023, 1, 20),
        lines=6,
        weights="100.00",
        values="14220570.81",
        classes={"cash": 2, "future": 1, "equity": 1},
        ids=("cash:GBP CASH", "cash:USD CASH"),
        shares={"venue:US:EWU": "445385.00", "forward:GBP/USD": "-11375000.00"},
    ),
    # Pages of Taiwanese issuers
    Known(
        "raw/tw_fubon/fubon_00405A.html",
        "tw-fubon",
        "00405A",
        date(2026, 7, 7),
        lines=52,
        weights="95.8667",
        values="24382086332",
        classes={"cash": 2, "equity": 50},
        ids=("cash:應收(付)證券款 (TWD)", "cash:現金 (TWD)", "venue:XTAI:8299", "venue:XTAI:8996"),
        shares={"cash:應收(付)證券款 (TWD)": "-1700698170"},
    ),
    Known(
        "raw/tw_mega/mega_00996A.html",
        "tw-mega",
        "00996A",
        date(2026, 7, 8),
        lines=50,
        weights="93.99",
        classes={"equity": 50},
        ids=("venue:XTAI:1303", "venue:XTAI:1802", "venue:XTAI:8046", "venue:XTAI:8210"),
        shares={"venue:XTAI:1303": "140000"},
        announced=date(2026, 7, 9),
    ),
    Known(
        "raw/tw_sinopac/sinopac_00410A_pcf.html",
        "tw-sinopac",
        "00410A",
        date(2026, 8, 5),
        lines=35,
        weights="94.33",
        classes={"equity": 35},
        ids=("venue:XTAI:1303", "venue:XTAI:1519", "venue:XTAI:8358", "venue:XTAI:8996"),
        shares={"venue:XTAI:1303": "200000"},
        announced=date(2026, 8, 6),
    ),
    Known(
        "raw/tw_tsit/tsit_00986A.html",
        "tw-tsit",
        "00986A",
        date(2026, 7, 2),
        lines=33,
        weights="100.0046",
        values="50592780",
        classes={"cash": 1, "equity": 32},
        ids=("cash:流動資產", "venue:FP:SU", "venue:US:WMT", "venue:XTAI:2330"),
        shares={"cash:流動資產": "50592780"},
        announced=date(2026, 7, 7),
    ),
    Known(
        "raw/tw_tsit/tsit_00987A.html",
        "tw-tsit",
        "00987A",
        date(2026, 7, 6),
        lines=29,
        weights="99.9955",
        values="111982378",
        classes={"cash": 1, "equity": 28},
        ids=("cash:流動資產", "venue:XTAI:2327", "venue:XTAI:8358", "venue:XTAI:8996"),
        shares={"cash:流動資產": "111982378"},
        announced=date(2026, 7, 7),
    ),
    Known(
        "raw/tw_moneydj/moneydj_00980A_sample.html",
        "tw-moneydj",
        "00980A",
        date(2026, 6, 18),
        lines=44,
        weights="89.07",
        classes={"equity": 44},
        ids=("venue:XTAI:2059", "venue:XTAI:2308", "venue:XTAI:8299", "venue:XTAI:8996"),
        shares={"venue:XTAI:2059": "110000"},
    ),
)


def _read(known: Known) -> HoldingsFile:
    path = DATA / known.path
    if not path.exists():
        pytest.skip(f"{known.path} is not here")
    source = SOURCES[known.source]
    files = read_files(source, path.read_bytes(), name=known.name or path.name)
    assert known.many or len(files) == 1
    return next(file for file in files if fund_of(source, file, known.name or path.name) == known.fund)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.path)
def test_a_published_file_is_read_as_known(known: Known) -> None:
    file = _read(known)
    assert (file.as_of, len(file.lines), len(file.unread)) == (known.as_of, known.lines, known.unread), file.unread
    assert (file.announced, file.dated_by) == (known.announced, known.dated_by)
    if known.weights is not None:
        assert str(sum((line.weight or Decimal(0) for line in file.lines), Decimal(0))) == known.weights
    if known.values is not None:
        assert str(sum((line.value or Decimal(0) for line in file.lines), Decimal(0))) == known.values
    positions = {position.key: position for position in positions_of(known.fund, file.lines, file.net_assets)}
    if known.classes:
        assert dict(Counter(position.asset_class.value for position in positions.values())) == dict(known.classes)
    assert set(known.ids) <= set(positions)
    assert {key: str(positions[key].shares) for key in known.shares} == dict(known.shares)


@pytest.mark.parametrize(
    ("path", "source", "code"),
    [("raw/tw_tsit/tsit_00987A_tbody_header.html", "tw-tsit", "as_of")],  # a piece of a page, without its date
)
def test_a_published_file_that_cannot_be_read_is_refused(path: str, source: str, code: str) -> None:
    if not (DATA / path).exists():
        pytest.skip(f"{path} is not here")
    with pytest.raises(ParseError) as caught:
        read_files(SOURCES[source], (DATA / path).read_bytes(), name=path)
    assert caught.value.code == code


@dataclass(frozen=True)
class Series:
    """A folder of daily files of one fund. `unread`, `warned`: how many files may have such; `classes` are those that
    may occur; `weights` bounds the sums of the weights of a file."""

    path: str
    source: str
    fund: str
    files: int
    classes: frozenset[str]
    weights: tuple[int, int] = (97, 103)
    unread: int = 0
    warned: int = 0


SERIES = (
    Series("series/tidal_unlimited/HFMF", "unlimited", "HFMF", 67, frozenset({"future", "cash"}), (0, 0)),
    Series("series/tidal_unlimited/HFND", "unlimited", "HFND", 67, frozenset({"equity", "future", "cash"}), (0, 0)),
    Series("series/pacer/COWZ", "pacer", "COWZ", 63, frozenset({"equity", "cash"})),
    Series("series/alphaarchitect/IMOM", "alphaarchitect", "IMOM", 63, frozenset({"equity", "cash"})),
)


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.path)
def test_every_day_of_a_series_is_read(series: Series) -> None:
    paths = sorted((DATA / series.path).glob("*.*"))
    if not paths:
        pytest.skip(f"{series.path} is not here")
    source = SOURCES[series.source]
    wrong, unread, warned = [], 0, 0
    seen: set[str] = set()
    for path in paths:
        (file,) = read_files(source, path.read_bytes(), name=str(path))
        unread, warned = unread + bool(file.unread), warned + bool(file.warnings)
        seen |= {position.asset_class.value for position in positions_of(series.fund, file.lines, file.net_assets)}
        weights = sum((line.weight or Decimal(0) for line in file.lines), Decimal(0))
        if fund_of(source, file, str(path)) != series.fund or not series.weights[0] <= weights <= series.weights[1]:
            wrong.append((path.name, file.fund, file.as_of, weights, file.unread, file.warnings))
    assert not wrong
    assert (len(paths), unread, warned) == (series.files, series.unread, series.warned)
    assert seen <= set(series.classes)


@pytest.mark.parametrize("fund", ["HFMF", "HFND"])
def test_every_row_of_a_series_is_a_line(fund: str) -> None:
    for path in sorted((DATA / "series/tidal_unlimited" / fund).glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.reader(stream) if any(row)]
        (file,) = read_files(SOURCES["unlimited"], path.read_bytes(), name=path.name)
        assert len(file.lines) == len(rows) - 1
