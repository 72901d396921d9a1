"""The API as programs use it: envelope, pages, forms, ETags, problems, hostile names."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from monitor.asking.plain import GUARDED
from monitor.asking.registry import QUESTIONS
from monitor.store.views import VIEWS
from monitor.web.api import forms
from tests.cli.look_alike import HOSTILE

HOLDINGS = "/api/v1/holdings"


def test_an_answer_says_what_was_asked_and_what_it_rests_on(client: TestClient) -> None:
    found = client.get(HOLDINGS, params={"fund": "arkf", "on": "2022-01-06"}).json()
    assert (found["question"], found["asked"]) == ("holdings", {"fund": "ark/ARKF", "on": "2022-01-06"})
    assert found["total"] == len(found["rows"]) == 11
    assert found["next"] is None
    (file,) = found["files"]
    assert (file["issuer"], file["fund"], file["as_of"]) == ("ark", "ARKF", "2022-01-06")
    assert file["place"].endswith("ARKF_2022-01-06.csv")
    assert len(file["sha256"]) == 64
    weight = next(one for one in found["columns"] if one["name"] == "weight")
    assert weight == {"name": "weight", "path": "weight", "type": "number", "unit": "percent points",
                      "about": "part of the fund as published"}  # fmt: skip


def test_the_state_comes_in_every_form(client: TestClient) -> None:
    assert client.get("/api/v1/status.json").json()["rows"] == client.get("/api/v1/status").json()["rows"]
    assert client.get("/api/v1/status.csv").text.splitlines()[0].startswith("what,name,state,count")
    assert client.get("/api/v1/status.pdf").status_code == 404


def test_an_answer_without_rows_says_why(client: TestClient) -> None:
    found = client.get(HOLDINGS, params={"fund": "ARKF", "on": "2019-01-02"})
    assert (found.status_code, found.json()["rows"]) == (200, [])
    assert found.json()["note"].startswith("There are no files of ARKF before 2022-01-03; load older ones")
    held = client.get("/api/v1/who-holds", params={"security": "TSLA", "on": "2019-01-02"}).json()
    assert held["note"].startswith("There are no files of any fund before 2022-01-03")
    assert client.get(HOLDINGS, params={"fund": "ARKF"}).json()["note"] is None
    assert client.get("/api/v1/difference", params={"fund": "ARKF", "before": "2019-01-02"}).status_code == 400


def test_numbers_lose_no_digit(client: TestClient) -> None:
    text = client.get(HOLDINGS, params={"fund": "ARKF"}).text
    weights = [row["weight"] for row in json.loads(text, parse_float=Decimal)["rows"]]
    assert all(isinstance(one, (Decimal, int)) and -Decimal(one).as_tuple().exponent <= 2 for one in weights)  # type: ignore[operator]


def test_pages_follow_one_another(client: TestClient) -> None:
    seen: list[Any] = []
    path = f"{HOLDINGS}?fund=ARKF&limit=4"
    while path:
        found = client.get(path)
        body = found.json()
        seen += body["rows"]
        assert found.headers["x-total-count"] == "10"
        assert found.links.get("next", {}).get("url") == body["next"]
        path = body["next"]
    assert seen == client.get(f"{HOLDINGS}?fund=ARKF").json()["rows"]
    beyond = client.get(f"{HOLDINGS}?fund=ARKF&offset=500").json()
    assert (beyond["rows"], beyond["next"], beyond["total"]) == ([], None, 10)


def test_every_form_has_the_same_rows(client: TestClient) -> None:
    rows = client.get(f"{HOLDINGS}?fund=ARKF").json()["rows"]
    lines = client.get(f"{HOLDINGS}.jsonl?fund=ARKF")
    assert [json.loads(line) for line in lines.text.splitlines()] == rows
    text = client.get(f"{HOLDINGS}?fund=ARKF", headers={"Accept": "text/csv"})
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    assert text.headers["content-disposition"].startswith('attachment; filename="holdings-')
    table = list(csv.DictReader(io.StringIO(text.text)))
    assert [one["security.id"] for one in table] == [one["security"]["id"] for one in rows]
    parquet = client.get(f"{HOLDINGS}.parquet?fund=ARKF")
    read = pd.read_parquet(io.BytesIO(parquet.content))
    assert list(read["security"]) == [row["security"]["id"] for row in rows]


def test_formulas_are_text_in_csv_and_names_are_text_in_json(client: TestClient) -> None:
    table = list(csv.DictReader(io.StringIO(client.get(f"{HOLDINGS}.csv?fund=ARKF").text)))
    assert f"'{HOSTILE}" in {one["security.name"] for one in table}
    assert not [value for row in table for value in row.values() if value.startswith(tuple(GUARDED))]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("application/json;q=0, */*;q=0.1", None),
        ("image/png", None),
        ("text/csv;q=x", None),
    ],
)
def test_the_form_is_the_one_that_is_liked_best(client: TestClient, accept: str, kind: str | None) -> None:
    found = client.get(f"{HOLDINGS}?fund=ARKF", headers={"Accept": accept})
    assert found.status_code == (200 if kind else 406)
    assert found.headers["content-type"].partition(";")[0] == (kind or "application/problem+json")


def test_parquet_without_pyarrow_is_refused_in_words(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "find_spec", lambda _name: None)
    found = client.get(f"{HOLDINGS}.parquet?fund=ARKF")
    assert found.status_code == 406
    assert "pyarrow" in found.json()["detail"]


def test_what_is_known_is_not_sent_again(client: TestClient) -> None:
    first = client.get(f"{HOLDINGS}?fund=ARKF")
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["content-encoding"] == "gzip"
    again = client.get(f"{HOLDINGS}?fund=ARKF", headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    plain = client.get(f"{HOLDINGS}?fund=ARKF", headers={"Accept-Encoding": "identity"})
    assert plain.content == first.content
    assert plain.headers["etag"] != first.headers["etag"]  # strong: other bytes travelled
    assert client.get(f"{HOLDINGS}?fund=ARKW", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_head_is_get_without_the_body(client: TestClient) -> None:
    get, head = client.get(f"{HOLDINGS}?fund=ARKF"), client.head(f"{HOLDINGS}?fund=ARKF")
    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/v1/holdings", 400, "holdings needs fund: The fund"),
        ("/api/v1/holdings?fund=ARKZ", 400, "No fund 'ARKZ' in this database. Did you mean"),
        ("/api/v1/holdings?fund=ARKF&fnd=x", 400, "holdings has no parameter 'fnd'. Did you mean 'fund'?"),
        ("/api/v1/holdings?fund=ARKF&fund=ARKW", 400, "fund is given 2 times"),
        ("/api/v1/holdings?fund=ARKF&on=2022-13-01", 400, "2022-13-01"),
        ("/api/v1/holdings?fund=ARKF&limit=10001", 400, "limit"),
        ("/api/v1/holdings?fund=ARKF&offset=-1", 400, "offset"),
        ("/api/v1/holdings?fund=%3Cscript%3E%00", 400, "control character"),
        ("/api/v1/holdngs", 404, "Did you mean holdings?"),
        ("/api/v1/holdings.xml?fund=ARKF", 404, ".parquet"),
        ("/api/v1/views/v_holding?limit=1", 404, "v_holdings"),
        ("/api/v1/views/v_holdings?nosuch=1", 400, "nosuch"),
        ("/api/v1/why/E0", 404, "E0"),
        ("/api/nothing", 404, "/api/v1"),
    ],
)
def test_problems_are_said_in_words(client: TestClient, path: str, status: int, words: str) -> None:
    found = client.get(path)
    assert (found.status_code, found.headers["content-type"]) == (status, "application/problem+json")
    body = found.json()
    assert body["status"] == status
    assert words in body["detail"]


def test_other_methods_are_refused(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        found = client.request(method, f"{HOLDINGS}?fund=ARKF")
        assert (found.status_code, found.json()["status"]) == (405, 405)
        assert "GET" in found.headers["allow"]


def test_views_are_filtered_by_equality(client: TestClient) -> None:
    found = client.get("/api/v1/views/v_spells?fund=ARKF&closed=").json()
    assert found["rows"]
    assert {(one["fund"], one["closed"]) for one in found["rows"]} == {("ARKF", None)}
    page = client.get("/api/v1/views/holdings?fund=ARKF&as_of=2022-01-06&shares=600000&limit=5").json()
    assert [one["ticker"] for one in page["rows"]] == ["COIN"]
    assert client.get("/api/v1/views/v_holdings?limit=2").json()["total"] is None
    assert client.get("/api/v1/views/v_spells.csv?fund=' OR 1=1 --").text.count("\n") == 1


def test_records_of_the_program_are_answered(client: TestClient) -> None:
    held = client.get("/api/v1/quarantine").json()["rows"]
    assert [(one["fund"], one["state"]) for one in held] == [("ARKF", "quarantined")]
    assert len(client.get("/api/v1/quarantine?all=true").json()["rows"]) == 2
    assert client.get("/api/v1/alerts?state=sent").json()["rows"] == []
    assert client.get("/api/v1/incidents").json()["question"] == "incidents"
    assert {one["what"] for one in client.get("/api/v1/status").json()["rows"]} >= {"fund", "quarantine"}
    assert client.get(f"/api/v1/why/{held[0]['file']}").json()["file"]["as_of"] == "2022-01-14"


def test_the_index_lists_every_question_and_view(client: TestClient) -> None:
    found = client.get("/api/v1").json()
    assert [one["question"] for one in found["questions"]] == [one.slug for one in QUESTIONS]
    assert [one["view"] for one in found["views"]] == [one.name for one in VIEWS]
    described = client.get("/api/openapi.json").json()
    for one in found["questions"]:
        operation = described["paths"][one["href"]]["get"]
        assert operation["operationId"] == one["question"].replace("-", "_")
        names = {each["name"] for each in operation["parameters"]}
        assert names >= {each["name"] for each in one["parameters"]} | {"offset"}


def test_without_a_database_the_answer_says_so(tmp_path: Any) -> None:
    from monitor.web.service import build
    from tests.web.conftest import HERE, app_over

    with TestClient(build(app_over(tmp_path / "none.db")), base_url=HERE) as client:
        found = client.get(f"{HOLDINGS}?fund=ARKF")
        assert (found.status_code, found.headers["retry-after"]) == (503, "5")
        assert "db upgrade" in found.json()["detail"]
        assert client.get("/readyz").status_code == client.get("/healthz").status_code == 503
