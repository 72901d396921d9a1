"""What a line is: identifiers with check digits, classes, keys, and lines of one identity summed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import identity
from monitor.core.model import AssetClass, Line
from tests.core.samples import D, line, position


@pytest.mark.parametrize("text", ["037833100", "594918104", "38259P508", "17275R102", "01609W102", "G0403H108"])
def test_genuine_cusips_pass_and_any_other_check_digit_fails(text: str) -> None:
    assert identity.cusip_is_valid(text)
    assert not any(identity.cusip_is_valid(f"{text[:8]}{n}") for n in range(10) if str(n) != text[8])


@pytest.mark.parametrize("text", ["", "03783310", "0378331000", "03783310A", "0378-3100", "CCTUSD000X"])
def test_what_has_not_the_form_of_a_cusip_is_none(text: str) -> None:
    assert not identity.cusip_is_valid(text)


def test_private_placement_cusips_may_carry_signs() -> None:
    assert [identity.cusip_is_valid(f"12345*@#{n}") for n in range(10)].count(True) == 1


@pytest.mark.parametrize("text", ["2046251", "0263494", "B0YBKJ7", "B3Z5T14"])
def test_genuine_sedols_pass(text: str) -> None:
    assert identity.sedol_is_valid(text)
    assert not any(identity.sedol_is_valid(f"{text[:6]}{n}") for n in range(10) if str(n) != text[6])


@pytest.mark.parametrize("text", ["204625", "A046251", "20462511", "204625X"])
def test_what_has_not_the_form_of_a_sedol_is_none(text: str) -> None:
    assert not identity.sedol_is_valid(text)


@pytest.mark.parametrize("text", ["US0378331005", "GB0002634946", "DE0007164600", "JP3633400001", "IE00B4BNMY34"])
def test_genuine_isins_pass(text: str) -> None:
    assert identity.isin_is_valid(text)
    assert not any(identity.isin_is_valid(f"{text[:11]}{n}") for n in range(10) if str(n) != text[11])


@pytest.mark.parametrize("text", ["037833100", "US037833100", "0S0378331005", "US03783310055"])
def test_what_has_not_the_form_of_an_isin_is_none(text: str) -> None:
    assert not identity.isin_is_valid(text)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("037833100", ("cusip:037833100",)),
        (" 037833100 ", ("cusip:037833100",)),
        ("38259p508", ("cusip:38259P508",)),
        ("37833100", ("cusip:037833100",)),  # a spreadsheet took the zero
        ("2046251", ("sedol:2046251",)),
        ("263494", ("sedol:0263494",)),
        ("b0ybkj7", ("sedol:B0YBKJ7",)),
        ("US0378331005", ("cusip:037833100",)),
        ("CA82509L1076", ("cusip:82509L107",)),
        ("GB0002634946", ("sedol:0263494",)),
        ("IE00B4BNMY34", ("sedol:B4BNMY3",)),
        ("DE0007164600", ("isin:DE0007164600",)),
        ("BBG000B9XRY4", ("figi:BBG000B9XRY4",)),
        ("037833101", ()),
        ("CCTUSD", ()),
        ("4.37E+104", ()),
        ("", ()),
    ],
)
def test_an_identifier_is_read_by_form_and_check_digit(text: str, ids: tuple[str, ...]) -> None:
    assert identity.verified_ids(text) == ids


def test_a_code_that_can_be_two_identifiers_is_both() -> None:
    both = next(str(n) for n in range(1_000_000, 9_999_999) if len(identity.verified_ids(str(n))) == 2)
    assert identity.verified_ids(both) == (f"sedol:{both}", f"cusip:{both.zfill(9)}")


def test_an_isin_whose_inner_number_fails_stays_an_isin() -> None:
    for country, stem in (("US", "037833101"), ("GB", "000263495")):
        text = next(f"{country}{stem}{n}" for n in range(10) if identity.isin_is_valid(f"{country}{stem}{n}"))
        assert identity.verified_ids(text) == (f"isin:{text}",)


def test_the_isin_column_is_trusted_before_the_mixed_one() -> None:
    one = line(isin="US0378331005", identifier="594918104", sedol="2046251", figi="BBG000B9XRY4")
    assert identity.ids_of(one) == ("cusip:037833100", "cusip:594918104", "sedol:2046251", "figi:BBG000B9XRY4")


@pytest.mark.parametrize(
    ("ticker", "root"),
    [("DKNG UW", "DKNG"), ("GRMN U", "GRMN"), ("STMN SE", "STMN"), ("qln", "QLN"), (" 9988 HK ", "9988"), ("", "")],
)
def test_the_exchange_code_is_no_part_of_a_ticker(ticker: str, root: str) -> None:
    assert identity.ticker_root(ticker) == root


def key(one: Line, kind: AssetClass = AssetClass.EQUITY) -> str:
    return identity.key_of("LANA", one, identity.ids_of(one), kind)


def test_a_key_rests_on_the_best_evidence_printed() -> None:
    assert key(line()) == "cusip:55501A105"
    assert key(line(identifier="XQZ 12")) == "local:LANA:XQZ 12"
    assert key(line(identifier="4.37E+104", ticker="QLN UW")) == "ticker:LANA:QLN"
    assert key(line(identifier="5E+7", ticker="")) == "name:LANA:QUILLON ROBOTICS"
    assert key(line("THE GROUP INC", identifier="", ticker="")) == "name:LANA:THE GROUP INC"
    assert key(line("US DOLLARS", identifier="USD"), AssetClass.CASH) == "cash:USD"
    assert key(line("us dollars", identifier=""), AssetClass.CASH) == "cash:US DOLLARS"


def test_bonds_and_contracts_have_keys_of_their_own() -> None:
    assert key(line("QUILLON (OTR) 5 06/15/2040", identifier="-", ticker=""), AssetClass.BOND) == (
        "name:LANA:QUILLON 5 06/15/2040"
    )
    assert key(line("QUILLON 5 06/15/2040"), AssetClass.BOND) == "cusip:55501A105"
    assert key(line("TBA 30YR 5.5 AUG"), AssetClass.BOND) == "tba:30YR 5.5"
    assert key(line("COPPER FUT", ticker="HGN6 Comdty"), AssetClass.FUTURE) == "future:HG COMDTY"
    assert key(line("EUR/USD 03/09/2026", ticker=""), AssetClass.FUTURE) == "forward:EUR/USD"


def test_coupon_and_maturity_in_columns_make_a_bond() -> None:
    (one,) = identity.positions_of("LANA", [line("QUILLON DEFERRED", coupon=D(5), maturity=date(2045, 3, 20))])
    assert (one.asset_class, one.name) == (AssetClass.BOND, "QUILLON DEFERRED 5 03/20/2045")
    (other,) = identity.positions_of(
        "LANA", [line("US DOLLARS", identifier="USD", coupon=D(5), maturity=date(2045, 3, 20))]
    )
    assert other.asset_class is AssetClass.CASH


def test_a_group_bears_no_identifier_of_one_month() -> None:
    (one,) = identity.positions_of("LANA", [line("TBA 30YR 5.5 AUG", ticker="")])
    assert (one.key, one.ids) == ("tba:30YR 5.5", ())


def test_only_identifiers_with_a_check_digit_are_verified() -> None:
    assert [identity.is_verified(k) for k in ("cusip:1", "sedol:1", "isin:1", "figi:1")] == [True] * 4
    assert [identity.is_verified(k) for k in ("local:A:1", "ticker:A:1", "name:A:1", "cash:USD")] == [False] * 4


def test_the_public_id_is_stable_and_hides_the_licensed_number() -> None:
    public = identity.public_id("cusip:55501A105")
    assert public == identity.public_id("cusip:55501A105") != identity.public_id("cusip:55501A106")
    assert "55501A" not in public
    assert len(public) == 11


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("MARROWAY MEDIA INC-CL A", "A"),
        ("MARROWAY MEDIA CLASS C", "C"),
        ("MARROWAY - B", "B"),
        ("MARROWAY MEDIA INC", ""),
    ],
)
def test_the_share_class_is_read_from_the_name(name: str, letter: str) -> None:
    assert identity.share_class(name) == letter


def test_names_are_alike_when_corporate_words_are_dropped() -> None:
    assert identity.name_similarity("QUILLON ROBOTICS INC", "Quillon Robotics Holdings Ltd") == 1.0
    assert identity.name_similarity("QUILLON ROBOTICS INC", "QUILLON INC") >= 0.85
    assert identity.name_similarity("QUILLON ROBOTICS INC", "ROWANBERRY FOODS CORP") < 0.5
    assert identity.name_similarity("THE GROUP INC", "QUILLON INC") == 0.0
    assert identity.name_similarity("QUILLON INC", "") == 0.0


# --- positions ------------------------------------------------------------------------------------


def test_lines_of_one_identity_are_summed_and_lines_without_shares_left_out() -> None:
    (one,) = identity.positions_of(
        "LANA", [line(), line(shares=D(500), value=D(50_000), weight=D("0.5")), line(shares=None)]
    )
    assert (one.shares, one.value, one.weight, one.lines) == (D(1500), D(150_000), D("1.5"), 2)


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    (one,) = identity.positions_of("LANA", [line(), line(value=None, weight=None)])
    assert (one.value, one.weight) == (None, None)


def test_missing_weights_are_taken_from_the_value() -> None:
    lines = [line(weight=None, value=D(25)), line(identifier="55502B201", weight=None, value=D(75))]
    assert [p.weight for p in identity.positions_of("LANA", lines)] == [D("25.0000"), D("75.0000")]


def test_a_printed_weight_is_kept_where_others_are_missing() -> None:
    lines = [line(weight=D(7)), line(identifier="55502B201", weight=None, value=None)]
    assert [p.weight for p in identity.positions_of("LANA", lines)] == [D(7), None]


def test_without_any_value_there_is_no_weight() -> None:
    (one,) = identity.positions_of("LANA", [line(weight=None, value=None)])
    assert one.weight is None
    (two,) = identity.positions_of("LANA", [line(weight=None, value=D(0))])
    assert two.weight is None


LINES = st.builds(
    lambda name, at, shares, cents: line(
        name,
        ticker=name[:3],
        identifier=("55501A105", "55502B201", "", "XQZ", "2046251")[at],
        shares=D(shares),
        value=None if cents is None else D(cents) / 100,
        weight=None,
    ),
    st.sampled_from(["QUILLON ROBOTICS INC", "QUILLON ROBOTICS", "ROWANBERRY FOODS", "US DOLLARS"]),
    st.integers(0, 4),
    st.integers(0, 10**9),
    st.none() | st.integers(0, 10**12),
)


@given(st.lists(LINES, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_lines_is_irrelevant(lines: list[Line], random: Random) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert identity.positions_of("LANA", shuffled) == identity.positions_of("LANA", lines)


def test_two_names_of_one_identity_are_printed_the_same_whatever_comes_first() -> None:
    lines = [
        line("QUILLON ROBOTICS INC"),
        line("QUILLON ROBOTICS-W/I", ticker="QLN-WI"),
        line("QUILLON", isin="US55501A1059"),
    ]
    found = {identity.positions_of("LANA", order) for order in permutations(lines)}
    assert len(found) == 1


@given(st.lists(LINES, max_size=8))
def test_no_share_is_lost_or_invented(lines: list[Line]) -> None:
    positions = identity.positions_of("LANA", lines)
    assert sum((p.shares or Decimal(0) for p in positions), Decimal(0)) == sum(
        (one.shares or 0 for one in lines), Decimal(0)
    )
    assert sum(p.lines for p in positions) == len(lines)
    assert len({p.key for p in positions}) == len(positions)


@pytest.mark.parametrize("column", [{"isin": "DE0007164600"}, {"sedol": "2046251"}, {"figi": "BBG000B9XRY4"}])
def test_an_identifier_in_a_column_of_its_own_makes_a_line_without_ticker_a_security(column: dict[str, str]) -> None:
    for identifier in ("", "local 7"):
        (one,) = identity.positions_of("LANA", [line(ticker="", identifier=identifier, **column)])
        assert one.asset_class is AssetClass.EQUITY
        assert identity.is_verified(one.key)


def test_one_identifier_under_two_names_is_kept_apart() -> None:
    lines = [
        line("QUILLON ROBOTICS INC", shares=Decimal(100)),
        line("ROWANBERRY FOODS CORP", ticker="RWN", shares=Decimal(900)),
        line("ROWANBERRY FOODS CORP-A", ticker="RWN", shares=Decimal(50)),
    ]
    for order in permutations(lines):
        found = {p.key: (p.ticker, p.shares, p.ids) for p in identity.positions_of("LANA", order)}
        assert found == {
            "cusip:55501A105": ("RWN", Decimal(950), ("cusip:55501A105",)),
            "local:LANA:55501A105/QLN": ("QLN", Decimal(100), ()),
        }
    kept = identity.positions_of("LANA", lines)
    assert [identity.is_in_conflict(p) for p in kept] == [False, True]


def test_two_lines_of_one_company_are_known_by_name() -> None:
    adr, home = position("a", name="ALIBERTA GROUP HOLDING-SP ADR"), position("b", name="ALIBERTA GROUP HOLDING LTD")
    assert identity.is_one_company(adr, home)
    assert not identity.is_one_company(adr, position("c", name="BERTHA GROUP HOLDING LTD"))
    assert not identity.is_one_company(adr, position("c", name=""))
    assert not identity.is_one_company(adr, replace(home, asset_class=AssetClass.BOND))
    assert not identity.is_one_company(replace(adr, asset_class=AssetClass.BOND), home)


def test_a_file_of_weights_gives_positions_without_share_counts() -> None:
    lines = [
        line("QUILLON", isin="US55501A1059", shares=None, weight=Decimal("1.5")),
        line("QUILLON", isin="US55501A1059", shares=None, weight=Decimal("0.5")),
        line("ROWAN", ticker="RWN", identifier="", shares=None, weight=Decimal(3)),
    ]
    found = {p.name: (p.shares, p.weight, p.lines) for p in identity.positions_of("LANA", lines)}
    assert found == {"QUILLON": (None, Decimal("2.0"), 2), "ROWAN": (None, Decimal(3), 1)}


def test_a_ticker_with_its_venue_is_one_security_in_all_funds_whatever_it_is_called() -> None:
    taipei = line("燈籠電", ticker="2330", identifier="", venue="XTAI")
    garbled = line("???", ticker="2330", identifier="", venue="XTAI")
    (one,) = identity.positions_of("00980A", [taipei])
    (other,) = identity.positions_of("00984A", [garbled])
    assert one.key == other.key == "venue:XTAI:2330"
    assert not identity.is_verified(one.key)
    assert identity.key_of("F", replace(taipei, venue="JP"), (), AssetClass.EQUITY) == "venue:JP:2330"
    assert identity.key_of("F", replace(taipei, venue=""), (), AssetClass.EQUITY) == "ticker:F:2330"
    assert identity.key_of("F", replace(taipei, identifier="LOCAL1"), (), AssetClass.EQUITY) == "local:F:LOCAL1"


def test_what_the_source_knows_of_a_line_comes_before_its_words() -> None:
    (found,) = identity.positions_of("F", [line("FIRST LANTERN OBLIGATIONS", ticker="FGXXX", stated=AssetClass.CASH)])
    assert (found.asset_class, found.key) == (AssetClass.CASH, "cash:55501A105")


def test_missing_weights_are_shares_of_the_net_assets_where_these_are_known() -> None:
    lines = [line(value=D(250), weight=None), line("B", identifier="B", value=D(-500), weight=None)]
    assert [p.weight for p in identity.positions_of("F", lines, D(1000))] == [D("25.0000"), D("-50.0000")]
    assert [p.weight for p in identity.positions_of("F", lines[:1])] == [D(100)]


def test_names_in_other_scripts_are_compared_by_their_characters() -> None:
    assert identity.name_similarity("國巨", "國巨*") >= 0.95
    assert identity.name_similarity("台積電", "聯發科") < 0.3
    assert identity.name_similarity("등불전자", "등불전자우") > 0.8
    assert identity.name_similarity("NESTLÉ SA", "Nestle") >= 0.95
    assert identity.key_of("F", line("台積電", ticker="", identifier=""), (), AssetClass.EQUITY) == "name:F:台積電"


def test_an_identity_inside_a_fund_names_its_issuer_and_can_be_read_without() -> None:
    lines = [line("WICK UNLISTED", ticker="WUN", identifier=""), line("LAMP", ticker="", identifier="LOCAL7")]
    for issuer in ("lantern", "wick"):
        keys = {p.key for p in identity.positions_of(identity.fund_name(issuer, "LANA"), lines)}
        assert keys == {f"ticker:{issuer}/LANA:WUN", f"local:{issuer}/LANA:LOCAL7"}
        assert {identity.inside_issuer(issuer, key) for key in keys} == {"ticker:LANA:WUN", "local:LANA:LOCAL7"}
    assert identity.inside_issuer("lantern", "cusip:037833100") == "cusip:037833100"
    assert identity.inside_issuer("lantern", "cash") == "cash"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EXAMPLE BIOLOGICS CO LTD RIGHTS", AssetClass.RIGHT),
        ("EXAMPLE WARRANTS EXP 2029", AssetClass.RIGHT),
        ("CHINA EVERBRIGHT BANK LTD A", AssetClass.EQUITY),
    ],
)
def test_rights_that_an_issuer_lists_as_shares_are_rights(name: str, expected: AssetClass) -> None:
    (found,) = identity.positions_of("F", [line(name=name, ticker="EXM", stated=AssetClass.EQUITY)])
    assert found.asset_class is expected


def test_a_treasury_bill_whose_number_is_its_ticker_is_a_bond() -> None:
    bill = line(name="TREASURY BILL", ticker="912797QQ3", identifier="", venue="US")
    (found,) = identity.positions_of("F", [bill])
    assert (found.asset_class, found.key) == (AssetClass.BOND, "cusip:912797QQ3")
    (other,) = identity.positions_of("F", [replace(bill, name="QUILLON", ticker="912797QQ4")])  # no check digit
    assert (other.asset_class, other.key) == (AssetClass.EQUITY, "venue:US:912797QQ4")
