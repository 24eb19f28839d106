"""``/api/v1/reports`` and the command ``report``: what stands in them, what is refused, and that a PDF is one."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

import app
from server import owner, paper_browser, paper_pdf
from server.paper_browser import NoBrowserError, find_browser
from server.paper_pdf import BusyError, Limits, Printer, PrintError, family
from tests.memory import in_memory
from tests.pdf_text import Pdf
from tests.server.reporting import BUILDINGS, DAY, TOTAL, YESTERDAY, reporting
from tests.server.serving import Served
from twin.history.contract import HistoryError

THIN = "\N{NARROW NO-BREAK SPACE}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    with in_memory(tmp_path_factory.mktemp("reports")) as folder:
        (folder / "campus.yaml").write_text("campus:\n  id: demo\n  timezone: Asia/Shanghai\n", "utf-8")
        with reporting(folder) as served:
            yield served, folder


@pytest.fixture(scope="module")
def served(running: tuple[Served, Path]) -> Served:
    return running[0]


@pytest.fixture
def browser(chromium: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(paper_browser.VARIABLE, chromium)
    return chromium


def get(served: Served, status: int = 200, **query: str) -> httpx.Response:
    told = {"kind": "day", "date": DAY.isoformat(), "lang": "en", **query}
    answer = served.http.get("/api/v1/reports", params=told, timeout=60)
    assert answer.status_code == status, answer.text[:500]
    return answer


class Outline(HTMLParser):
    """Tags, headings, and the cells of each table with its caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])
        if tag in ("caption", "th", "td"):
            self._text = ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self.tables[self._text] = self._rows
        if tag in ("th", "td"):
            self._rows[-1].append(self._text)


def test_the_page_stands_alone_and_says_everything_with_its_coverage(served: Served) -> None:
    answer = get(served)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == f'inline; filename="day-{DAY}-demo-en.html"'
    text = answer.text
    outline = Outline(text)
    assert not [tag for tag, _ in outline.tags if tag in ("script", "img", "link", "iframe", "object")]
    assert not [v for _, attrs in outline.tags for k, v in attrs.items() if k in ("src", "href") or k.startswith("on")]
    assert re.findall(r"url\((?!data:|#)", text) == []
    assert '<html lang="en">' in text
    assert "default-src 'none'" in text
    assert "<b>" not in re.sub(r"<b>(Simulated|Not complete|Schematic)</b>", "", text), "names are no markup"
    assert outline.headings[0] == 1
    assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False))
    total = f"{TOTAL:,.0f}".replace(",", THIN)
    assert total in text
    assert f"{BUILDINGS - 1} of {BUILDINGS} meters, 98{THIN}% of the time" in text
    assert "These figures come from a simulator" in text
    ranking = outline.tables["Buildings by energy, most first"]
    assert [row[0] for row in ranking[1:4]] == ["House 39 39", "House 38 38", "House 37 37"]
    assert ranking[1][1] == f"{39 * 24:.1f}"
    assert next(row for row in ranking if row[0] == "House 2 2")[4] == f"1 of 1 · 50{THIN}%"
    assert ranking[-1][1] == "unknown"
    hours = outline.tables["By the hour"]
    assert len(hours) == 25
    compared = outline.tables["Against other periods"]
    assert "\N{MINUS SIGN}0.1" in compared[2][3]
    assert compared[4][3] == "unknown: nothing is kept of it"
    assert "no meter of it is mapped" in text
    picture = next(attrs for tag, attrs in outline.tags if tag == "svg")
    assert picture["role"] == "img"
    assert len(outline.tables) == len([tag for tag, _ in outline.tags if tag == "table"]), "each has its caption"


def test_in_chinese_everything_is_chinese(served: Served) -> None:
    text = get(served, lang="zh", of="2").text
    assert '<html lang="zh-CN">' in text
    body = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    assert "House 2 · 日报" in body
    assert f"1 块表中的 1 块，50{THIN}% 的时间" in body
    assert "以下数值由模拟器生成" in body
    words = set(re.findall(r">([^<]*[A-Za-z]{4,}[^<]*)<", body))
    assert [w for w in words if not re.search(r"[一-鿿]", w)] == ["2/power"]


def test_json_has_the_numbers_and_no_words(served: Served) -> None:
    told = get(served, format="json").json()
    assert told["energy"]["kwh"] == pytest.approx(TOTAL, rel=1e-6)
    assert told["energy"]["coverage"]["have"] == BUILDINGS - 1
    assert (told["complete"], told["origin"], told["entity_kind"]) == (True, "simulated", "campus")
    assert told["period"]["first"] == DAY.isoformat()
    assert len(told["energy"]["course"]["kwh"]) == 24
    week = get(served, format="json", kind="week", date=YESTERDAY.isoformat()).json()
    assert [day["hours"] for day in week["energy"]["days"]] == [24.0] * 7


def test_without_a_date_it_is_of_yesterday(served: Served) -> None:
    told = served.http.get("/api/v1/reports", params={"format": "json"}, timeout=60).json()
    now = time.time()
    assert told["period"]["end"] / 1000 <= now < told["period"]["end"] / 1000 + 86_400


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"kind": "year"}, 422, "kind='year' is no kind of report: use day, week, month"),
        ({"date": "1.2.2026"}, 422, "write it as 2026-11-26"),
        ({"date": "8999-01-01"}, 422, "lies in the future"),
        ({"date": "0001-01-01"}, 422, "out of reach"),
        ({"of": "nowhere"}, 404, "there is no report of 'nowhere'"),
        ({"of": "1/01"}, 404, "of the campus .* and its buildings"),
        ({"format": "doc"}, 422, "format"),
        ({"lang": "fr"}, 422, "lang"),
    ],
)
def test_what_is_no_report_is_refused(served: Served, query: dict[str, str], status: int, said: str) -> None:
    answer = get(served, status, **query)
    assert answer.headers["content-type"] == "application/problem+json"
    assert re.search(said, answer.json()["detail"])


@pytest.mark.browser
@pytest.mark.parametrize(
    ("lang", "words"), [("en", ["page1of", "Energyused", "House39"]), ("zh", ["第1/", "总用电量", "模拟数据"])]
)
def test_a_pdf_has_its_pages_with_their_numbers_and_repeated_heads(
    served: Served, browser: str, lang: str, words: list[str]
) -> None:
    answer = get(served, format="pdf", lang=lang)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="day-{DAY}-demo-{lang}.pdf"'
    paper = Pdf(answer.content)
    assert paper.size_mm == (210, 297)
    pages = paper.pages
    assert 3 <= len(pages) <= 8
    for word in words:
        assert word in "".join(pages)
    assert f"{TOTAL:,.0f}".replace(",", "") in pages[0].replace(THIN, "")
    number = "page{}of{}" if lang == "en" else "第{}/{}页"
    head = "Energy,kWhSharekWh/m²" if lang == "en" else "用电量kWh占比kWh/m²"
    for at, page in enumerate(pages, 1):
        assert number.format(at, len(pages)) in page
    assert sum(head in page for page in pages) == 2, "the table of buildings goes over a page, its head with it"
    mark = "Simulated" if lang == "en" else "模拟数据"
    assert all(mark in page for page in pages), "it cannot be missed on any page"


def test_without_a_browser_the_pdf_says_what_to_do_and_the_page_is_there(
    served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(paper_browser.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    detail = get(served, 503, format="pdf").json()["detail"]
    assert re.search("none on PATH: install it .*reports.chromium.*CAMPUS_CHROMIUM.*HTML need no browser", detail)
    get(served, format="html")
    monkeypatch.setenv(paper_browser.VARIABLE, str(tmp_path / "none"))
    assert "CAMPUS_CHROMIUM names" in get(served, 503, format="pdf").json()["detail"]


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_browser_is_found_where_it_is_named_on_path_or_of_playwright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(paper_browser.VARIABLE, raising=False)
    kept = tmp_path / "playwright" / "chromium-1200" / "chrome-linux"
    kept.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    with pytest.raises(NoBrowserError, match=r"none on PATH"):
        find_browser()
    assert find_browser(script(tmp_path / "mine", "true")) == str(tmp_path / "mine")
    script(kept / "chrome", "true")
    assert find_browser() == str(kept / "chrome")
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "google-chrome", "true")
    assert find_browser() == str(tmp_path / "bin" / "google-chrome")
    monkeypatch.setenv(paper_browser.VARIABLE, str(tmp_path / "mine"))
    assert find_browser() == str(tmp_path / "mine")
    with pytest.raises(NoBrowserError, match=r"reports\.chromium names 'wrong', which is no program"):
        find_browser("wrong")


SLEEPS = 'echo $$ > "$(dirname "$0")/pid"; sleep 60 & sleep 60'


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("text", "limits", "said"),
    [
        ("echo 'it broke' >&2; exit 3", Limits(), r"ended with 3 and printed nothing: it broke"),
        ("echo 'No usable sandbox!' >&2; exit 1", Limits(), r"its sandbox cannot start here"),
        (SLEEPS, Limits(seconds=0.4), r"did not print within 0.4 s"),
        (SLEEPS, Limits(memory=1), r"took more than 0 MB"),
        ('for a in "$@"; do case "$a" in --print-to-pdf=*) head -c 3000000 /dev/zero >"${a#*=}";; esac; done; sleep 9',
         Limits(size=2**20), r"the PDF grew over 1 MB"),
        ('for a in "$@"; do case "$a" in --print-to-pdf=*) echo nonsense > "${a#*=}";; esac; done', Limits(),
         "printed nothing"),
    ],
)  # fmt: skip
def test_a_browser_that_fails_is_ended_and_nothing_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, limits: Limits, said: str
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    program = script(tmp_path / "browser", text)
    with pytest.raises(PrintError, match=said):
        asyncio.run(Printer(program, limits).pdf("<p>x"))
    assert list((tmp_path / "tmp").iterdir()) == []
    if (tmp_path / "pid").exists():
        leader = int((tmp_path / "pid").read_text())
        assert [pid for pid in family(leader) if alive(pid)] == []


def test_a_pdf_without_its_letters_is_printed_again_and_then_refused(tmp_path: Path) -> None:
    program = script(
        tmp_path / "browser",
        'echo x >>"$(dirname "$0")/times"; for a in "$@"; do case "$a" in --print-to-pdf=*) '
        "printf '%%PDF-1.4\\n%%%%EOF\\n' >\"${a#*=}\";; esac; done",
    )
    with pytest.raises(PrintError, match=r"6 signs \(Eegnry\) are missing"):
        asyncio.run(Printer(program).pdf("<style>abc</style><p>Energy"))
    assert (tmp_path / "times").read_text() == "x\n" * paper_pdf.TRIES


def test_who_goes_away_ends_the_browser_and_too_many_are_told_to_wait(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paper_browser.VARIABLE, script(tmp_path / "browser", SLEEPS))
    end = time.monotonic() + 20
    with socket.create_connection(("127.0.0.1", served.port)) as asking:
        words = f"GET /api/v1/reports?date={DAY}&format=pdf HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        asking.sendall(words.encode())
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < end, "the browser was never started"
            time.sleep(0.02)
    leader = int((tmp_path / "pid").read_text())
    assert alive(leader)
    while [pid for pid in family(leader) if alive(pid)]:
        assert time.monotonic() < end, "nobody waits for it any longer, and it goes on"
        time.sleep(0.05)
    while served.runtime.reports.printer._waiting:
        assert time.monotonic() < end, "who has gone still waits"
        time.sleep(0.02)
    monkeypatch.setattr(served.runtime.reports.printer, "_waiting", paper_pdf.WAITING)
    answer = get(served, 503, format="pdf")
    assert "ask again in a moment" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "10"
    assert issubclass(BusyError, PrintError)


def test_the_loop_goes_on_while_a_month_is_gathered(served: Served) -> None:
    gaps: list[float] = []
    going = threading.Event()

    async def beat() -> None:
        last = time.monotonic()
        while not going.is_set():
            await asyncio.sleep(0.005)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    assert served.loop is not None
    task = asyncio.run_coroutine_threadsafe(beat(), served.loop)
    get(served, kind="month", date=YESTERDAY.isoformat())
    going.set()
    task.result(5)
    assert max(gaps) < 0.25


# the command


def test_the_command_asks_the_server_that_has_the_history(
    running: tuple[Served, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder = running
    words = ["report", "--campus", str(folder), "--kind", "day", "--date", DAY.isoformat(), "--lang", "en"]
    assert app.main([*words, "--out", str(tmp_path / "day.html")]) == 0
    assert "Test campus <b>: Daily report" in capsys.readouterr().out
    assert f"{BUILDINGS - 1} of {BUILDINGS} meters" in (tmp_path / "day.html").read_text("utf-8")
    assert app.main([*words, "--of", "3", "--out", str(tmp_path / "three.json")]) == 0
    assert json.loads((tmp_path / "three.json").read_text())["energy"]["kwh"] == pytest.approx(72.0)
    empty = [*words[:5], "--date", "2020-01-01", "--out", str(tmp_path / "old.html")]
    assert app.main(empty) == 1, "written, and nothing is known of that time"
    assert (tmp_path / "old.html").exists()
    for more, said in (
        (["--of", "Z", "--out", "x.html"], "there is no report of 'Z'"),
        (["--date", "8000-01-01", "--out", "x.html"], "lies in the future"),
        (["--date", "soon", "--out", "x.html"], "is no date"),
        (["--out", "x.doc"], "names no form"),
    ):
        assert app.main([*words, *more]) == 2
        assert said in capsys.readouterr().err
    assert list(tmp_path.glob("*.part")) == []


def test_the_socket_refuses_what_is_no_report(running: tuple[Served, Path]) -> None:
    folder = running[1] / "history"
    told = {"kind": "day", "of": "", "date": DAY.isoformat(), "lang": "en"}
    for more, said in (({"kind": "year"}, "no kind of report"), ({"date": "x"}, "is no date"), ({"of": "Z"}, "'Z'")):
        with pytest.raises(HistoryError, match=said), owner.asked(folder, "report", **{**told, **more}):
            pass


POINTS = """point,entity,quantity,unit,kind,interval_s,stale_s,source,address
main,still,power,kW,gauge,60,900,meters,main
"""


@pytest.mark.browser
def test_the_command_makes_a_pdf_where_nothing_is_served(
    tmp_path: Path, browser: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.server.remembering import fill
    from tests.server.reporting import ZONE, rows

    monkeypatch.setenv("CAMPUS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "still"
    folder.mkdir()
    (folder / "points.csv").write_text(POINTS, "utf-8")
    (folder / "campus.yaml").write_text(
        f"campus:\n  id: still\n  names: {{en: Still}}\n  timezone: {ZONE}\n"
        "sources:\n  meters: {type: push, token: {env: NO_TOKEN}}\n"
        "points: points.csv\nkpis:\n  tariff: {per_kwh: 0.5, currency: CNY, source: Contract, date: '2026'}\n", "utf-8",
    )  # fmt: skip
    out = tmp_path / "deep" / "still.pdf"
    words = ["report", "--campus", str(folder), "--date", DAY.isoformat(), "--lang", "en", "--out", str(out)]
    assert app.main(words) == 2
    assert "there is no history" in capsys.readouterr().err
    fill(folder / "history", {"main": rows()["7/power"]}, ZONE, hold_s=900)
    (folder / "history" / "journal").mkdir()
    assert app.main(words) == 0, capsys.readouterr().err
    text = "".join(Pdf(out.read_bytes()).pages)
    assert "168.0kWh1of1meters,100%ofthetime" in text
    assert "84.00CNY" in text
    assert [path.name for path in out.parent.iterdir()] == ["still.pdf"]
    assert (DAY + timedelta(days=1)) == YESTERDAY
