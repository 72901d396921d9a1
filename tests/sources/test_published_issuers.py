"""Real files of issuers besides ARK, where they are at hand: each is read as the table here says.

One row for each file, by issuer; a series is one row for all its days. Add the rows of an issuer where it stands.
"""

from __future__ import annotations

import csv
import io
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
    # iShares
    Known(
        "raw/ishares/IShares_IVV_holdings_20221230_resp.csv",
        "ishares-us",
        "IVV",
        date(2022, 12, 30),
        lines=508,
        weights="100.02",
        values="289404832046.65",
        classes={"equity": 503, "cash": 4, "future": 1},
        ids=("venue:US:AAPL", "venue:US:JPM", "cash:USD CASH"),
        shares={
            "venue:US:AAPL": "134286316.00",
            "future:ES": "4356.00",
            "cash:ETD USD BALANCE WITH R93531": "-2227332.00",
        },
    ),
    Known(
        "raw/ishares/IVV_holdings_2025-11.csv",
        "ishares-us",
        "IVV",
        date(2025, 11, 18),
        lines=508,
        weights="99.92",
        values="704437821694.57",
        classes={"equity": 503, "cash": 4, "future": 1},
        shares={"venue:US:JPM": "34246367.00", "cash:CASH COLLATERAL USD JPM": "21.00", "future:ES": "4816.00"},
    ),
    Known(
        "raw/ishares/ACWI_holdings.csv",
        "ishares-us",
        "ACWI",
        date(2022, 3, 10),
        lines=2369,
        weights="99.89",
        classes={"equity": 2325, "right": 2, "cash": 39, "future": 3},
        ids=(
            "venue:US:TEL",
            "venue:NO:TEL",
            "venue:PM:TEL",
            "venue:FP:AC",
            "venue:CN:AC",
            "venue:PM:AC",
            "venue:GR:MRK",
        ),
    ),
    Known(
        "raw/ishares/IShares_HEWU_holdings_20230121.csv",
        "ishares-us",
        "HEWU",
        date(2023, 1, 20),
        lines=6,  # the table is printed twice
        weights="100.00",
        classes={"equity": 1, "cash": 2, "future": 1},
        shares={"venue:US:EWU": "445385.00", "forward:GBP/USD": "-11375000.00"},
    ),
    Known(
        "raw/ishares/EEM_holdings.csv",
        "ishares-us",
        "EEM",
        date(2022, 8, 3),
        lines=1237,
        name="EEM_2022-08-03.csv",  # the file itself says no date
        dated_by="name",
        ids=("venue:HK:1211", "venue:AB:1211", "venue:AB:2010", "venue:CH:002010", "venue:XKRX:000270", "venue:HK:270"),
    ),
    Known(
        "raw/ishares/LQD_holdings.csv",
        "ishares-us",
        "LQD",
        date(2025, 12, 3),
        lines=3004,
        name="LQD_2025-12-03.csv",
        dated_by="name",
        weights="100.01",
        classes={"bond": 3002, "cash": 2},
        ids=("cusip:03522AAJ9", "cusip:126650CZ1"),
    ),
    Known(
        "raw/ishares_ucits_de/EUNL_holdings.csv",
        "ishares-de",
        "EUNL",
        date(2026, 1, 20),
        lines=1338,
        weights="100.00",
        values="131728931753.65",
        classes={"equity": 1317, "cash": 17, "future": 4},
        shares={"venue:US:NVDA": "38371210.00", "future:ES": "1353.00", "cash:NZD CASH": "2906700.00"},
    ),
    # State Street
    Known(
        "raw/spdr/SSGA_SPY_holdings_20230110_resp.xlsx",
        "spdr",
        "SPY",
        date(2023, 1, 10),
        lines=504,
        unread=1,  # a row DUMMY
        weights="99.999959",
        classes={"equity": 503, "cash": 1},
        shares={"cusip:037833100": "166212290.000", "cash:CASH_USD": "209914510.000"},
    ),
    Known(
        "raw/spdr/holdings-daily-us-en-spy_2025-11.xlsx",
        "spdr",
        "SPY",
        date(2025, 11, 18),
        lines=504,
        weights="99.951485",
        classes={"equity": 503, "cash": 1},
        shares={"cusip:037833100": "178696715"},
    ),
    # Invesco
    Known(
        "raw/invesco/QQQ_holdings_2018-05-14_old_format.csv",
        "invesco",
        "QQQ",
        date(2018, 5, 14),
        lines=103,
        weights="100.000",
        values="64764033828.84",
        classes={"equity": 103},
        ids=("cusip:023135106",),
    ),
    Known(
        "raw/invesco/Invesco_QQQ_holdings_20230113.csv",
        "invesco",
        "QQQ",
        date(2023, 1, 13),
        lines=101,
        weights="100.004",
        classes={"equity": 101},
        shares={"cusip:594918104": "74336015"},
    ),
    Known(
        "raw/invesco/invesco_semiconductors_etf-Complete_Holdings.csv",
        "invesco",
        "PSI",
        date(2026, 8, 28),  # a comment below the table
        lines=33,
        weights="100.01",
        values="2379166814.32",
        classes={"equity": 30, "cash": 3},
        shares={"cusip:595112103": "163414.00"},
    ),
    # Global X, ProShares, Tema, Roundhill's export
    Known(
        "raw/globalx/aiq_full-holdings_20260828.excerpt.csv",
        "globalx",
        "AIQ",
        date(2026, 8, 28),
        lines=23,
        weights="19.32",
        classes={"equity": 15, "cash": 8},
        shares={"sedol:BMMV2K8": "4889118.00", "cash:OTHER PAYABLE & RECEIVABLES": "-842819.19"},
    ),
    Known(
        "raw/proshares/NOBL-psdlyhld.csv",
        "proshares",
        "NOBL",
        date(2021, 4, 1),
        lines=66,
        values="7856022730.10",
        classes={"equity": 65, "cash": 1},
        shares={"sedol:2651086": "2044193", "cash:NET OTHER ASSETS / CASH": "16133425.46"},
    ),
    Known(
        "raw/tema/NASA-holdings-08282026.csv",
        "tema",
        "NASA",
        date(2026, 8, 28),
        lines=37,
        weights="100.00000000",
        classes={"equity": 36, "cash": 1},
        shares={"local:NASA:SPACEX SPV": "1291141.21", "venue:XTAI:3491": "1139153", "cusip:773121108": "1618266"},
    ),
    Known(
        "raw/roundhill/CHAT_ETF_Holdings_08-30-2026.csv",
        "roundhill",
        "CHAT",
        date(2026, 8, 28),  # the session before the Sunday in its name
        lines=53,
        dated_by="fetched",
        weights="99.99",
        classes={"equity": 47, "cash": 6},
        shares={"sedol:6450267": "64301", "cash:CASHEUR": "-6933433"},
    ),
    # Cathay and J.P. Morgan in Taiwan
    Known(
        "raw/tw_cathay/cathay_00400A.xlsx",
        "tw-cathay",
        "00400A",
        date(2026, 7, 8),
        lines=59,
        weights="91.96",
        classes={"equity": 57, "cash": 2},
        shares={"venue:XTAI:2330": "928000", "cash:現金": "2121370917", "cash:申贖應付款": "-53630824"},
    ),
    Known(
        "raw/tw_jpm/jpm_00401A.xlsx",
        "tw-jpm",
        "00401A",
        date(2026, 7, 9),
        lines=69,
        values="3166493650",
        classes={"equity": 65, "right": 1, "future": 1, "option": 1},
        shares={"isin:TW0002330008": "121000", "option:TWSE:CALL": "-344", "future:FT INDEX": "25"},
    ),
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
    # Services that answer JSON
    Known(
        "raw/vanguard/Vanguard_VOO_holdings_20221130_resp.json",
        "vanguard",
        "VOO",
        date(2022, 11, 30),
        lines=506,
        weights="99.9937881896",
        values="792059207798.11",
        classes={"cash": 2, "equity": 503, "future": 1},
        ids=(
            "cusip:037833100",
            "cusip:526057302",
        ),
        shares={"cusip:037833100": "346134676.0", "future:ES": "19501.0", "cash:CMT001142": "3110705258.28"},
    ),
    Known(
        "raw/tw_uni/uni_00981A.json",
        "ezmoney",
        "00981A",
        date(2026, 7, 8),
        lines=50,
        weights="96.19",
        values="263042967800.00",
        classes={"equity": 50},
        ids=(
            "venue:XTAI:2330",
            "venue:XTAI:2481",
        ),
        shares={"venue:XTAI:2330": "11960000.0", "venue:XTAI:2317": "1000.0"},
        announced=date(2026, 7, 9),
    ),
    Known(
        "raw/tw_allianz/allianz_00984A.json",
        "tw-allianz",
        "00984A",
        date(2026, 7, 8),
        lines=120,
        weights="98.45",
        classes={"future": 1, "equity": 119},
        ids=(
            "venue:XTAI:2330",
            "venue:XTAI:6592",
        ),
        shares={"venue:XTAI:2330": "108000", "future:TX": "19"},
        announced=date(2026, 7, 9),
    ),
    Known(
        "raw/tw_nomura/nomura_00980A.json",
        "tw-nomura",
        "00980A",
        date(2026, 7, 6),
        lines=49,
        weights="97.66000",
        classes={"future": 1, "equity": 48},
        ids=(
            "venue:XTAI:2330",
            "venue:XTAI:3533",
        ),
        shares={"venue:XTAI:2330": "634000", "future:TX": "120"},
        announced=date(2026, 7, 7),
    ),
    Known(
        "raw/tw_capital/capital_00992A.json",
        "tw-capital",
        "00992A",
        date(2026, 7, 3),
        lines=38,
        weights="97.6591",
        values="1027190852.00",
        classes={"cash": 3, "equity": 35},
        ids=(
            "venue:XTAI:2330",
            "venue:XTAI:3491",
        ),
        shares={"venue:XTAI:2330": "1406000.0", "cash:現金": "1353021174.00", "cash:應付贖回款": "-721506452.00"},
        announced=date(2026, 7, 6),
    ),
    Known(
        "raw/tw_ctbc/ctbc_00406A.json",
        "tw-ctbc",
        "00406A",
        date(2026, 7, 8),
        lines=56,
        weights="105.70",
        values="11521515484.00",
        classes={"cash": 3, "future": 1, "option": 2, "equity": 50},
        ids=(
            "venue:XTAI:2330",
            "venue:XTAI:6488",
        ),
        shares={
            "venue:XTAI:2330": "273000.00",
            "future:TX": "185.00",
            "cash:保證金": "853020714.00",
            "option:00406A:臺指選擇權": "-500.00",
        },
        announced=date(2026, 7, 9),
    ),
    Known(
        "raw/tw_yuanta/yuanta_00990A.json",
        "tw-yuanta",
        "00990A",
        date(2026, 7, 8),
        lines=51,
        weights="97.8491",
        values="2169638671.26",
        classes={"cash": 4, "equity": 46},
        ids=(
            "venue:US:AMD",
            "venue:XKRX:000660",
            "venue:GR:IFX",
            "venue:JP:285A",
            "venue:XTAI:2330",
        ),
        shares={"venue:US:AMD": "163179.0", "cash:應付申購預收款": "-111262484.0"},
        announced=date(2026, 7, 10),
    ),
    Known(
        "raw/tw_ab/ab_00404A.json",
        "tw-ab",
        "00404A",
        date(2026, 7, 8),
        lines=56,
        weights="105.92051284",
        values="3865932934.999999997000000",
        classes={"cash": 3, "future": 1, "option": 1, "equity": 50},
        ids=(
            "venue:XTAI:6121",
            "venue:XTAI:6531",
        ),
        shares={
            "venue:XTAI:2303": "532000.0",
            "future:00404A:臺股期貨": "62.0",
            "option:00404A:臺指選擇權:CALL": "-357.0",
            "cash:HOLDINGS-SECTION-REDEMPTION": "-45219702.000000000000000",
        },
    ),
    # Filings with the SEC
    Known(
        "raw/sec_nport/NPORT.Dupree.xml",
        "sec-nport",
        "S000012000",
        date(2022, 12, 31),
        lines=55,
        weights="97.8357898155",
        values="40455026.70",
        classes={"bond": 55},
        ids=(
            "cusip:49151FGH7",
            "cusip:914391V61",
        ),
        shares={"cusip:49151FGH7": "755000"},
        announced=date(2023, 1, 31),
    ),
    Known(
        "raw/sec_nport/nport_samples_N-PORT_Sample_1.xml",
        "sec-nport",
        "S000002112",
        date(2017, 10, 22),
        lines=1,
        weights="0.17",
        values="1134",
        classes={"equity": 1},
        ids=("local:S000002112:379006355",),
        shares={"local:S000002112:379006355": "189"},
        announced=date(2001, 1, 1),
    ),
    Known(
        "raw/sec_nport/nport_samples_N-PORT_Sample_2.xml",
        "sec-nport",
        "0000350001",
        date(2012, 1, 5),
        lines=1,
        weights="0.17",
        values="1134",
        classes={"equity": 1},
        ids=("local:0000350001:379006355",),
        shares={},
        announced=date(2001, 1, 1),
    ),
    Known(
        "raw/sec_nport/nport_samples_N-PORT_Sample_3.xml",
        "sec-nport",
        "S000014703",
        date(2017, 7, 1),
        lines=1,
        weights="0",
        values="0",
        classes={"future": 1},
        ids=(),
        shares={},
        announced=date(2001, 1, 1),
    ),
    Known(
        "raw/sec_nport/nport_samples_NPORT_Sample_7.xml",
        "sec-nport",
        "S000013795",
        date(2023, 3, 31),
        lines=1685,
        weights="103.932389155644",
        values="376129711.56000000",
        classes={"cash": 2, "bond": 891, "equity": 2, "future": 66, "option": 130, "swap": 76},
        ids=(
            "cusip:3138W7WP5",
            "isin:XS0294364954",
        ),
        shares={"future:US COMDTY": "77.00000000", "cusip:92206C870": "37398.00000000"},
        announced=date(2023, 5, 1),
    ),
    Known(
        "raw/sec_13f/13F-HR.infotable.xml",
        "sec-13f",
        "0001978011",
        date(2022, 12, 31),
        lines=255,
        values="350153407",
        classes={"equity": 252, "bond": 3},
        ids=(
            "cusip:88579Y101",
            "cusip:98980L101",
        ),
        shares={"cusip:88579Y101": "2334"},
        name="0001978011_2022-12-31.xml",
        dated_by="name",
    ),
    Known(
        "raw/sec_13f/form.13FHR.xml",
        "sec-13f",
        "0001234567",
        date(2023, 3, 31),
        lines=375,
        values="141011326",
        classes={"equity": 375},
        ids=(
            "cusip:001055102",
            "cusip:N6596X109",
        ),
        shares={"cusip:001055102": "81"},
        name="0001234567_2023-03-31.xml",
        dated_by="name",
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


@pytest.mark.parametrize(
    ("path", "source", "code"),
    [
        ("raw/vanguard/vanguard_voo_test.json", "vanguard", "json"),
        ("raw/sec_13f/abacus.13F-HR.primarydoc.xml", "sec-13f", "rows"),
        ("raw/sec_13f/metlife.13F-HR.primarydoc.xml", "sec-13f", "rows"),
    ],
)
def test_what_is_no_list_of_holdings_is_refused(path: str, source: str, code: str) -> None:
    whole = DATA / path
    if not whole.exists():
        pytest.skip(f"{path} is not here")
    with pytest.raises(ParseError) as refused:
        read_files(SOURCES[source], whole.read_bytes(), name=whole.name)
    assert refused.value.code == code


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
    Series("series/firsttrust/FPXI", "firsttrust", "FPXI", 64, frozenset({"equity", "cash"})),
    Series(
        "series/samsungactive_kr/KoAct_USNasdaqGrowth_0015B0",
        "samsungactive",
        "0015B0",
        330,
        frozenset({"equity", "cash"}),
    ),
    Series(
        "series/timefolio_kr/TIME_NASDAQ100_ACTIVE",
        "timefolio",
        "TIME_NASDAQ100_ACTIVE",
        101,
        frozenset({"equity", "future", "cash"}),
    ),
    Series("series/tidal_unlimited/HFMF", "unlimited", "HFMF", 67, frozenset({"future", "cash"}), (0, 0)),
    Series("series/tidal_unlimited/HFND", "unlimited", "HFND", 67, frozenset({"equity", "future", "cash"}), (0, 0)),
    Series("series/pacer/COWZ", "pacer", "COWZ", 63, frozenset({"equity", "cash"})),
    Series("series/spdr/PRIV", "spdr", "PRIV", 114, frozenset({"bond", "future", "cash"})),
    Series("series/spdr/PRIV_xlsx", "spdr", "PRIV", 10, frozenset({"bond", "future", "cash"})),
    # The list of 2026-02-13 has ten rows: half of the fund.
    Series("series/invesco/SPMO", "invesco", "SPMO", 61, frozenset({"equity", "cash"}), (50, 103)),
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


REFUSED = (
    # Copies that have lost the rows above the table, whose names say no date either.
    ("raw/ishares/EEM_holdings.csv", "ishares-us", "as_of"),
    ("raw/ishares/LQD_holdings.csv", "ishares-us", "as_of"),
    # Compilations of the first rows of hundreds of files.
    ("raw/japan_pcf/base_info_2025-12-04.csv", "tokyo-pcf", "columns"),
    ("raw/japan_pcf/csv_structure.csv", "tokyo-pcf", "columns"),
)


@pytest.mark.parametrize(("path", "source", "code"), REFUSED)
def test_what_says_no_date_or_is_no_list_is_refused(path: str, source: str, code: str) -> None:
    if not (DATA / path).exists():
        pytest.skip(f"{path} is not here")
    with pytest.raises(ParseError) as caught:
        read_files(SOURCES[source], (DATA / path).read_bytes(), name=Path(path).name)
    assert caught.value.code == code


def test_the_first_rows_of_six_hundred_files_of_tokyo_are_read() -> None:
    path = DATA / "raw/japan_pcf/csv_structure.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    heads: dict[str, list[list[str]]] = {}
    with path.open(newline="", encoding="utf-8-sig") as stream:
        for place, _, *column in list(csv.reader(stream))[1:]:
            heads.setdefault(place, []).append(column)
    wrong, classes = [], Counter[str]()
    for place, columns in heads.items():
        rows = [list(row) for row in zip(*columns, strict=True)]
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        fund = rows[1][0]
        (file,) = read_files(SOURCES["tokyo-pcf"], text.getvalue().encode(), name=place)
        if file.fund != fund or file.as_of.strftime("%Y%m%d") != rows[1][4] or file.unread:
            wrong.append((place, file.fund, file.as_of, file.unread))
        classes.update(position.asset_class.value for position in positions_of(fund, file.lines))
    assert not wrong
    assert len(heads) == 608
    assert set(classes) == {"equity", "bond", "cash", "future", "right"}


ACCOUNTED = [
    known
    for known in KNOWN
    if known.source
    in ("ishares-us", "ishares-de", "invesco", "globalx", "proshares", "tema", "roundhill", "spfunds", "unlimited")
    and known.path.endswith(".csv")
    and known.fund != "HEWU"  # whose second copy of the table is named in a warning
]


@pytest.mark.parametrize("known", ACCOUNTED, ids=lambda known: known.path)
def test_every_row_below_the_header_is_a_line_or_kept_as_unread_or_footer(known: Known) -> None:
    file = _read(known)
    with (DATA / known.path).open(newline="", encoding="utf-8-sig") as stream:
        rows = [[cell.strip() for cell in row] for row in csv.reader(stream)]
    header = next(at for at, row in enumerate(rows) if tuple(row[: len(file.columns)]) == file.columns)
    filled = [row for row in rows[header + 1 :] if any(row)]
    assert len(filled) == len(file.lines) + len(file.unread) + len(file.footer)
    assert [line.row for line in file.lines] == sorted({line.row for line in file.lines})
