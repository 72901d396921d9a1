"""Looking for a renamed file on an issuer's page: what is proposed, and what a hostile page cannot do."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from pytest_httpserver import HTTPServer

from monitor.sources import registry
from monitor.sources.fetch import Fetcher
from monitor.sources.links import LONGEST
from monitor.sources.profile import HttpProfile
from monitor.sources.renaming import Page, allowed, fetch_page, pages, proposals

HOME = "https://www.issuer.example/funds/"
OLD = "https://files.issuer.example/csv/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv"
NEW = "https://files.issuer.example/csv/ARK_BLOCKCHAIN_&_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv"
OTHERS = ("ARKK", "ARKF", "ARKW")


def found(text: str, address: str = OLD, ticker: str = "ARKF") -> list[str]:
    return proposals(Page(HOME, text), address, ticker, OTHERS)


@pytest.mark.parametrize(
    "text",
    [
        f'<a class="x" href="{NEW.replace("&", "&amp;")}">Holdings</a>',
        f"<a href='{NEW}'>Holdings</a>",
        f"<a href={NEW}>Holdings</a>",
        f'{{"url": "{NEW}"}}',
        '{"url": "' + NEW.replace("/", "\\/").replace("&", "\\u0026") + '"}',
        f"window.files = [`{NEW}`];",
    ],
)
def test_links_are_found_however_they_are_written(text: str) -> None:
    assert found(text) == [NEW]


def test_addresses_relative_to_the_page() -> None:
    assert found('<a href="/new/ARK_FINTECH_ETF_ARKF_HOLDINGS.csv">') == [
        "https://www.issuer.example/new/ARK_FINTECH_ETF_ARKF_HOLDINGS.csv"
    ]


def test_the_name_most_alike_comes_first_and_few_are_proposed() -> None:
    names = [f"ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS_V{at}.csv" for at in range(9)]
    text = " ".join(f'"{HOME}{name}"' for name in ["ARKF_FACTSHEET.csv", *names])
    assert found(text) == [HOME + name for name in names[:3]]


@pytest.mark.parametrize(
    "url",
    [
        OLD,  # the one that is gone
        "https://files.issuer.example/csv/ARK_INNOVATION_ETF_ARKK_HOLDINGS.csv",  # another fund's
        "https://files.issuer.example/csv/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.pdf",
        "https://files.issuer.example/csv/PROSPECTUS.csv",
        "http://elsewhere.example/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv",  # neither encrypted nor the same site
        "ftp://files.issuer.example/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv",
        "javascript:alert(1)//ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv",
        "https://user:pass@files.issuer.example/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv",
        "https://files.issuer.example/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv?token=abc",
        "https://[bad/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv",
        "https://files.issuer.example:99999999/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv",
        "https://files.issuer.example/ARK_FINTECH_INNOVATION_ETF_\u202eARKF_HOLDINGS.csv",
        "https://files.issuer.example/{x}ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv",
        f"https://files.issuer.example/{'A' * LONGEST}_ARKF_HOLDINGS.csv",
    ],
)
def test_what_is_not_proposed(url: str) -> None:
    assert found(f'<a href="{url}">') == []


def test_an_address_without_a_file_name_finds_nothing() -> None:
    assert found(f'"{NEW}"', address="https://api.issuer.example/holdings?fund=ARKF") == []


@pytest.mark.parametrize(
    "text",
    [
        "<a href=" * 250_000,
        '"' * 2_000_000,
        "A" * 2_000_000 + ".csv",
        ".csv " * 400_000,
        " ".join(f"https://x.example/{at}_ARKF_{'ab' * 100}.csv" for at in range(8_000)),
        "\x00\ud800" * 500_000,
    ],
)
def test_a_hostile_page_takes_seconds_at_most(text: str) -> None:
    begun = time.process_time()
    assert len(found(text)) <= 3
    assert time.process_time() - begun < 10


def test_nothing_on_a_private_network_is_proposed_unless_allowed() -> None:
    urls = ["https://169.254.169.254/a.csv", "https://10.0.0.1/a.csv", "https://files.example/a.csv"]

    def resolve(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34"]

    assert allowed(urls, Fetcher(resolve=resolve), HttpProfile()) == ("https://files.example/a.csv",)
    assert allowed(urls, Fetcher(resolve=resolve), HttpProfile(allow_private=True)) == tuple(urls[1:])


def test_where_an_issuer_may_say_it() -> None:
    source = registry.load(None)["ark"]
    fund = replace(source.funds["ARKF"], page="https://www.ark-funds.com/funds/arkf")
    assert pages(source, fund, OLD) == [fund.page, source.homepage, "https://files.issuer.example/csv/", OLD]
    assert pages(source, source.funds["ARKF"], "") == [source.homepage]


def test_a_page_is_fetched_within_limits(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/page").respond_with_data(f'<a href="{NEW}">'.encode() + b"\xff")
    httpserver.expect_request("/large").respond_with_data("x" * 2_100_000)
    httpserver.expect_request("/gone").respond_with_data("", status=404)
    fetcher, profile = Fetcher(allow_private=True, trust_env=False), HttpProfile(min_interval=0)
    page = fetch_page(fetcher, httpserver.url_for("/page"), profile)
    assert page is not None
    assert proposals(page, OLD, "ARKF", OTHERS) == [NEW]
    assert fetch_page(fetcher, httpserver.url_for("/large"), profile) is None
    assert fetch_page(fetcher, httpserver.url_for("/gone"), profile) is None
    assert fetch_page(fetcher, "http://169.254.169.254/", profile) is None
