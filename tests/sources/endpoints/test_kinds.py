"""One stand-in for each kind of endpoint, asked by the real fetcher through the real commands `check` and `probe`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date
from urllib.parse import quote

import pytest
from werkzeug import Request, Response

from tests.cli.conftest import Run
from tests.sources.endpoints.issuer import Issuer, csv, page, rows

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
EVENING = ("--at", "2026-11-24T23:00Z")
FILE = csv("WILO", day=TUESDAY)
DATELESS = ("account", "name", "ticker", "cusip", "shares", "value", "weight")
NO_DATE = b"\n".join(line.split(b",", 1)[1] for line in FILE.splitlines()) + b"\n"


def checked(run: Run, *funds: str) -> str:
    """What `check` said."""
    answer = run("check", *funds, *EVENING)
    return f"{answer.code}: {answer.out}{answer.err}"


def stored(run: Run) -> list[tuple[str, str, int]]:
    """Fund, date and lines of what is held, by the newest file."""
    found: dict[tuple[str, str], int] = {}
    for row in run("holdings", "WILO", "--format", "json").rows:
        found[row["fund"], row["as_of"]] = found.get((row["fund"], row["as_of"]), 0) + 1
    return [(*key, count) for key, count in found.items()]


@pytest.fixture
def is_read(run: Run) -> Callable[[], None]:
    """Passes when `probe` reads the file and `check` stores it: dated Tuesday, with all three lines."""

    def look() -> None:
        probed = run("sources", "probe", "willow", "--date", "2026-11-24", "--json")
        assert probed.code == 0, probed.out
        files = probed.rows[0]["files"]
        assert [(one["as_of"], one["lines"], one["unread"]) for one in files] == [("2026-11-24", 3, 0)]
        said = checked(run)
        assert said.startswith("0: "), said
        assert stored(run) == [("WILO", "2026-11-24", 3)]

    return look


def test_plain_with_validators(issuer: Issuer, run: Run, is_read: Callable[[], None]) -> None:
    issuer.serves("/WILO.csv", FILE)
    issuer.source("/{T}.csv")
    is_read()
    assert "not modified" in checked(run)
    assert "If-None-Match" in issuer.asked("/WILO.csv")[-1].headers


def test_a_redirect_that_sets_a_cookie_and_comes_back(issuer: Issuer, run: Run, is_read: Callable[[], None]) -> None:
    def answer(request: Request) -> Response:
        if request.args.get("redirectVE"):
            return Response(b"", 302, {"Location": "/holdings/", "Set-Cookie": "visitor=generic; Path=/"})
        if request.cookies.get("visitor") != "generic":
            return Response(b"", 302, {"Location": "/holdings/?redirectVE=generic"})
        return Response(NO_DATE, headers={"Content-Disposition": 'attachment; filename="WILO_asof_20261124.csv"'})

    issuer.answers("/holdings/", answer)
    issuer.source("/holdings/", top='date_from = "name"', columns=DATELESS)
    refused = run("sources", "probe", "willow")
    assert refused.code == 1
    assert "more than 5 redirects" in refused.out
    assert "sets cookies" in refused.out
    issuer.source("/holdings/", http='cookies = "jar"', top='date_from = "name"', columns=DATELESS)
    is_read()
    before = len(issuer.asked())
    checked(run)
    assert len(issuer.asked()) == before + 3  # the jar is empty again: nothing outlives a download


def test_a_referer_and_the_headers_of_a_browser(issuer: Issuer, run: Run, is_read: Callable[[], None]) -> None:
    def answer(request: Request) -> Response:
        there = request.headers.get("Referer") == issuer.url("/funds/wilo/")
        return Response(FILE) if there and request.headers.get("Sec-Fetch-Mode") == "navigate" else Response(status=403)

    issuer.answers("/WILO.csv", answer)
    issuer.source("/{T}.csv")
    refused = run("sources", "probe", "willow", "WILO")
    assert refused.code == 1
    assert "answered 403 Forbidden" in refused.out
    assert "Sec-Fetch-*" in refused.out
    http = f'referer = "{issuer.url("/funds/{t}/")}"\nheaders = {{ "Sec-Fetch-Mode" = "navigate" }}'
    issuer.source("/{T}.csv", http=http)
    is_read()


def test_a_form_posted_to_the_page_of_the_fund(issuer: Issuer, is_read: Callable[[], None]) -> None:
    def answer(request: Request) -> Response:
        wanted = {"export": "holdings", "fund": "101"}
        return Response(FILE if request.form.to_dict() == wanted else page())

    issuer.answers("/wilo/", answer)
    issuer.source("/{t}/", http='method = "POST"\nform = { export = "holdings", fund = "{number}" }')
    is_read()


def test_a_question_in_json(issuer: Issuer, is_read: Callable[[], None]) -> None:
    asked = {"operationName": "Holdings", "variables": {"productId": "101", "count": 2}, "query": "{ rows { name } }"}

    def answer(request: Request) -> Response:
        right = request.is_json and request.get_json() == asked
        return Response(json.dumps({"data": {"rows": rows("WILO", TUESDAY)}} if right else {"errors": []}))

    issuer.answers("/graphql", answer)
    variables = 'variables = { productId = "{number}", count = 2 }'
    body = f'json = {{ operationName = "Holdings", {variables}, query = "{{ rows {{ name }} }}" }}'
    issuer.source("/graphql", http=f'method = "POST"\n{body}', shape="json", top='tables = ["data.rows"]')
    is_read()


def test_the_day_in_the_body_of_a_request(issuer: Issuer, run: Run, is_read: Callable[[], None]) -> None:
    def answer(request: Request) -> Response:
        return Response(NO_DATE) if request.form["day"] == "24.11.2026" else Response(b"", 404)

    issuer.answers("/export", answer)
    http = 'method = "POST"\nform = { day = "{date:DD.MM.YYYY}" }'
    issuer.source("/export", http=http, top='date_from = "name"', columns=DATELESS)
    is_read()


def test_dated_addresses_with_days_that_have_no_file(issuer: Issuer, run: Run) -> None:
    issuer.serves("/WILO_20261120.csv", csv("WILO", day=date(2026, 11, 20)))
    issuer.source("/{T}_{date:YYYYMMDD}.csv")
    assert "24: answered 404" not in checked(run)
    assert stored(run) == [("WILO", "2026-11-20", 3)]
    issuer.serves("/WILO_20261124.csv", FILE)  # none of Monday
    said = checked(run)
    assert said.startswith("0: ")
    assert stored(run) == [("WILO", "2026-11-24", 3)]
    holiday = run("sources", "probe", "willow", "--date", "2026-11-23")
    assert holiday.code == 3
    assert "There is no file of that day." in holiday.out


SHELLS = {
    "html": (page("<h1>Holdings</h1>"), 'absent_codes = ["html"]'),
    "text": (b'Willow WILO\nFund Holdings as of,"-"\n', "absent = ['Fund Holdings as of,\"-\"']"),
    "empty": (b"Date,Account,Name,Ticker,CUSIP,Shares,Value,Weight\n", 'absent_codes = ["rows"]'),
    "status": (b"AccessDenied", "absent_status = [403]"),
}


@pytest.mark.parametrize("kind", SHELLS)
def test_a_shell_instead_of_a_missing_day(issuer: Issuer, run: Run, kind: str) -> None:
    shell, sniff = SHELLS[kind]
    files = {"20261120": csv("WILO", day=date(2026, 11, 20)), "20261124": FILE}

    def answer(request: Request) -> Response:
        status = 403 if kind == "status" else 200
        day = request.path[-12:-4]
        return Response(files[day]) if day in files else Response(shell, status)

    for day in range(16, 26):
        issuer.answers(f"/WILO_202611{day}.csv", answer)
    issuer.source("/{T}_{date:YYYYMMDD}.csv", sniff=sniff)
    assert checked(run).startswith("0: ")
    assert stored(run) == [("WILO", "2026-11-24", 3)]
    del files["20261124"]
    assert run("check", "--at", "2026-11-25T23:00Z").code == 0  # neither refused nor failed: there is none yet
    status = run("status", "--at", "2026-11-25T23:30Z", "--format", "json")
    assert "failing" not in status.out
    probed = run("sources", "probe", "willow", "--date", "2026-11-23", "--json")
    assert (probed.code, probed.rows[0]["verdict"]) == (3, "absent")


@pytest.mark.parametrize("total", ['total = "size"', ""])
def test_json_in_pages(issuer: Issuer, is_read: Callable[[], None], run: Run, total: str) -> None:
    holdings = rows("WILO", TUESDAY)

    def answer(request: Request) -> Response:
        start, count = int(request.args["start"]), int(request.args["count"])
        part = holdings[start - 1 : start - 1 + count]
        return Response(json.dumps({"size": len(holdings), "fund": {"entity": part}}))

    issuer.answers("/holdings", answer)
    pages = f'[http.pages]\nrows = "fund.entity"\nstart = "start"\ncount = "count"\nsize = 2\n{total}'
    issuer.source("/holdings", http=pages, shape="json", top='tables = ["fund.entity"]')
    is_read()
    assert [one.args["start"] for one in issuer.asked()][:2] == ["1", "3"]


def test_json_whose_pages_name_the_next(issuer: Issuer, is_read: Callable[[], None], run: Run) -> None:
    first, second = rows("WILO", TUESDAY)[:2], rows("WILO", TUESDAY)[2:]
    issuer.serves("/p1", json.dumps({"rows": first, "links": {"next": "p2?x=1"}}).encode(), "application/json")
    issuer.serves("/p2", json.dumps({"rows": second, "links": {"next": None}}).encode(), "application/json")
    pages = '[http.pages]\nrows = "rows"\nnext = "links.next"'
    issuer.source("/p1", http=pages, shape="json", top='tables = ["rows"]')
    is_read()


def test_pages_that_hold_less_than_they_say(issuer: Issuer, run: Run) -> None:
    def answer(request: Request) -> Response:
        part = rows("WILO", TUESDAY)[:2] if request.args["start"] == "0" else []
        return Response(json.dumps({"size": 3, "rows": part}))

    issuer.answers("/holdings", answer)
    pages = '[http.pages]\nrows = "rows"\nstart = "start"\nfirst = 0\nsize = 2\ntotal = "size"'
    issuer.source("/holdings", http=pages, shape="json", top='tables = ["rows"]')
    assert "the pages list 2 of 3 rows" in checked(run)


SOFT = {
    "a site's shell": (page("<h1>Our funds</h1>"), "", "html: a web page, not a table (title: Willow Funds)"),
    "an error in JSON": (b'{"response": "error calling the service"}', "", "json: a JSON answer"),
    "an error in words": (b"Something went wrong", 'error_texts = ["went wrong"]', "error-page: a known error page"),
    "another beginning": (b"Sorry,come\nback,later\n", 'must_start = ["Date,Account"]', "error-page: begins with"),
    "no mark of a file": (FILE, 'must_contain = ["as of"]', "error-page: does not say 'as of'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOFT)
def test_a_page_with_200_that_is_no_file(issuer: Issuer, run: Run, kind: str) -> None:
    body, sniff, words = SOFT[kind]
    issuer.serves("/WILO.csv", body)
    issuer.source("/{T}.csv", sniff=sniff)
    assert words in checked(run)
    probed = run("sources", "probe", "willow")
    assert probed.code == 3
    assert f"wrong      {words}" in probed.out
    assert "to do" in probed.out


def test_a_wrong_kind_with_200_and_nothing_in_it(issuer: Issuer, run: Run) -> None:
    issuer.serves("/WILO.json", b'{"size":0,"fund":{"entity":[]}}', "application/json")
    issuer.source("/{T}.json", shape="json", top='tables = ["fund.entity"]')
    assert "rows: the list of holdings at fund.entity is empty" in checked(run)


def test_a_fund_that_is_gone_leads_to_the_list_of_closed_funds(issuer: Issuer, run: Run) -> None:
    moved = Response(b"", 302, {"Location": "/closed-funds/"})
    issuer.answers("/WILO.csv", lambda request: moved)
    issuer.serves("/closed-funds/", FILE)  # whatever it says
    issuer.source("/{T}.csv", sniff='redirects_to = ["/closed-funds/"]')
    assert "html: led to" in checked(run)
    assert "where this issuer sends those who ask for what is gone" in run("sources", "probe", "willow").out


LINKED = {
    "a link": '<a class="x" href="/media/x7f2/wilo_holdings_20261123.csv">old</a>'
    '<a href="/media/q9k1/wilo_holdings_20261124.csv">new</a>',
    "a script": '<script>var files = ["\\/media\\/q9k1\\/wilo_holdings_20261124.csv"]</script>',
}


@pytest.mark.parametrize("kind", LINKED)
def test_a_file_linked_from_the_page_of_the_fund(
    issuer: Issuer, run: Run, is_read: Callable[[], None], kind: str
) -> None:
    issuer.serves("/etfs/wilo/", page('<a href="/media/factsheet.pdf">facts</a>', LINKED[kind]), "text/html")
    issuer.serves("/media/q9k1/wilo_holdings_20261124.csv", NO_DATE)
    link = "[[http.links]]\npattern = '/media/\\w+/{t}_holdings_\\d+\\.csv$'\nchoose = \"latest\""
    issuer.source("/etfs/{t}/", http=link, top='date_from = "name"', columns=DATELESS)
    is_read()
    assert issuer.asked("/media/q9k1/wilo_holdings_20261124.csv")[-1].headers["Referer"] == issuer.url("/etfs/wilo/")


@pytest.mark.parametrize("coded", [True, False])
def test_a_file_inside_the_page(issuer: Issuer, is_read: Callable[[], None], coded: bool) -> None:
    content = ";base64," + base64.b64encode(NO_DATE).decode() if coded else "," + quote(NO_DATE.decode())
    link = f'<a download="WILO-holdings-2026-11-24.csv" href="data:application/csv{content}">Holdings</a>'
    issuer.serves("/wilo/", page(link), "text/html")
    issuer.source("/{t}/", http="[[http.links]]\npattern = '^{T}-holdings'", top='date_from = "name"', columns=DATELESS)
    is_read()


def test_a_page_without_the_link_says_so(issuer: Issuer, run: Run) -> None:
    links = "<a href=http://other.example/wilo.csv>plain, elsewhere</a> <a href='/new/wilo_holdings.xlsx'>file</a>"
    issuer.serves("/wilo/", page(links), "text/html")
    issuer.source("/{t}/", http="[[http.links]]\npattern = 'wilo\\.csv$'")
    assert "no link on the page fits" in checked(run)
    probed = run("sources", "probe", "willow")
    assert probed.code == 1
    assert f"may be     {issuer.url('/new/wilo_holdings.xlsx')}" in probed.out
    issuer.source("/{t}/")  # who did not know that a link must be followed sees it, too
    again = run("sources", "probe", "willow", "--json")
    assert (again.code, again.rows[0]["proposals"]) == (3, [issuer.url("/new/wilo_holdings.xlsx")])


def test_a_page_that_links_to_the_files_of_some_days(issuer: Issuer, run: Run, is_read: Callable[[], None]) -> None:
    issuer.serves("/wilo/", page("<a href='/d/wilo_20261124.csv'>", "<a href='/d/wilo_20261120.csv'>"), "text/html")
    issuer.serves("/d/wilo_20261124.csv", FILE)
    issuer.source("/{t}/", http="[[http.links]]\npattern = '/{t}_{date:YYYYMMDD}\\.csv$'")
    is_read()
    holiday = run("sources", "probe", "willow", "--date", "2026-11-23", "--json")
    assert (holiday.code, holiday.rows[0]["verdict"]) == (3, "absent")


def test_what_a_query_asks_for_is_part_of_the_address(issuer: Issuer, run: Run) -> None:
    def answer(request: Request) -> Response:
        return Response(FILE) if request.args.to_dict() == {"fId": "101", "day": "2026.11.24"} else Response(b"", 404)

    issuer.answers("/excel", answer)
    issuer.source("/excel", http='query = { fId = "{number}", day = "{date:YYYY.MM.DD}" }')
    assert f"{issuer.url('/excel')}?fId=101&day=2026.11.24" in checked(run)
    assert stored(run) == [("WILO", "2026-11-24", 3)]


def test_a_token_from_the_page_before(issuer: Issuer, run: Run, is_read: Callable[[], None]) -> None:
    def answer(request: Request) -> Response:
        known = request.cookies.get("visit") == "v1" and request.headers.get("X-Csrf") == "s3cr3t-of-the-day"
        return Response(FILE if known and request.form["_csrf"] == "s3cr3t-of-the-day" else page())

    secret = '<input name="csrf" value="s3cr3t-of-the-day">'
    issuer.serves("/start", page(secret), "text/html", Set_Cookie="visit=v1")
    issuer.answers("/export", answer)
    http = f'before = "{issuer.url("/start")}"\n' + 'token = \'name="csrf" value="([^"]+)"\'\n'
    http += 'method = "POST"\nform = { _csrf = "{token}" }\nheaders = { "X-Csrf" = "{token}" }'
    issuer.source("/export", http=http)
    is_read()
    assert "s3cr3t" not in run("sources", "probe", "willow").out


def test_a_page_that_differs_with_every_request_is_one_file(issuer: Issuer, run: Run) -> None:
    shares, visits = [1000], list[Request]()

    def answer(request: Request) -> Response:
        visits.append(request)
        cells = [row.values() for row in rows("WILO", TUESDAY, shares=shares[0])]
        heads = "".join(f"<th>{name}</th>" for name in rows("WILO", TUESDAY)[0])
        lines = "".join("<tr>" + "".join(f"<td>{one}</td>" for one in row) + "</tr>" for row in cells)
        nonce = f"<input type=hidden name=nonce value={len(visits)}><p>{len(visits)} visitors</p>"
        return Response(page(f"<table><tr>{heads}</tr>{lines}</table>{nonce}"), content_type="text/html")

    issuer.answers("/wilo/", answer)
    issuer.source("/{t}/", shape="html")
    said = []
    for minute in range(4):
        shares[0] = 1000 if minute < 2 else 1100
        said.append(run("check", "--at", f"2026-11-24T23:0{minute}Z").out)
    assert ["1 new" in one for one in said] == [True, False, True, False]  # the third is a correction
    assert ["already known" in one for one in said] == [False, True, False, True]
