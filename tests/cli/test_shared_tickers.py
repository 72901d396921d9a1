"""Two issuers whose funds bear the same tickers and publish the same bytes: each has its own events, alerts, pages."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from fastapi.testclient import TestClient

from monitor import cli
from monitor.app import configured, quiet, system_clock
from monitor.asking.question import Want
from monitor.asking.registry import QUESTIONS
from monitor.web.service import build
from tests.cli.conftest import Result, Run
from tests.cli.look_alike import BAD_DAY, DAYS, body, write_files
from tests.postgres import PostgresServer, database_name

ISSUERS = ("ark", "lantern")
CONFIG = '[alerts]\nchannels = ["log"]\n\n[channels.log]\ntype = "file"\npath = "log.jsonl"\n'
LATER = date(2022, 1, 18)
INSIDE = '{0:%m/%d/%Y},{1},"WICK UNLISTED",WUN,,"100,000","$1,000,000.00",1.00%\n'  # known inside its fund only
Ask = Callable[..., Result]
Row = dict[str, Any]


def lantern() -> str:
    """The description of an issuer that is ARK in everything but its name."""
    text = (resources.files("monitor.sources") / "issuers" / "ark.toml").read_text("utf-8")
    return text.replace('id = "ark"', 'id = "lantern"').replace('name = "ARK Invest"', 'name = "Lantern"')


def write(folder: Path) -> None:
    """The story in two parts: what is history, and what comes in while people watch."""
    (folder / "issuers").mkdir(parents=True)
    (folder / "issuers" / "lantern.toml").write_text(lantern(), encoding="utf-8")
    (folder / "monitor.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "files").mkdir()
    for path in sorted(write_files(folder / "files").iterdir()):
        if path.suffix == ".csv" and str(BAD_DAY) not in path.name and path.stem < f"{path.stem[:4]}_2022-01-11":
            text = path.read_text("utf-8") + INSIDE.format(date.fromisoformat(path.stem[5:]), path.stem[:4])
            path.write_text(text, encoding="utf-8")
        part = folder / ("before" if any(str(day) in path.name for day in DAYS[:3]) else "live")
        part.mkdir(exist_ok=True)
        shutil.move(path, part / path.name)


def load(folder: Path, database: str) -> None:
    """Both issuers' files, those of the later days with alerts."""
    shared = ["--db", database, "--config", str(folder / "monitor.toml")]
    for issuer in ISSUERS:
        assert cli.run(["ingest", str(folder / "before"), "--source", issuer, *shared]) == 0
    for issuer in ISSUERS:
        assert cli.run(["ingest", str(folder / "live"), "--source", issuer, "--alert", *shared]) == 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files, the configuration, and the story as SQLite holds it."""
    made = tmp_path_factory.mktemp("town")
    write(made)
    load(made, f"sqlite:///{made / 'town.db'}")
    return made


@pytest.fixture(scope="module")
def postgres_town(folder: Path, postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a PostgreSQL database that holds the same; its messages go to the same file."""
    name = database_name("town")
    url = postgres_server.create(name)
    (folder / "log.jsonl").rename(folder / "sqlite.jsonl")
    load(folder, url)
    (folder / "log.jsonl").rename(folder / "postgres.jsonl")
    yield name
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def town(
    request: pytest.FixtureRequest, folder: Path, tmp_path: Path, postgres_server: PostgresServer
) -> Iterator[str]:
    """The address of a copy of the database of both issuers; what it told until now is `log.jsonl`."""
    other = request.getfixturevalue("postgres_town")
    shutil.copyfile(folder / f"{request.param}.jsonl", tmp_path / "log.jsonl")
    shutil.copyfile(folder / "monitor.toml", tmp_path / "monitor.toml")
    shutil.copytree(folder / "issuers", tmp_path / "issuers")
    if request.param == "sqlite":
        shutil.copyfile(folder / "town.db", tmp_path / "town.db")
        yield f"sqlite:///{tmp_path / 'town.db'}"
        return
    name = database_name("own")
    yield postgres_server.create(name, other)
    postgres_server.drop(name)


@pytest.fixture
def ask(run: Run, town: str) -> Ask:
    """Runs a command over the database of both issuers."""
    return lambda *words: run(*words, "--db", town, "--config", "monitor.toml")


def rows(ask: Ask, *words: str) -> list[Row]:
    """The answer of a command as objects."""
    answer = ask(*words, "--format", "json")
    assert answer.code == 0, (words, answer.err)
    return answer.rows


def told() -> list[Row]:
    """What was told until now."""
    return [json.loads(line) for line in Path("log.jsonl").read_text("utf-8").splitlines()]


def plain(row: Row) -> str:
    """What a change says, whoever's it is."""
    own = {"id", "issuer", "known_at"} | ({"security"} if row["security"]["cusip"] is None else set())
    text = json.dumps({key: value for key, value in row.items() if key not in own}, sort_keys=True)
    return text.replace("ARK Invest", "Lantern")


def test_each_issuer_has_its_own_events_and_items(ask: Ask) -> None:
    found = rows(ask, "changes", "--since", "2022-01-01")
    assert max(Counter(row["id"] for row in found).values()) == 1
    said = {issuer: sorted(plain(row) for row in found if row["issuer"] == issuer) for issuer in ISSUERS}
    assert said["ark"] == said["lantern"]
    assert {row["level"] for row in found} == {"event", "item"}
    unlisted = {(row["issuer"], row["security"]["id"]) for row in found if row["security"]["ticker"] == "WUN"}
    assert len({security for _, security in unlisted}) == len(unlisted) == 4  # known inside its fund only


def test_each_is_told_once_and_a_further_day_repeats_nothing(ask: Ask, tmp_path: Path) -> None:
    first = told()
    by = Counter(one["issuer"] for one in first)
    assert by["ark"] == by["lantern"] >= 2
    assert max(Counter(one["key"] for one in first).values()) == 1
    (tmp_path / "next").mkdir()
    for fund in ("ARKF", "ARKW"):
        (tmp_path / "next" / f"{fund}.csv").write_text(body(fund, LATER), encoding="utf-8")
    for issuer in ISSUERS:
        assert ask("ingest", "next", "--source", issuer, "--alert").code in (0, 3)
    assert told()[: len(first)] == first
    assert {one["form"] for one in told()} == {"alert"}
    assert max(Counter(one["key"].rpartition(":")[0] for one in told()).values()) == 1
    before = rows(ask, "changes", "--since", "2022-01-01")
    assert ask("db", "rebuild").code == 0
    assert rows(ask, "changes", "--since", "2022-01-01") == before
    assert ask("db", "check").code == 0


def test_why_explains_each_by_its_own_files(ask: Ask) -> None:
    for row in rows(ask, "changes", "--since", "2022-01-10"):
        (tree,) = rows(ask, "why", row["id"])
        assert (tree["id"], tree["issuer"]) == (row["id"], row["issuer"])
    for one in {one["key"]: one for one in told()}:
        (tree,) = rows(ask, "why", one)
        assert tree["id"] == one


def test_a_shared_ticker_is_answered_with_both_and_each_is_reached_by_its_issuer(ask: Ask) -> None:
    refused = ask("holdings", "ARKF")
    assert refused.code == 2
    assert "ark/ARKF, lantern/ARKF" in refused.err
    for issuer in ISSUERS:
        assert {row["issuer"] for row in rows(ask, "holdings", f"{issuer}/ARKF")} == {issuer}
        assert rows(ask, "holdings", f"{issuer.upper()}/arkf")
        changes = rows(ask, "changes", "--fund", f"{issuer}/ARKF", "--since", "2022-01-01")
        assert {row["issuer"] for row in changes} == {issuer}
        assert changes == rows(ask, "changes", "--fund", "ARKF", "--issuer", issuer, "--since", "2022-01-01")
        assert all("ARKF" in row["funds"] for row in changes)
        said = rows(ask, "first-and-last", "COIN", "--fund", f"{issuer}/ARKF")
        assert [(row["issuer"], row["first_file"]) for row in said] == [(issuer, "2022-01-06")]


def test_every_question_takes_the_issuer_before_the_fund(town: str) -> None:
    values = {Want.FUND: "lantern/ARKF", Want.SECURITY: "COIN", Want.COUNT: "1000000", Want.DAY: "2022-01-05"}
    app = configured(None, town, {}, system_clock, quiet)
    with TestClient(build(app), base_url="http://127.0.0.1:8765") as client:
        for question in QUESTIONS:
            funds = [one.name for one in question.parameters if one.want is Want.FUND]
            wanted = [one for one in question.parameters if one.required or one.name in funds]
            if funds:
                asked = {one.name: str(values.get(one.want, one.example)) for one in wanted}
                answer = client.get(f"/api/v1/{question.slug}", params=asked)
                assert answer.status_code == 200, (question.slug, answer.text)
                assert {row.get("issuer", "lantern") for row in answer.json()["rows"]} <= {"lantern"}, question.slug


@pytest.mark.parametrize(
    "words",
    [
        ("mute", "add", "--fund", "lantern/ARKF", "--days", "3"),
        ("evidence", "list", "--fund", "lantern/ARKF"),
        ("evidence", "claims", "--fund", "lantern/ARKF"),
        ("chart", "COIN", "--fund", "lantern/ARKF", "--to", "x.png"),
        ("why", "lantern/ARKF/2022-01-13"),
        ("why", "lantern/ARKF/2022-01-14"),
        ("quarantine", "show", "lantern/ARKF/2022-01-14"),
    ],
    ids=" ".join,
)
def test_every_command_takes_the_issuer_before_the_fund(ask: Ask, words: tuple[str, ...]) -> None:
    answer = ask(*words)
    assert answer.code == 0, answer.err


def test_held_files_are_told_apart(ask: Ask) -> None:
    refs = [row["file"] for row in rows(ask, "quarantine", "list")]
    assert [ref.partition("/2022")[0] for ref in refs] == ["ark/ARKF", "lantern/ARKF"]
    both = ask("quarantine", "show", "ARKF/2022-01-14")
    assert both.code == 2
    assert all(ref in both.err for ref in refs)
    assert ask("quarantine", "reject", refs[1]).code == 0
    assert [row["file"] for row in rows(ask, "quarantine", "list")] == refs[:1]
    names = [row["name"] for row in ask("status", "--format", "json").rows if row["what"] == "fund"]
    assert names == ["ark/ARKF", "ark/ARKW", "lantern/ARKF", "lantern/ARKW"]


def test_pages_feeds_and_the_api_lead_to_each(ask: Ask, town: str) -> None:
    found = rows(ask, "changes", "--since", "2022-01-10")
    app = configured(None, town, {}, system_clock, quiet)
    with TestClient(build(app), base_url="http://127.0.0.1:8765") as client:
        for row in found:
            page = client.get(f"/item/{row['id']}")
            assert page.status_code == 200, row["id"]
            assert f"/fund/{row['issuer']}/{row['funds'][0]}" in page.text
        for issuer in ISSUERS:
            assert client.get(f"/fund/{issuer}/ARKF").status_code == 200
            answer = client.get("/api/v1/holdings", params={"fund": f"{issuer}/ARKF"})
            assert {row["issuer"] for row in answer.json()["rows"]} == {issuer}
        refused = client.get("/api/v1/holdings", params={"fund": "ARKF"})
        assert refused.status_code == 400
        assert "ark/ARKF, lantern/ARKF" in refused.text
        feed = fromstring(client.get("/feeds/changes.atom").content)
        ids = [one.text for one in feed.iter("{http://www.w3.org/2005/Atom}id")]
        assert len(set(ids)) == len(ids)
        assert {f"tag:holdings-monitor.invalid,2026:item:{one['item']}" for one in told()} <= set(ids)
