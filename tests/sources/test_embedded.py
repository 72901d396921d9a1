"""Data inside a page: in scripts, variables, pushed pieces and links; and JavaScript that is no plain value."""

import base64
import json
import re
import time
from urllib.parse import quote

import pytest

from monitor.core.errors import ParseError
from monitor.sources.embedded import data_of
from monitor.sources.js_values import json_of
from monitor.sources.page_forms import Embedded, Within


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ("{a:1,'b':\"x\",c:[1,,2,],}", {"a": 1, "b": "x", "c": [1, None, 2]}),
        ("{ // one\n on: !0, off: !1, /* two */ none: undefined, n: .5, m: -1., h: 0x1F, z: 007 }",
         {"on": True, "off": False, "none": None, "n": 0.5, "m": -1, "h": 31, "z": 7}),
        (r"['it\'s', '\x41\u00e9\u{1F600}', `a\`b`, 'a\
b']", ["it's", "A\u00e9\U0001f600", "a`b", "ab"]),
        ('{"plain": {"json": [true, null, 1.5e3]}} ;more()', {"plain": {"json": [True, None, 1500.0]}}),
        ("'text'", "text"),
        ("{$key_1:1,true:2}", {"$key_1": 1, "true": 2}),
    ],
)  # fmt: skip
def test_plain_values_become_json(script: str, value: object) -> None:
    assert json.loads(json_of(script)) == value


@pytest.mark.parametrize(
    "script",
    ["{a:f(1)}", "{a:function(){}}", "{a:1", "[1}", "{a:x}", "{a:`${b}`}", "", "{a:1+1}", "}", "{'a", "[new Date()]"],
)
def test_what_is_no_plain_value_is_refused(script: str) -> None:
    with pytest.raises(ValueError):
        json.loads(json_of(script))


@pytest.mark.parametrize(
    "script", ["[" * 300_000, "{a:" * 200_000, "'" + "a" * 400_000, "[" + "\\" * 300_000, "/*" * 300_000]
)
def test_hostile_scripts_take_no_time(script: str) -> None:
    before = time.process_time()
    with pytest.raises((ValueError, RecursionError)):
        json.loads(json_of(script))
    assert time.process_time() - before < 20


def page(body: str) -> str:
    return f"<!DOCTYPE html><html><head><title>Our Fund</title></head><body>{body}</body></html>"


ROWS = [{"name": "Acorn", "weight": 1.5}]


def found(text: str, where: Embedded) -> object:
    return json.loads(data_of(text, where).text)


def test_a_script_is_found_by_id_or_type() -> None:
    text = page(f'<script>x</script><script id="__NEXT_DATA__" type="application/json">{json.dumps(ROWS)}</script>')
    for name in ("__NEXT_DATA__", "application/json"):
        assert found(text, Embedded(Within.SCRIPT, name)) == ROWS


def test_the_object_with_a_key_is_meant_wherever_it_is() -> None:
    deep = {"props": {"x": [{"date": "2026-06-11", "rows": ROWS}]}, "rows": "no list"}
    text = page(f'<script id="d">{json.dumps(deep)}</script>')
    assert found(text, Embedded(Within.SCRIPT, "d", key="rows")) == {
        "date": "2026-06-11", "rows": [{"name": "Acorn", "weight": "1.5"}]
    }  # fmt: skip


@pytest.mark.parametrize("before", ["var etfData = ", "a.etfData=", "{etfData:", 'window["etfData"] = ', "etfData("])
def test_a_variable_is_found(before: str) -> None:
    text = page(f"<script>etfDataOld={{a:f()}};etfData = run();{before}[{{name:'Acorn',weight:1.5,}}]</script>")
    where = Embedded(Within.VARIABLE, "etfData")
    if before.startswith("window["):
        text = text.replace('["etfData"] =', ".etfData =")
    assert found(text, where) == ROWS


def test_pushed_pieces_are_put_together() -> None:
    stream = '1:"$Sreact"\n2a:["$","div",null,{"fund":{"asOf":"2026-06-11","holdingsData":[{"name":"Acorn"}]}}]\n3:{}'
    cut = len(stream) // 2
    pieces = "".join(
        f"<script>self.__next_f.push({json.dumps([1, part])})</script>" for part in (stream[:cut], stream[cut:])
    )
    text = page(f"<script>(self.__next_f=self.__next_f||[]).push([0])</script>{pieces}")
    assert found(text, Embedded(Within.STREAM, key="holdingsData")) == {
        "asOf": "2026-06-11", "holdingsData": [{"name": "Acorn"}]
    }  # fmt: skip


@pytest.mark.parametrize("coded", [quote("Name,Weight\r\nAcorn & Co,1.5\r\n"), ""])
def test_a_link_may_be_the_file(coded: str) -> None:
    table = "Name,Weight\r\nAcorn & Co,1.5\r\n"
    address = f"data:application/csv;charset=utf-8,{coded}"
    if not coded:
        address = "data:text/csv;base64," + base64.b64encode(table.encode()).decode()
    other = '<a download="NAV.csv" href="data:text/csv,a">n</a>'
    text = page(f'{other}<a class="x" download="ACRN-holdings-2026-06-08.csv" href="{address}">file</a>')
    got = data_of(text, Embedded(Within.LINK, link=re.compile("holdings")))
    assert (got.text, got.name) == (table, "ACRN-holdings-2026-06-08.csv")


@pytest.mark.parametrize(
    "where",
    [
        Embedded(Within.SCRIPT, "d"),
        Embedded(Within.VARIABLE, "etfData"),
        Embedded(Within.STREAM, key="k"),
        Embedded(Within.LINK),
    ],
)
def test_a_page_without_the_data_is_refused_by_its_title(where: Embedded) -> None:
    with pytest.raises(ParseError, match="title: Our Fund") as caught:
        data_of(page("<div id=root></div>"), where)
    assert caught.value.code == "html"
