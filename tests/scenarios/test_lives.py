"""What a page draws of one security in the funds that held it."""

from __future__ import annotations

from dataclasses import replace

from monitor.store.engine import Engine, reading
from monitor.store.queries import find_security
from monitor.web.pages.lives import lives
from tests.scenarios.stories import LANTERN, QUILL, file, load, portfolio, session


def test_funds_of_two_issuers_with_one_ticker_have_spells_of_their_own(stage: Engine) -> None:
    for begins, issuer in ((0, LANTERN), (3, replace(LANTERN, id="moss", name="Moss"))):
        days = [portfolio(), portfolio(QUILL), portfolio(QUILL)]
        load(stage, [file("LANA", n, rows, moved=False) for n, rows in enumerate(days, begins)], of=issuer)
    with reading(stage) as conn:
        found = lives(conn, find_security(conn, "QLN"))
    assert {one.fund.issuer: [spell.first_file for spell in one.spells] for one in found} == {
        "lantern": [session(1)],
        "moss": [session(4)],
    }
    assert all(row.issuer == one.fund.issuer for one in found for row in one.rows)
