"""Every source we ship says all that its requests take: nothing is left open, no pattern is broken."""

from __future__ import annotations

import re
from datetime import date

import pytest

from monitor.sources import registry
from monitor.sources.routes import request_of
from monitor.sources.spec import FundSpec, Source

DAY = date(2026, 11, 24)
SOURCES = registry.load()
ASKED = [(source, fund) for source in SOURCES.values() for fund in source.funds.values() if fund.url is not None]


@pytest.mark.parametrize(("source", "fund"), ASKED, ids=[f"{source.id}-{fund.ticker}" for source, fund in ASKED])
def test_a_request_leaves_nothing_open(source: Source, fund: FundSpec) -> None:
    assert fund.url is not None
    request = request_of(source, fund, fund.url, DAY)
    profile = request.profile
    texts = [request.url, profile.referer, profile.before, *(value for _, value in (*profile.headers, *profile.form))]
    assert not [text for text in texts if re.search(r"\{(?!token\})", text)]
    for link in profile.links:
        re.compile(link.pattern)
    assert request == request_of(source, fund, fund.url, DAY)
    assert hash(request) == hash(request_of(source, fund, fund.url, DAY))
