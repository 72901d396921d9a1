"""export: every view and question in every form, typed, guarded, complete or absent."""

from __future__ import annotations

import csv
import errno
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from monitor.asking.question import Question, Want
from monitor.asking.registry import QUESTIONS
from monitor.cli.wording import counted
from monitor.core.columns import Sort
from monitor.exporting import folders, parquet, placing, workbook
from monitor.exporting.parquet import arrow_type
from monitor.exporting.table import Field, Table
from monitor.store.views import VIEWS, View
from tests.cli.conftest import Run
from tests.cli.look_alike import HOSTILE

ENDINGS = ("csv", "json", "jsonl", "parquet", "xlsx")
VALUES = {Want.FUND: "ARKF", Want.ISSUER: "ark", Want.SECURITY: "TSLA", Want.DAY: "2022-01-05", Want.NUMBER: "1000000"}
VALUES |= {Want.COUNT: "3", Want.TEXT: "TESLA", Want.INSTANT: "2022-01-05"}


def asked(question: Question) -> list[str]:
    """The options that give a question what it needs."""
    values = {one.name: VALUES.get(one.want, one.example) for one in question.parameters if one.required}
    values |= {name: "ARKW" for name in values if name == "other"}
    if "file" in values:
        values["file"] = "ARKF/2022-01-05"
    return [part for name, value in values.items() for part in ("--with", f"{name}={value}")]


def left(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if one.name not in (".config", ".cache"))


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_every_view_is_exported_in_every_form(run: Run, story: str, tmp_path: Path, view: str) -> None:
    count = run("sql", f"SELECT count(*) AS n FROM {view}", "--format", "json", "--db", story).rows[0]["n"]
    for ending in ENDINGS:
        answer = run("export", view, "--to", tmp_path / f"out.{ending}", "--db", story)
        assert answer.code == 0, answer.err
        assert f"{counted(count, 'row')} written" in answer.out
    assert len(json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))) == count
    assert pq.read_metadata(tmp_path / "out.parquet").num_rows == count
    assert left(tmp_path) == sorted(f"out.{ending}" for ending in ENDINGS)


@pytest.mark.parametrize("view", VIEWS, ids=[view.name for view in VIEWS])
def test_the_columns_of_views_are_what_they_say(run: Run, story: str, tmp_path: Path, view: View) -> None:
    assert run("export", view.name, "--to", tmp_path / "x.parquet", "--db", story).code == 0
    schema = pq.read_schema(tmp_path / "x.parquet")
    assert [(field.name, field.type) for field in schema] == [(c.name, arrow_type(c.sort)) for c in view.columns]
    assert all(field.metadata[b"meaning"] for field in schema)
    rows = run("sql", f"SELECT * FROM {view.name} LIMIT 50", "--format", "json", "--db", story).rows
    fits: dict[Sort, type | tuple[type, ...]] = {
        Sort.TEXT: str,
        Sort.DAY: str,
        Sort.INSTANT: str,
        Sort.WHOLE: int,
        Sort.NUMBER: (int, float),
    }
    for row in rows:
        for column in view.columns:
            value = row[column.name]
            assert value is None or isinstance(value, fits[column.sort]), (column.name, value)
            assert column.sort is not Sort.TEXT or value is None or not _is_instant(value), column.name


def _is_instant(text: object) -> bool:
    return isinstance(text, str) and len(text) == 27 and text.endswith("Z") and text[10] == "T"


@pytest.mark.parametrize("question", QUESTIONS, ids=[one.name for one in QUESTIONS])
def test_every_question_is_exported(run: Run, sqlite_story: Path, tmp_path: Path, question: Question) -> None:
    for ending in ENDINGS:
        answer = run(
            *("export", question.slug, "--question", *asked(question)),
            *("--to", tmp_path / f"a.{ending}", "--db", sqlite_story),
        )
        assert answer.code == 0, answer.err
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert [field.name for field in schema] == [column.name for column in question.columns]
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == schema.names
    assert len(table) - 1 == len(json.loads((tmp_path / "a.json").read_text(encoding="utf-8")))


def test_text_forms_agree_and_are_guarded(run: Run, story: str, tmp_path: Path) -> None:
    for ending in ("csv", "jsonl"):
        assert run("export", "holdings", "--to", tmp_path / f"h.{ending}", "--db", story).code == 0
    with (tmp_path / "h.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["as_of"] for row in table] == [row["as_of"] for row in lines]
    assert {row["name"] for row in table if "HYPERLINK" in row["name"]} == {f"'{HOSTILE}"}
    assert {row["name"] for row in lines if "HYPERLINK" in row["name"]} == {HOSTILE}


def test_parquet_has_real_types_on_both_databases(run: Run, story: str, tmp_path: Path) -> None:
    assert run("export", "v_holdings", "--to", tmp_path / "h.parquet", "--db", story).code == 0
    row = next(row for row in pq.read_table(tmp_path / "h.parquet").to_pylist() if row["name"] == "TESLA INC")
    assert row["as_of"] == date(2022, 1, 3)
    assert row["shares"] == 1_003_000.0
    assert row["known_at"].tzinfo is not None
    meta = json.loads(pq.read_schema(tmp_path / "h.parquet").metadata[b"holdings-monitor"])
    assert meta["table"] == "v_holdings"
    column = pq.ParquetFile(tmp_path / "h.parquet").metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"


def test_parquet_is_written_in_groups(
    run: Run, sqlite_story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_BYTES", 1)
    monkeypatch.setattr("monitor.store.whole_views.BATCH", 50)
    assert run("export", "v_holdings", "--to", tmp_path / "h.parquet", "--db", sqlite_story).code == 0
    meta = pq.read_metadata(tmp_path / "h.parquet")
    assert meta.num_rows == 183
    assert meta.num_row_groups == 4


def test_excel_has_dates_numbers_and_text_that_stays_text(run: Run, story: str, tmp_path: Path) -> None:
    path = tmp_path / "h.xlsx"
    assert run("export", "v_holdings", "--where", "fund=ARKF", "--to", path, "--db", story).code == 0
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["v_holdings", "About"]
    sheet = book["v_holdings"]
    names = [cell.value for cell in sheet[1]]
    rows = [dict(zip(names, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=2)]
    tesla = next(row for row in rows if row["name"] == "TESLA INC")
    assert tesla["as_of"] == datetime(2022, 1, 3, tzinfo=UTC).replace(tzinfo=None)
    assert tesla["shares"] == 1_003_000
    assert isinstance(rows[0]["known_at"], datetime)
    hostile = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value == HOSTILE]
    assert hostile
    assert {cell.data_type for cell in hostile} == {"s"}
    assert not any(cell.hyperlink for cell in hostile)
    assert {cell.value for row in sheet.iter_rows(min_row=2) for cell in row if cell.value == "+ODD"} == {"+ODD"}
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:N{len(rows) + 1}"
    assert sheet["C2"].number_format == "yyyy-mm-dd"
    about = {row[0].value: row[1].value for row in book["About"].iter_rows() if row[0].value}
    assert about["Asked: fund"] == "ARKF"
    assert about["Rows"] == str(len(rows))
    assert "UTC" in about["Written"]
    assert "/" not in about["Database"]
    assert "as_of" in about


def test_an_answer_names_its_files_in_excel(run: Run, sqlite_story: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    given = ("--with", "fund=ARKF", "--with", "on=2022-01-05")
    assert run("export", "holdings", *given, "--to", path, "--db", sqlite_story).code == 0
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["holdings", "About"]
    cited = [[cell.value for cell in row] for row in book["About"].iter_rows() if row[0].value == "ark/ARKF"]
    assert [row[1] for row in cited] == ["2022-01-05"]
    assert len(str(cited[0][2])) == 64


def test_too_many_rows_for_excel_are_refused(
    run: Run, story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 100)
    answer = run("export", "v_holdings", "--to", tmp_path / "h.xlsx", "--db", story)
    assert answer.code == 2
    assert "CSV and Parquet" in answer.err
    assert left(tmp_path) == []


def test_a_text_too_long_for_a_cell_is_cut_and_said(tmp_path: Path) -> None:
    name = "=1+1 😀\x07" * 9000
    field = Field("name", Sort.TEXT, "", "a name")
    table = Table("t", "a table", (field,), (), lambda by: iter([[[name]]]), lambda: iter([]), lambda count: False)
    made_at = datetime(2022, 1, 5, tzinfo=UTC)
    assert workbook.write_workbook(tmp_path / "h.xlsx", table, database="x", made_at=made_at) == 1
    book = openpyxl.load_workbook(tmp_path / "h.xlsx")
    assert str(book["t"]["A2"].value).startswith("=1+1 😀")
    assert book["t"]["A2"].data_type == "s"
    assert any(row[1].value and "longer than a cell" in str(row[1].value) for row in book["About"].iter_rows())


def test_filters_are_values_never_sql(run: Run, story: str, tmp_path: Path) -> None:
    def rows(*where: str) -> int:
        options = [part for one in where for part in ("--where", one)]
        answer = run("export", "holdings", *options, "--to", "w.jsonl", "--force", "--db", story)
        assert answer.code == 0, answer.err
        return len((tmp_path / "w.jsonl").read_text(encoding="utf-8").splitlines())

    assert rows("fund=ARKF", "as_of=2022-01-05") == 10
    assert rows("fund=ARKF' OR '1'='1") == 0
    assert rows("shares=500000", "fund=ARKF") == 9
    assert rows("shares=") == 0
    assert rows(f"name={HOSTILE}") == 18
    for wrong in ("fnd=ARKF", "ARKF", "shares=many", "as_of=never", "fund=x\ny"):
        assert run("export", "holdings", "--where", wrong, "--to", "n.csv", "--db", story).code == 2
    assert "Did you mean fund?" in run("export", "holdings", "--where", "fnd=ARKF", "--to", "n.csv", "--db", story).err


def test_a_folder_of_parts_reads_as_one_table(run: Run, story: str, tmp_path: Path) -> None:
    options = ("export", "v_holdings", "--to", f"{tmp_path}/parts/", "--partition", "issuer,fund", "--db", story)
    assert run(*options).code == 0
    parts = tmp_path / "parts"
    files = sorted(str(one.relative_to(parts)) for one in parts.rglob("*.parquet"))
    assert files == ["issuer=ark/fund=ARKF/part-00000.parquet", "issuer=ark/fund=ARKW/part-00001.parquet"]
    table = ds.dataset(parts, partitioning="hive").to_table()
    assert table.num_rows == 183
    assert set(table["fund"].to_pylist()) == {"ARKF", "ARKW"}
    assert left(tmp_path) == ["parts"]
    again = run(*options)
    assert (again.code, "not empty" in again.err) == (2, True)
    assert run(*options, "--force").code == 0
    assert left(tmp_path) == ["parts"]
    (parts / "mine.txt").write_text("mine", encoding="utf-8")
    assert "not replaced" in run(*options, "--force").err


def test_parts_by_year_keep_the_date(run: Run, story: str, tmp_path: Path) -> None:
    assert run("export", "v_holdings", "--to", tmp_path / "y", "--partition", "year", "--db", story).code == 0
    assert [one.name for one in (tmp_path / "y").iterdir() if one.is_dir()] == ["year=2022"]
    table = ds.dataset(tmp_path / "y", partitioning="hive").to_table()
    assert table.schema.field("as_of").type == pa.date32()
    given = ("--with", "fund=ARKF", "--to", tmp_path / "q", "--partition", "currency")
    assert run("export", "holdings", *given, "--db", story).code == 0
    assert (tmp_path / "q" / "currency=USD").is_dir()


def test_parts_of_no_rows_tell_the_columns(run: Run, sqlite_url: str, tmp_path: Path) -> None:
    options = ("--to", tmp_path / "e", "--partition", "issuer", "--db", sqlite_url)
    assert run("export", "v_holdings", *options).code == 0
    assert "shares" in pq.read_schema(tmp_path / "e" / "part-00000.parquet").names


@pytest.mark.parametrize("partition", ["weight", "nothing", "fund,fund", ""])
def test_wrong_parts_are_refused(run: Run, sqlite_story: Path, tmp_path: Path, partition: str) -> None:
    options = ("--to", tmp_path / "p", "--partition", partition, "--db", sqlite_story)
    assert run("export", "v_holdings", *options).code == 2
    assert left(tmp_path) == []


HOSTILE_NAMES = ["../../etc", "..", ".", "/abs", "a/b", "a\\b", "C:x", "x\x00y", "<script>", "a b", "%2e%2e", "a~b", ""]
HOSTILE_NAMES += ["＝cmd", "\u202egnp", "X" * 4000, "X" * 3999 + "Y", folders.UNKNOWN, "NUL", "é" * 900, "~", "%"]


def test_names_of_parts_stay_in_the_folder_and_apart(tmp_path: Path) -> None:
    names = [folders.safe_name(value) for value in HOSTILE_NAMES]
    assert len(set(names)) == len(names)
    for name in names:
        assert name.isascii()
        assert "/" not in name
        assert len(name) <= folders.LONGEST
        place = tmp_path / f"fund={name}"
        place.mkdir()
        assert place.resolve().parent == tmp_path.resolve()
    assert folders.safe_name(None) == folders.UNKNOWN


def test_what_cannot_be_written_leaves_nothing(
    run: Run, story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.csv").write_text("mine", encoding="utf-8")
    for view, to in (("holding", "x.csv"), ("v_items", "x.txt"), ("v_items", "none/x.csv"), ("v_items", "there.csv")):
        assert run("export", view, "--to", tmp_path / to, "--db", story).code == 2
    assert run("export", "v_items", "--to", f"{tmp_path}/", "--db", story).code == 2
    assert run("export", "v_items", "--to", "x.csv", "--partition", "fund", "--db", story).code == 2
    assert run("export", "v_items", "--to", "x.csv", "--with", "fund=ARKF", "--db", story).code == 2
    assert run("export", "who-holds", "--to", "x.csv", "--where", "fund=ARKF", "--db", story).code == 2
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "mine"
    assert run("export", "v_items", "--to", tmp_path / "there.csv", "--force", "--db", story).code == 0
    assert left(tmp_path) == ["there.csv"]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(placing, "_put", full)
    for ending in ENDINGS:
        answer = run("export", "v_items", "--to", tmp_path / f"full.{ending}", "--db", story)
        assert (answer.code, "No space left" in answer.err) == (2, True)
    assert left(tmp_path) == ["there.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk_is_said_and_nothing_remains(
    run: Run, sqlite_story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    make = Path.mkdir

    def onto_a_full_disk(self: Path, *given: object, **named: object) -> None:
        make(self)
        (self / "whole").symlink_to("/dev/full")

    monkeypatch.setattr(Path, "mkdir", onto_a_full_disk)
    answer = run("export", "v_holdings", "--to", tmp_path / f"f.{ending}", "--db", sqlite_story)
    assert answer.code == 2, answer.out
    assert "cannot be written" in answer.err
    assert left(tmp_path) == []


def test_parquet_without_pyarrow_says_what_to_install(
    run: Run, story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.cli.exporting.find_spec", lambda name: None)
    answer = run("export", "v_items", "--to", tmp_path / "x.parquet", "--db", story)
    assert answer.code == 2
    assert "holdings-monitor[parquet]" in answer.err


def test_a_name_that_both_have_means_the_view_unless_asked(run: Run, sqlite_story: Path, tmp_path: Path) -> None:
    assert run("export", "holdings", "--to", "v.csv", "--db", sqlite_story).code == 0
    assert "asset_class" in (tmp_path / "v.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "needs fund" in run("export", "holdings", "--question", "--to", "q.csv", "--db", sqlite_story).err
    assert "Did you mean who_holds" in run("export", "who-hold", "--to", "q.csv", "--db", sqlite_story).err


def test_instants_before_excel_began_stay_text() -> None:
    assert workbook._moment("1899-12-31") is None
    assert workbook._moment("2022-01-05T10:00:00.000000Z") == datetime(2022, 1, 5, 10, tzinfo=UTC).replace(tzinfo=None)
