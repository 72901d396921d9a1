"""One reader for many brands, addresses made of templates, and files that list many funds."""

from datetime import date

import pytest

from monitor.core.errors import ParseError
from monitor.sources.loading import parse_sources
from monitor.sources.read import read_file, read_files
from monitor.sources.spec import Source

FAMILY = """
shape = "delimited"
currency = "USD"
calendar = "XNYS"
weight_unit = "percent"
date_format = "M/D/YYYY"
many_funds = true
http = { min_interval_seconds = 5, headers = { Accept = "text/csv" } }

[columns]
required = ["date", "fund", "name", "shares"]
date = ["date"]
fund = ["account"]
name = ["securityname"]
shares = ["shares"]
net_assets = ["netassets"]

[[formats]]
columns = ["Date", "Account", "SecurityName", "Shares", "NetAssets"]

[[conventions]]
convention = "UNKNOWN"

[other_funds]
pattern = "[A-Z]{4}"
kind = "active"
why = "the address has not been confirmed"

[[brands]]
id = "first"
name = "First Brand"
urls = [{ url = "https://first.example/{T}/{date:YYYYMMDD}_{t}.csv" }]
page = "https://first.example/{t}/"

[[brands]]
id = "second"
name = "Second Brand"
verified = false
why = "no file seen"
http = { headers = { Referer = "https://second.example" } }
urls = [{ url = "https://second.example/{number}.csv" }]
funds = [{ ticker = "SSSS", name = "Second", kind = "index", verified = false, why = "so", keys = { number = "77" } }]
"""

FILE = b"""Date,Account,SecurityName,Shares,NetAssets
3/2/2026,AAAA,Alpha Corp,10,1000
3/2/2026,BBBB,Beta Corp,20,2000
3/2/2026,AAAA,Gamma Corp,30,1000
3/3/2026,BBBB,Delta Corp,forty,2000
3/3/2026,BBBB,Epsilon Corp,50,2000
3/3/2026,BBBB,Zeta Corp,60,2000
"""


def family() -> list[Source]:
    found, faults = parse_sources(FAMILY, "family.toml")
    assert faults == []
    return found


def test_each_brand_is_a_source_with_what_it_says_over_what_all_say() -> None:
    first, second = family()
    assert (first.id, first.verified, first.http.min_interval) == ("first", True, 5.0)
    assert (second.id, second.verified, second.why) == ("second", False, "no file seen")
    assert dict(second.http.headers) == {"Referer": "https://second.example"}
    assert second.columns == first.columns


def test_a_template_makes_the_address_of_any_fund() -> None:
    first, second = family()
    fund = first.fund("ABCD")
    assert fund.url is not None
    assert fund.url.on(date(2026, 3, 2)) == "https://first.example/ABCD/20260302_abcd.csv"
    assert fund.page == "https://first.example/abcd/"
    assert [url.url for url in second.funds["SSSS"].urls] == ["https://second.example/77.csv"]
    assert second.fund("ABCD").urls == ()  # its number is not known


def test_a_file_of_many_funds_is_read_as_one_file_each() -> None:
    source = family()[0]
    one, other = read_files(source, FILE)
    assert [(one.fund, len(one.lines), one.as_of, one.unread), (other.fund, len(other.lines), other.as_of)] == [
        ("AAAA", 2, date(2026, 3, 2), ()),
        ("BBBB", 3, date(2026, 3, 3)),
    ]
    assert [row.row for row in other.unread] == [5]
    assert [str(file.net_assets) for file in (one, other)] == ["1000", "2000"]


def test_of_a_file_of_many_funds_one_can_be_asked_for() -> None:
    source = family()[0]
    assert read_file(source, FILE, expected_fund="BBBB").fund == "BBBB"
    with pytest.raises(ParseError, match="lists 2 funds, but not CCCC: AAAA, BBBB"):
        read_file(source, FILE, expected_fund="CCCC")
    with pytest.raises(ParseError, match="lists 2 funds, say which"):
        read_file(source, FILE)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('id = "second"', 'id = "Second"', "brands.Second.id: wanted a short name"),
        ('why = "no file seen"', "", "why: is missing; say what is known of the shape"),
        ("{number}.csv", "{number}.csv?{}", "is not a web address"),
        ("//second.example/{number}", "//{number}.example/", "in the name of its host"),
        ('"77"', '"../77"', "wanted a key"),
    ],
)
def test_faults_of_a_brand_are_named(before: str, after: str, said: str) -> None:
    found, faults = parse_sources(FAMILY.replace(before, after), "family.toml")
    assert found == []
    assert said in "\n".join(faults)


def test_a_brand_adds_formats_and_notes_or_has_its_own() -> None:
    text = FAMILY.replace("many_funds = true", 'many_funds = true\nnotes = ["of all"]')
    more = '{ columns = ["Date", "Account", "SecurityName", "Shares"] }'
    found, faults = parse_sources(
        text.replace('why = "no file seen"', f'why = "so"\nmore_notes = ["own"]\nmore_formats = [{more}]'),
        "family.toml",
    )
    assert faults == []
    assert [len(one.formats) for one in found] == [1, 2]
    assert found[1].notes == ("own", "of all")
    assert found[1].formats[0].columns[-1] == "shares"
    found, faults = parse_sources(
        text.replace('why = "no file seen"', f'why = "so"\nformats = [{more}]'), "family.toml"
    )
    assert [len(one.formats) for one in found] == [1, 1]
    _, faults = parse_sources(text.replace('why = "no file seen"', 'why = "so"\nmore_notes = "own"'), "family.toml")
    assert "brands.second.more_notes: is not known" in faults[0]


def test_what_nobody_confirmed_can_be_said_once_for_all_funds() -> None:
    text = 'unconfirmed = "nobody looked"\n' + FAMILY.replace(', verified = false, why = "so"', "")
    found, faults = parse_sources(text, "family.toml")
    assert faults == []
    fund = found[1].funds["SSSS"]
    assert (fund.verified, fund.why, found[1].watched()) == (False, "nobody looked", ())
    assert found[1].fund("ABCD").why == "the address has not been confirmed"
    confirmed, _ = parse_sources(text.replace("keys = {", "verified = true, keys = {"), "family.toml")
    assert [one.ticker for one in confirmed[1].watched()] == ["SSSS"]
