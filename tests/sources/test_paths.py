"""A dotted path leads through objects and lists to what it names, and says what stood on the way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.sources.paths import first_text, is_path, walk

DOCUMENT = {
    "data": {
        "day": "2026-03-02",
        "groups": [
            {"Code": "ST", "Rows": [{"x": "1"}, {"x": "2"}], "none": None},
            {"Code": "FU", "Rows": [{"x": "3"}]},
        ],
        "funds": {"AAA": {"holdings": ["a"]}, "BBB": {"holdings": ["b"]}},
    }
}


def values(path: str, document: object = DOCUMENT) -> list[object]:
    return [hit.value for hit in walk(document, path)]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", [DOCUMENT]),
        ("data.day", ["2026-03-02"]),
        ("DATA.Day", ["2026-03-02"]),
        ("data.groups.rows", [[{"x": "1"}, {"x": "2"}], [{"x": "3"}]]),
        ("data.groups[].rows[].x", ["1", "2", "3"]),
        ("data.groups.*.rows", [[{"x": "1"}, {"x": "2"}], [{"x": "3"}]]),
        ("data.groups[code=fu].rows", [[{"x": "3"}]]),
        ("data.groups[code=fu].code", ["FU"]),
        ("data.funds.*.holdings", [["a"], ["b"]]),
        ("**.holdings", [["a"], ["b"]]),
        ("data.**.x", ["1", "2", "3"]),
        ("data.nothing.here", []),
        ("data.day.deeper", []),
    ],
)
def test_a_path_leads_to_all_it_names(path: str, found: list[object]) -> None:
    assert values(path) == found


def test_what_list_elements_and_wildcards_say_goes_with_what_is_below() -> None:
    groups = [(hit.name, dict(hit.group), hit.one_of_many) for hit in walk(DOCUMENT, "data.groups.rows")]
    assert groups == [
        ("Rows", {"groups.Code": "ST", "groups.none": None}, True),
        ("Rows", {"groups.Code": "FU"}, True),
    ]
    assert [dict(hit.group) for hit in walk(DOCUMENT, "data.funds.*.holdings")] == [{"*": "AAA"}, {"*": "BBB"}]
    assert [dict(hit.group) for hit in walk([{"id": "7", "rows": []}], "rows")] == [{"id": "7"}]


def test_the_first_text_is_the_first_that_says_something() -> None:
    document = [{"a": None}, {"a": ""}, {"a": {"b": "c"}}, {"a": "found"}, {"a": "later"}]
    assert first_text(document, "a") == "found"
    assert first_text({"a": True}, "a") == "true"
    assert first_text({"a": [1]}, "a") == ""


@pytest.mark.parametrize("text", ["a.b", "**.a", "a[].b", "a[b=c].d", "data.pcf[pcfcode=out_unit].amount", "*"])
def test_paths_are_known(text: str) -> None:
    assert is_path(text)


@pytest.mark.parametrize("text", ["", ".a", "a..b", "a[", "a[b]", "**.a.**.b", "a[b=c"])
def test_what_is_no_path_is_known(text: str) -> None:
    assert not is_path(text)


TREES = st.recursive(
    st.none() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab*"), inner, max_size=3),
    max_leaves=40,
)


@settings(deadline=None)
@given(TREES, st.sampled_from(["a", "a.b", "*", "**.a", "a.**.b", "a[b=a].b", "*.*"]))
def test_any_document_can_be_walked(tree: object, path: str) -> None:
    for hit in walk(tree, path):
        assert isinstance(hit.name, str)


def test_a_deep_document_ends_the_walk() -> None:
    deep: object = "x"
    for _ in range(900):
        deep = {"a": [deep]}
    assert 0 < len(values("**.a", deep)) < 100
