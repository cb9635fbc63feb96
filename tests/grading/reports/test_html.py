"""The class on one page: what it says, that it names nobody on request, what a browser sees."""

import csv
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from s2s_ref.checks.registry import find
from s2s_ref.grading.reports.csv import export
from s2s_ref.grading.reports.html import bars, tallies, without_names, write_report
from s2s_ref.grading.reports.lms import export_for
from s2s_ref.grading.results import Result

LESSON, NEXT = "00_start_here", "01_single_rnn"
ENCODE, STEP = "start_here.encode_sentence", "rnn.rnn_step"


def verdict(exercise, passed, mistake="", headline="passed"):
    about = {"exercise": exercise, "passed": passed, "mistake": mistake, "headline": headline}
    return {**about, "kind": ""}


BOS = find(ENCODE).mistakes[0]


def a_class():
    wrong = verdict(ENCODE, False, BOS.name, BOS.message)
    return [
        Result("ada", LESSON, 3, 3, written=1, verdicts=[verdict(ENCODE, True)], seconds=1),
        Result("김민수", LESSON, 0, 3, verdicts=[wrong], seconds=2),
        Result("zoe", LESSON, 1, 3, verdicts=[wrong], seconds=9, to_review=1),
        Result("ada", NEXT, 2, 2, verdicts=[verdict(STEP, True)], seconds=1),
        Result(
            "zoe", NEXT, error="/srv/class/submitted/zoe/01/01.ipynb is <b>not</b> a notebook; zoe"
        ),
    ]


class Texts(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.open, self.texts, self.tags, self.labels = [], [], set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.labels += [value for name, value in attrs if name == "aria-label"]

    def handle_data(self, data):
        self.texts.append(data)


def told(page):
    return re.sub(r"\s+", " ", " ".join(Texts(page).texts))


def test_the_page_tells_what_the_class_reached():
    text = told(write_report(a_class()))
    assert "3 students handed in 5 notebooks of 2 lessons." in text
    assert "They reached 55% of the points" in text
    assert "marked by hand: 1; marked before, to be looked at: 1." in text
    assert "1 notebook could not be graded" in text
    assert "1 of 3" in text
    assert "1 of 1" in text
    assert "the longest 9.0: zoe, 00_start_here" in text


def test_a_mistake_comes_with_its_count_and_what_to_say():
    text = told(write_report(a_class()))
    row = f"2 {ENCODE} {BOS.message} {BOS.why} {BOS.question}"
    assert row in text


def test_what_is_wrong_without_a_name_is_counted():
    results = a_class()
    assert "has no name" not in told(write_report(results))
    results[0].verdicts.append(verdict(STEP, False))
    results[1].verdicts.append(verdict(STEP, False))
    text = told(write_report(results))
    assert f"Missing, or wrong in a way that has no name: {STEP} (2)." in text


def test_where_answers_without_a_name_go_wrong_is_counted():
    placed = verdict(STEP, False) | {"place": "the word's part"}
    results = [Result(name, NEXT, 0, 2, verdicts=[placed]) for name in ("ada", "zoe")]
    assert f"{STEP}: the word's part differs first, in 2 hand-ins" in told(write_report(results))


def test_who_is_stuck_is_named_with_what_does_not_pass():
    text = told(write_report(a_class()))
    stuck = text[text.index("Who is stuck") : text.index("Everybody")]
    assert f"김민수 0% {ENCODE}" in stuck
    assert f"zoe 33% {ENCODE}" in stuck
    assert "ada" not in stuck


def test_everybody_stands_in_the_table():
    text = told(write_report(a_class()))
    table = text[text.index("Everybody") :]
    assert "student 00 01 ada 3 / 3 2 / 2 zoe 1 / 3 no marks 김민수 0 / 3 –" in table


def test_nothing_of_a_students_making_is_taken_for_html():
    tag, attribute = "<script>alert(1)</script>", '"><script>'
    failed = verdict(f"start_here.{attribute}", False)
    page = write_report(
        [
            Result(tag, LESSON, error="<img src=x>"),
            Result(tag, f"00_{attribute}", 0, 3, verdicts=[failed]),
        ]
    )
    assert "script" not in Texts(page).tags
    assert f"{attribute}: 0%" in Texts(page).labels[1]
    assert "img" not in Texts(page).tags


def test_without_names_no_name_is_left():
    page = write_report(a_class(), anonymous=True)
    for name in ("ada", "zoe", "김민수"):
        assert name not in page
    assert "student 1" in page
    assert "is <b>not</b> a notebook; (a name)" in told(page).replace("&lt;", "<")


def test_one_student_has_one_number():
    numbered = without_names(a_class())
    assert len({r.student for r in numbered}) == 3
    pairs = {(a.student, b.student) for a, b in zip(a_class(), numbered, strict=True)}
    assert len(pairs) == 3


def test_checks_are_counted():
    found = tallies(a_class())
    assert (found[ENCODE].passed, found[ENCODE].asked) == (1, 3)
    assert found[ENCODE].failed == ["김민수", "zoe"]


def test_every_figure_says_in_words_what_it_shows():
    page = write_report(a_class())
    labels = Texts(page).labels
    assert len(labels) == page.count("<svg") == 3
    assert "encode_sentence: 33%" in " ".join(labels)
    for axis in ("points reached, % of those given by machine", "students whose answer passes, %"):
        assert axis in told(page)


def test_a_bar_is_as_long_as_its_share():
    page = bars([("a", 0.25, ""), ("b", 1.0, "")], "%", "letter")
    short, long = (float(w) for w in re.findall(r'<rect[^>]* width="([\d.]+)"', page))
    assert long == 4 * short


@pytest.mark.parametrize("results", [[], [Result("ada", LESSON, error="lost")]])
def test_a_class_without_marks_has_a_page_too(results):
    assert "Who is stuck" in told(write_report(results))


# ------------------------------------------------------------------ in a browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
browser = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")


def seen_by_a_browser(page, folder, width=1000):
    """Open a page; return the addresses that were asked for, what the console says, the page."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    log = folder / "net.json"
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"),
            *("--disable-background-networking", "--no-first-run", f"--log-net-log={log}"),
            *(f"--user-data-dir={folder}/profile", f"--window-size={width},900"),
            *("--dump-dom", f"file://{folder}/page.html"),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = {e["params"]["url"] for e in events if "url" in e.get("params", {})}
    told = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return {a for a in asked if not a.startswith(("file:", "data:", "chrome"))}, told, done.stdout


@browser
def test_a_browser_asks_nobody_for_anything_and_has_nothing_to_complain_of(tmp_path):
    asked, told, dom = seen_by_a_browser(write_report(a_class()), tmp_path)
    # the browser looks for its own dictionaries and updates; the page names no address at all
    own = (".gvt1.com", ".google.com", ".googleapis.com")
    assert not {address for address in asked if not str(urlsplit(address).hostname).endswith(own)}
    assert "://" not in write_report(a_class())
    assert not told
    assert "김민수" in dom


@browser
def test_the_browser_would_have_told(tmp_path):
    """A page that asks for a picture is seen; what the class page forbids is complained of."""
    picture = '<img src="http://198.51.100.1/picture.png">'
    asked, _, _ = seen_by_a_browser(f"<html><body>{picture}</body></html>", tmp_path)
    assert "http://198.51.100.1/picture.png" in asked
    page = write_report(a_class()).replace("<h1>", f"{picture}<h1>")
    asked, told, _ = seen_by_a_browser(page, tmp_path)
    assert "http://198.51.100.1/picture.png" not in asked
    assert any("Content Security Policy" in line for line in told)


WIDTH = """<script>document.title = String(document.documentElement.scrollWidth)</script></body>"""


@browser
@pytest.mark.parametrize("width", [500, 1000])
def test_the_page_is_no_wider_than_the_window(tmp_path, width):
    page = write_report(a_class()).replace("</body>", WIDTH)
    page = page.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    _, _, dom = seen_by_a_browser(page, tmp_path, width)
    assert int(re.search(r"<title>(\d+)</title>", dom)[1]) <= width


# ------------------------------------------------------------------ as CSV


def test_the_gradebook_as_csv_is_quoted(tmp_path):
    from small_course import small_course

    from s2s_ref.grading.gradebook import register
    from s2s_ref.grading.release import release

    course = small_course(tmp_path / "course")
    release(course)
    register(course, LESSON)
    with course.api().gradebook as book:
        book.add_student("kim", last_name='Kim, "Min"', first_name="=1+1")
        book.add_student("lee", last_name="Lee\nJr.")
        book.add_submission(LESSON, "kim")
    text = export(course, [])
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    assert [row["student_id"] for row in rows] == ["kim", "lee"]
    assert rows[0]["last_name"] == 'Kim, "Min"'
    assert rows[1]["last_name"] == "Lee\nJr."
    assert {row["max_score"] for row in rows} == {"6.0"}
    assert list(rows[0]) == columns_of_nbgrader()
    assert export(course, ["07_other"]).count("\n") == 1
    assert rows[0]["first_name"] == "'=1+1"


# ------------------------------------------------------------------ for learning platforms


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A class list of three; kim handed in late, lee got nothing, park handed in nothing."""
    from datetime import UTC, datetime

    from small_course import small_course, write

    from s2s_ref.grading.gradebook import register
    from s2s_ref.grading.release import release

    course = small_course(tmp_path_factory.mktemp("marked") / "course")
    release(course)
    register(course, LESSON)
    rows = "id,name,email,number\nkim,Kim,k@a.example,11\nlee,@SUM(1),,12\npark,Park,,13\n"
    write(rows, course.root / "class" / "students.csv")
    with course.api().gradebook as book:
        for student in ("kim", "lee"):
            book.add_student(student)
            book.add_submission(LESSON, student, timestamp=datetime.now(UTC))
        grade = book.find_submission(LESSON, "kim").notebooks[0].grades[0]
        grade.manual_score = 2
        book.find_submission(LESSON, "kim").notebooks[0].late_submission_penalty = 0.5
        book.db.commit()
    return course


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            "canvas",
            [
                ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LESSON],
                ["    Points Possible", "", "", "", "", "6"],
                ["Kim", "11", "", "kim", "", "1.5"],
                ["'@SUM(1)", "12", "", "lee", "", "0"],
                ["Park", "13", "", "park", "", ""],
            ],
        ),
        (
            "moodle",
            [
                ["Username", "ID number", "Full name", "Email address", LESSON],
                ["kim", "11", "Kim", "k@a.example", "1.5"],
                ["lee", "12", "'@SUM(1)", "", "0"],
                ["park", "13", "Park", "", ""],
            ],
        ),
    ],
)
def test_scores_for_a_platform_tell_nothing_handed_in_from_no_points(marked, platform, expected):
    text = export_for(marked, platform, [])
    assert list(csv.reader(text.splitlines())) == expected
    assert LESSON not in export_for(marked, platform, ["07_other"])


def columns_of_nbgrader():
    from nbgrader.plugins import export as theirs

    source = Path(theirs.__file__).read_text(encoding="utf-8")
    return re.findall(r'"(\w+)"', re.search(r"keys = \[(.*?)\]", source, re.DOTALL)[1])
