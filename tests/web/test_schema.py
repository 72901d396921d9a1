"""The OpenAPI document against the service: whatever is asked, no 5xx, and every answer is as described."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from monitor.asking.registry import QUESTIONS
from monitor.web.api import records
from monitor.web.service import build
from tests.web.conftest import app_over

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KNOWN = {  # what the story has, so that some questions get beyond their parameters
    "fund": "ARKF", "other": "ARKW", "security": "COIN", "issuer": "ark", "on": "2022-01-06", "since": "2022-01-01",
    "before": "2022-01-04", "after": "2022-01-12", "text": "TESLA", "file": "ARKF/2022-01-06",
    "outstanding": "200000000",
}  # fmt: skip


@pytest.fixture(scope="module")
def operations(look_alike: Path) -> Iterator[list[Any]]:
    """Every operation of the document of a service that answers in this process."""
    service = build(app_over(look_alike, hosts="testserver"))
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", service)
    found: list[Any] = list(schema.get_all_operations())
    yield [one.ok() for one in found]
    service.state.history.close()


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_is_asked_the_service_answers_as_described(operations: list[Any], mode: GenerationMode) -> None:
    for operation in operations:
        bounded = settings(max_examples=4, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
                           suppress_health_check=list(HealthCheck))  # fmt: skip

        @bounded
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            case.validate_response(case.call(), checks=CHECKS)

        with suppress(Unsatisfiable):  # where nothing can be asked, nothing can be asked wrongly
            ask()


@pytest.mark.parametrize("question", [one.slug for one in QUESTIONS])
def test_every_question_is_answered_as_described(client: TestClient, question: str) -> None:
    asked = next(one for one in QUESTIONS if one.slug == question)
    given = {
        one.name: KNOWN[one.name]
        for one in asked.parameters
        if one.name in KNOWN and (one.required or one.name in ("since", "fund"))
    }
    found = client.get(f"/api/v1/{question}", params=given)
    assert found.status_code == 200, found.text
    document = client.get("/api/openapi.json").json()
    answers = document["paths"][f"/api/v1/{question}"]["get"]["responses"]
    described = answers["200"]["content"]["application/json"]["schema"] | {"components": document["components"]}
    jsonschema.validate(found.json(), described)
    for form in ("csv", "jsonl", "parquet"):
        assert client.get(f"/api/v1/{question}.{form}", params=given).status_code == 200


def test_every_answer_has_an_example_that_fits(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            for status, answer in operation["responses"].items():
                for media, content in answer.get("content", {}).items():
                    if "json" not in media or media.endswith("x-ndjson") or status == "default":
                        continue
                    described = content["schema"] | {"components": document["components"]}
                    jsonschema.validate(content["example"], described)


def test_the_records_of_the_index_are_described(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {f"/api/v1/{name}" for name in records.NAMES} <= set(paths)
