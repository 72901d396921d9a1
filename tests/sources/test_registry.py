"""What we know about issuers: complete, dated, and every fault named at once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.choosing import find_fund
from monitor.core.errors import ConfigError, UsageError
from monitor.core.model import Convention
from monitor.sources import registry
from monitor.sources.catalogues import read_catalogue
from monitor.sources.forms import Column
from monitor.sources.loading import parse_sources
from monitor.sources.read import read_file
from monitor.sources.spec import FundKind, Source, Url, convention_on

ARK = registry.get("ark")
OWN = """
id = "own"
name = "Own Funds"
shape = "delimited"
currency = "EUR"
calendar = "XETR"
weight_unit = "fraction"
date_format = "YYYY-MM-DD"
delimiter = ";"
[columns]
required = ["date", "name", "shares"]
date = ["as of"]
name = ["holding"]
shares = ["units"]
weight = ["share of fund"]
isin = ["isin"]
[[formats]]
columns = ["As Of", "Holding", "ISIN", "Units", "Share of Fund"]
[[conventions]]
convention = "UNKNOWN"
[[funds]]
ticker = "OWN1"
name = "Own One"
kind = "active"
urls = [{ url = "https://own.example/own1.csv" }]
"""


def own(tmp_path: Path, text: str = OWN, name: str = "own.toml") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def faults(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        registry.load(own(tmp_path, text))
    return str(caught.value)


def test_a_users_folder_adds_a_source_that_reads_its_files(tmp_path: Path) -> None:
    sources = registry.load(own(tmp_path))
    assert {"ark", "own"} <= set(sources)
    file = read_file(
        sources["own"], b"As Of;Holding;ISIN;Units;Share of Fund\n2026-01-05;Lantern;XX0000000000;5;0.25\n"
    )
    (line,) = file.lines
    assert (line.isin, line.shares, line.weight, file.fund, file.warnings) == (
        "XX0000000000", Decimal(5), Decimal("25.00"), "", ()
    )  # fmt: skip


def test_what_a_file_of_ours_describes_is_seen_without_reading_it_as_toml() -> None:
    for path in sorted((Path(registry.__file__).parent / "issuers").glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        found, _ = parse_sources(text, path.name)
        assert registry.ids_in(text) == [source.id for source in found]
    assert len(registry.load()) == len(set(registry.load()))


def test_one_source_is_read_without_the_others() -> None:
    registry._sources_in.cache_clear()
    sources = registry.load()
    assert "ark" in sources
    assert len(sources) > 100
    assert sources["ark"].id == "ark"
    assert find_fund(sources, "ark/arkk") == find_fund(sources, "ARKK") == ("ark", "ARKK")
    assert registry._sources_in.cache_info().currsize < 5


def test_the_file_of_a_source_mentions_its_funds() -> None:
    sources = registry.load()
    for one, source in sources.items():
        assert all(registry.mentions(sources, one, ticker.upper()) for ticker in source.funds)


def test_changed_sources_lie_over_the_others(tmp_path: Path) -> None:
    sources = registry.load(own(tmp_path))
    changed = registry.over(sources, {"ark": sources["own"], "new": sources["own"]})
    assert (changed["ark"], changed["new"], changed["vaneck"].id) == (sources["own"], sources["own"], "vaneck")
    assert list(changed) == [*sources, "new"]
    assert (len(changed), "new" in changed, "nowhere" in changed) == (len(sources) + 1, True, False)
    assert registry.over(sources, {}) is sources


def test_a_users_source_replaces_the_shipped_one_of_the_same_id(tmp_path: Path) -> None:
    assert registry.get("ark", own(tmp_path, OWN.replace('"own"', '"ark"'))).name == "Own Funds"


def test_an_unknown_source_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no source 'arkk'; did you mean 'ark'\? known: .*alphaarchitect, .*ark, "):
        registry.get("arkk")


def test_all_faults_are_named_at_once_with_file_and_key(tmp_path: Path) -> None:
    text = (
        OWN.replace('currency = "EUR"', "currency = 3")
        .replace('weight_unit = "fraction"', 'weight_units = "fraction"')
        .replace('kind = "active"', 'kind = "closed"\nverified = false')
        .replace("https://own.example/own1.csv", "own1.csv")
        .replace('convention = "UNKNOWN"', 'convention = "SOON"\nfunds = ["NOPE"]')
    )
    said = faults(tmp_path, text)
    for part in (
        "own.toml: currency: wanted a currency code like USD, found 3",
        "own.toml: weight_unit: is missing; wanted one of percent, fraction",
        "own.toml: weight_units: is not known; did you mean 'weight_unit'?",
        "own.toml: funds[1].why: is missing",
        "own.toml: funds[1].kind: wanted one of active, index",
        "own.toml: funds[1].urls[1].url: 'own1.csv' is not a web address",
        "own.toml: conventions[1].convention: wanted one of CLOSE, OPEN",
        "own.toml: conventions[1].funds: 'NOPE' is not a fund",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "own"', "id =", "is not TOML"),
        ('"Units"', '"Pieces"', "formats[1].columns: lack the required shares"),
        ('isin = ["isin"]', 'isin = ["units"]', "'units' is given for two columns"),
        ('required = ["date"', 'required = ["when"', "columns.required: 'when' is not a column"),
        ('csv" }]', 'csv" }, { url = "https://own.example/2.csv" }]', "periods overlap"),
        ('csv" }]', 'csv", valid_to = 2020-01-01 }]', "needs an address without valid_to"),
        ('csv" }]', 'csv", valid_from = "2020-01-01" }]', "wanted a date like 2021-03-15 without quotes"),
        ('csv" }]', 'csv", generation = "x" }]', "generation: 'x' is not defined"),
        ('delimiter = ";"', "http.min_interval_seconds = -1", "http.min_interval_seconds: wanted a number from 0"),
        ('delimiter = ";"', 'sniff.error_texts = "x"', "sniff.error_texts: wanted a list of texts"),
        ('delimiter = ";"', "formats2 = 1", "formats2: is not known"),
        (
            'delimiter = ";"',
            'windows = [{ timezone = "Mars/One", first = "25:00", last = "10:00", polls = ["x"] }]',
            "Mars",
        ),
        ('delimiter = ";"', 'resolutions = [{ below = "x" }]', "resolutions[1].below"),
        ('[[funds]]\nticker = "OWN1"', '[[funds]]\nticker = "own 1"', "wanted a ticker in capitals"),
        ("[[formats]]", "[[formatz]]", "formats: is missing; at least one is needed"),
        ("[[formats]]", '[[formats]]\nrequired = ["when"]', "formats[1].required: 'when' is not a column"),
        ("[[formats]]", '[[formats]]\nrequired = ["value"]', "formats[1].columns: lack the required value"),
        (
            "[[formats]]",
            "[[formats]]\nvalid_from = 2026-01-02\nvalid_to = 2026-01-01",
            "formats[1].valid_to: is before",
        ),
        ("[[formats]]", '[[formats]]\nquantity_unit = "kilos"', "formats[1].quantity_unit: wanted one of shares, lots"),
        ("[[formats]]", '[asset_classes]\ntoys = "toy"\n[[formats]]', "asset_classes.toys: wanted one of equity, coin"),
        ("[[formats]]", '[[asset_codes]]\ncode = "("\nclass = "cash"\n[[formats]]', "'(' is not a regular expression"),
        ("[[formats]]", '[head]\nname = ["Fund"]\n[[formats]]', "head.name: is not known"),
        ("[[formats]]", '[other_funds]\npattern = "X."\nkind = "toy"\n[[formats]]', "other_funds.why: is missing"),
        ('delimiter = ";"', 'venue = "Taipei"', "venue: wanted an exchange code like XTAI or US"),
    ],
)
def test_each_fault_has_its_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in OWN
    assert said in faults(tmp_path, OWN.replace(old, new))


def test_two_own_files_with_one_id_and_a_missing_folder_are_faults(tmp_path: Path) -> None:
    own(tmp_path, name="a.toml")
    assert "b.toml: id: 'own' is used by another file" in faults(own(tmp_path, name="b.toml"), OWN)
    with pytest.raises(ConfigError, match="is not a folder"):
        registry.load(tmp_path / "nowhere")


def test_ark_lists_its_funds_and_says_what_is_not_verified() -> None:
    kinds = {kind: {f.ticker for f in ARK.funds.values() if f.kind is kind} for kind in FundKind}
    assert kinds[FundKind.ACTIVE] == {"ARKK", "ARKQ", "ARKW", "ARKG", "ARKF", "ARKX"}
    assert kinds[FundKind.INDEX] == {"CTRU", "PRNT", "IZRL"}
    assert kinds[FundKind.CRYPTO] == {"ARKA", "ARKB", "ARKC", "ARKZ"}
    assert ARK.funds["CTRU"].closed == date(2022, 7, 26)
    assert {f.ticker for f in ARK.funds.values() if not f.verified} >= {"ARKVX", "ARKY", "ARKA", "ARKC", "ARKZ"}
    assert all(f.why for f in ARK.funds.values() if not f.verified)
    assert {f.ticker for f in ARK.watched()} >= {"ARKK", "ARKF", "PRNT", "ARKB", "ARKT"}
    assert "CTRU" not in {f.ticker for f in ARK.watched()}


@pytest.mark.parametrize(
    ("fund", "day", "part"),
    [
        ("ARKQ", date(2021, 9, 1), "fundsiteliterature/csv/ARK_AUTONOMOUS_TECHNOLOGY_&_ROBOTICS_ETF_ARKQ_HOLDINGS.csv"),
        ("ARKQ", date(2021, 10, 20), "uploads/funds-etf-csv/ARK_INNOVATION_ETF_ARKQ_HOLDINGS.csv"),
        ("ARKQ", date(2022, 1, 3), "uploads/funds-etf-csv/ARK_AUTONOMOUS_TECH._&_ROBOTICS_ETF_ARKQ_HOLDINGS.csv"),
        ("ARKQ", date(2025, 1, 3), "https://assets.ark-funds.com/fund-documents/funds-etf-csv/ARK_AUTONOMOUS_TECH._&"),
        ("ARKF", date(2025, 1, 3), "/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv"),
        ("ARKF", date(2026, 3, 4), "/ARK_BLOCKCHAIN_&_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv"),
        ("ARKX", date(2026, 3, 4), "/ARK_SPACE_&_DEFENSE_INNOVATION_ETF_ARKX_HOLDINGS.csv"),
    ],
)
def test_the_address_of_a_file_depends_on_its_date(fund: str, day: date, part: str) -> None:
    url = ARK.funds[fund].url_on(day)
    assert url is not None
    assert part in url.url


@pytest.mark.parametrize(
    ("fund", "day", "convention"),
    [
        ("ARKK", date(2021, 3, 11), Convention.CLOSE),
        ("ARKK", date(2021, 3, 15), Convention.OPEN),
        ("ARKK", date(2026, 1, 5), Convention.OPEN),
        ("ARKB", date(2026, 1, 5), Convention.UNKNOWN),
        ("ARKVX", date(2026, 1, 5), Convention.MONTH_END),
    ],
)
def test_what_the_printed_date_means_depends_on_fund_and_date(fund: str, day: date, convention: Convention) -> None:
    assert convention_on(ARK, fund, day) is convention


def test_small_lines_were_left_out_until_may_2021() -> None:
    assert ARK.resolution_on(date(2021, 5, 10)) == Decimal("0.005")
    assert ARK.resolution_on(date(2021, 5, 11)) == 0


def test_files_are_expected_in_new_york_time() -> None:
    window = ARK.window_on(date(2026, 1, 5))
    assert window is not None
    assert (window.timezone, window.first_day, len(window.polls)) == ("America/New_York", -1, 4)


def test_a_source_without_periods_claims_nothing(tmp_path: Path) -> None:
    source: Source = registry.get("own", own(tmp_path))
    assert source.convention_on("OWN1", date(2026, 1, 5)) is Convention.UNKNOWN
    assert source.window_on(date(2026, 1, 5)) is None
    assert source.columns[Column.SHARES] == ("units",)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://own.example/{date:YYYY-MM}.csv", "has no day in its date"),
        ("https://{date:YYYYMMDD}.own.example/a.csv", "has a date or a key in the name of its host"),
        ("https://own.example/{day}.csv", "is not a web address"),
    ],
)
def test_a_date_in_an_address_is_checked(tmp_path: Path, address: str, said: str) -> None:
    assert said in faults(tmp_path, OWN.replace("https://own.example/own1.csv", address))


def test_a_dated_address_is_written_for_a_day() -> None:
    url = Url("https://own.example/{date:YYYY}/own1_{date:DD-MMM-YY}.csv")
    assert url.dated
    assert url.on(date(2026, 3, 2)) == "https://own.example/2026/own1_02-Mar-26.csv"
    assert not Url("https://own.example/own1.csv").dated


PAST = """
[backfill]
url = "https://own.example/{slug}/{t}_{date:YYYYMMDD}.csv?fund={T}"
first = 2024-10-01
absent = ["As of,-"]
absent_codes = ["rows"]
"""


def test_an_issuer_that_answers_for_past_dates_has_an_address_for_each_fund_with_its_keys(tmp_path: Path) -> None:
    keyed = OWN.replace('kind = "active"', 'kind = "active"\nkeys = { slug = "one-fund" }')
    source = registry.get("own", own(tmp_path, keyed + PAST))
    assert source.backfill is not None
    address = source.backfill.url_of(source.funds["OWN1"])
    assert address is not None
    assert address.on(date(2026, 3, 2)) == "https://own.example/one-fund/own1_20260302.csv?fund=OWN1"
    assert (source.backfill.first, source.backfill.absent) == (date(2024, 10, 1), ("as of,-",))


def test_a_fund_without_the_keys_of_an_address_has_none(tmp_path: Path) -> None:
    source = registry.get("own", own(tmp_path, OWN + PAST))
    assert source.backfill is not None
    assert source.backfill.url_of(source.funds["OWN1"]) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PAST.replace("{date:YYYYMMDD}", ""), "has no date"),
        (PAST.replace("{slug}", "{a b}"), "is not a web address"),
        (PAST.replace("first", "frist"), "did you mean 'first'"),
        (PAST + 'days = "weeks"\n', "wanted one of sessions, month-ends"),
    ],
)
def test_a_faulty_backfill_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in faults(tmp_path, OWN + text)


def test_a_key_has_a_name_that_can_stand_in_an_address(tmp_path: Path) -> None:
    text = OWN.replace('kind = "active"', 'kind = "active"\nkeys = { t = "one" }')
    assert "is no name of a key" in faults(tmp_path, text)


def test_the_list_of_an_issuer_gives_what_its_addresses_call_a_fund() -> None:
    """The form that public programs read: one object a fund, by its number."""
    source = registry.get("ishares-us")
    assert source.catalogue is not None
    body = (
        b'{"11": {"portfolioId": 11, "localExchangeTicker": "AAAA", "fundName": "Invented ETF"},'
        b' "12": {"portfolioId": 12, "localExchangeTicker": "-", "fundName": "A share class without a ticker"}}'
    )
    found = read_catalogue(source, source.catalogue, body)
    (entry,) = found.entries
    assert (entry.ticker, entry.name, dict(entry.keys), found.skipped) == (
        "AAAA",
        "Invented ETF",
        {"portfolio": "11"},
        1,
    )
