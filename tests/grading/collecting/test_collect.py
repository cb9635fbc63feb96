"""Downloads of learning platforms become submissions: nothing is lost, nothing is guessed."""

import datetime
import io
import os
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import nbformat
import pytest
from small_course import LESSON, contents, small_course, small_lesson, write

from s2s_ref.grading.collecting.collect import collect_downloads
from s2s_ref.grading.collecting.hand_ins import Options

OTHER, CAPSTONE = "01_single_rnn", "09_translate"
NOTEBOOK = nbformat.writes(small_lesson()).encode()
NEWER = NOTEBOOK.replace(b'"metadata"', b'"metadata" ', 1)
EARLY, LATER = 1_700_000_000, 1_700_100_000


@pytest.fixture
def course(tmp_path):
    return small_course(tmp_path / "course", (LESSON, CAPSTONE))


@pytest.fixture
def download(tmp_path):
    """Makes a download: a folder of these files, by their paths, or by their paths with a time."""

    def make(files, name="download"):
        folder = tmp_path / name
        for path, data in files.items():
            target = write(NOTEBOOK if data is None else data, folder / path)
            os.utime(target, (EARLY, EARLY))
        return folder

    return make


def zipped(files):
    """The bytes of a zip of these files, by their names."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as package:
        for name, data in files.items():
            package.writestr(name, NOTEBOOK if data is None else data)
    return memory.getvalue()


def collect(course, *downloads, **options):
    return collect_downloads(course, downloads, Options(**options))


def there(course):
    """The submissions that are there now, as STUDENT/LESSON/FILE."""
    return set(contents(course.submitted)) if course.submitted.is_dir() else set()


def states(rows):
    return {row.file.partition("/")[2]: row.state for row in rows}


def notes(rows, state="left out"):
    return " ".join(row.note for row in rows if row.state == state)


# ------------------------------------------------------------------ whose a file is


@pytest.mark.parametrize(
    ("path", "student"),
    [
        # Canvas
        ("kimminsu_1234_56789_00_start_here.ipynb", "kimminsu"),
        ("kimminsu_1234_56789_00_start_here-2.ipynb", "kimminsu"),
        ("kimminsu_LATE_1234_56789_00_start_here.ipynb", "kimminsu"),
        # Moodle, with and without folders
        ("Kim Bora_31_assignsubmission_file/00_start_here.ipynb", "Kim Bora"),
        ("Kim Bora_31_assignsubmission_file_/00_start_here/00_start_here.ipynb", "Kim Bora"),
        ("Kim Bora_31_assignsubmission_file_00_start_here.ipynb", "Kim Bora"),
        ("Min-su Kim_1234_assignsubmission_file/work/00_start_here.ipynb", "Min-su Kim"),
        # Blackboard, ILIAS, Google Classroom
        ("Lesson 0_bkim_attempt_2026-03-01-23-58-00_00_start_here.ipynb", "bkim"),
        ("Lesson 0/Kim_Bora_bkim_4711/00_start_here.ipynb", "bkim"),
        ("00_start_here - Kim Bora.ipynb", "Kim Bora"),
        # by hand
        ("kim_00_start_here.ipynb", "kim"),
        ("kim_1234_00_start_here-1.ipynb", "kim"),
        ("kim_1234_file/00_start_here.ipynb", "kim"),
        ("김민수_00_start_here (1).ipynb", "김민수"),
        ("kim/00_start_here/00_start_here.ipynb", "kim"),
        ("kim/hw/00_start_here.ipynb", "kim"),
        # renamed by JupyterLab, browsers, Colab, mail and people
        ("kim/00_start_here-Copy1.ipynb", "kim"),
        ("kim/Copy of 00_start_here.ipynb", "kim"),
        ("kim/00_Start_Here.ipynb", "kim"),
        ("kim/00_start_here.IPYNB", "kim"),
        ("kim/00-start-here.ipynb", "kim"),
        ("kim/00_start_here.ipynb.txt", "kim"),
        ("kim/00_start_here - Copy (2).ipynb", "kim"),
        ("kim/homework.ipynb", "kim"),
        ("park[2]/00_start_here.ipynb", "park(2)"),
        ("kim /00_start_here.ipynb", "kim"),
    ],
)
def test_a_file_is_of_the_student_whom_its_path_names(course, download, path, student):
    # A second student shows which folders the files have in common.
    rows = collect(course, download({path: None, "bora/00_start_here.ipynb": None}))
    found = {name for name in there(course) if name.endswith(".ipynb")}
    assert found == {f"{s}/{LESSON}/{LESSON}.ipynb" for s in (student, "bora")}
    assert {row.state for row in rows} == {"collected"}


def test_a_lessons_own_folder_is_not_its_student(course, download):
    """Every lesson says to hand in its folder: instructor.md, item 1."""
    names = ("Kim Bora_31", "Lee Jun_32")
    files = {f"{n}_assignsubmission_file/{LESSON}/{LESSON}.ipynb": None for n in names}
    collect(course, download(files))
    assert {name.split("/")[0] for name in there(course)} == {"Kim Bora", "Lee Jun"}


def test_a_path_that_names_nobody_is_left_out(course, download):
    rows = collect(course, download({"00_start_here.ipynb": None}))
    assert there(course) == set()
    assert "names no student" in notes(rows)


@pytest.mark.parametrize(
    "junk",
    ["._kim_1_2_00_start_here.ipynb", "__MACOSX/kim/00_start_here.ipynb", ".DS_Store",
     "kim/.ipynb_checkpoints/00_start_here-checkpoint.ipynb", "kim/.git/00_start_here.ipynb"],
)  # fmt: skip
def test_files_that_systems_leave_behind_are_nobodys(course, download, junk):
    rows = collect(course, download({junk: b"\0", "kim/00_start_here.ipynb": None}))
    assert [row.student for row in rows] == ["kim"]


def test_one_korean_name_is_one_student_however_it_is_written(course, download):
    name = "김민수"
    decomposed = unicodedata.normalize("NFD", name)
    collect(course, download({f"{name}/00_start_here.ipynb": None}))
    rows = collect(course, download({f"{decomposed}/00_start_here.ipynb": None}, "mac"))
    assert [row.state for row in rows] == ["as before"]
    assert there(course) == {f"{name}/{LESSON}/{LESSON}.ipynb"}


# ------------------------------------------------------------------ namesakes


def test_namesakes_keep_their_numbers_on_the_platform(course, download):
    files = {f"kimminsu_{n}_5_00_start_here.ipynb": None for n in (11, 12)}
    collect(course, download(files))
    assert {name.split("/")[0] for name in there(course)} == {"kimminsu_11", "kimminsu_12"}


def test_a_namesake_who_comes_later_replaces_nobody(course, download):
    collect(course, download({"kimminsu_11_5_00_start_here.ipynb": None}))
    both = {"kimminsu_11_5_00_start_here.ipynb": None, "kimminsu_12_5_00_start_here.ipynb": NEWER}
    collect(course, download(both, "later"))
    found = contents(course.submitted)
    assert found[f"kimminsu/{LESSON}/{LESSON}.ipynb"] == NOTEBOOK
    assert found[f"kimminsu_12/{LESSON}/{LESSON}.ipynb"] == NEWER


def test_moodles_namesakes_are_asked_for(course, download):
    """Moodle numbers students anew in every assignment, so a number is no id."""
    path = "Kim Minsu_{}_assignsubmission_file/00_start_here.ipynb"
    folder = download({path.format(n): None for n in (31, 32)})
    rows = collect(course, folder)
    assert there(course) == set()
    assert "several students are called Kim Minsu" in notes(rows)
    write("id,name,number\nminsu1,Kim Minsu,31\nminsu2,Kim Minsu,32\n", students_csv(course))
    rows = collect(course, folder)
    assert {row.student for row in rows} == {"minsu1", "minsu2"}


# ------------------------------------------------------------------ the class list


def students_csv(course):
    return course.root / "class" / "students.csv"


@pytest.mark.parametrize(
    "path",
    ["Kim Bora_31_assignsubmission_file/00_start_here.ipynb", "borakim_1_2_00_start_here.ipynb",
     "kimbora_1_2_00_start_here.ipynb", "bora.kim/00_start_here.ipynb", "b1/00_start_here.ipynb",
     "class7/wrapped/Bora Kim/00_start_here.ipynb"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["Bora Kim", '"Kim, Bora"'])
def test_the_class_list_knows_names_in_every_form(course, download, path, name):
    write(f"\ufeffID;Name;Email\nb1;{name};bora.kim@example.org\n", students_csv(course))
    collect(course, download({path: None}))
    assert there(course) == {f"b1/{LESSON}/{LESSON}.ipynb"}


def test_a_single_file_may_be_named_by_the_class_list_alone(course, download):
    write("id\nkim\n", students_csv(course))
    folder = download({f"{LESSON}.ipynb": None}, "kim")
    collect(course, folder)
    assert there(course) == {f"kim/{LESSON}/{LESSON}.ipynb"}


def test_a_name_that_is_not_in_the_class_list_is_asked_for(course, download):
    write("id,name\nb1,Bora Kim\n", students_csv(course))
    rows = collect(course, download({"Bora Kym/00_start_here.ipynb": None}))
    assert there(course) == set()
    assert "Bora Kym is not in class/students.csv" in notes(rows)


def test_a_name_that_two_students_have_is_asked_for(course, download):
    write("id,name\nk1,Kim Minsu\nk2,Minsu Kim\n", students_csv(course))
    rows = collect(course, download({"Kim Minsu/00_start_here.ipynb": None}))
    assert there(course) == set()
    assert "it may be of k1 or k2" in notes(rows)


def test_a_groups_file_is_each_members(course, download):
    write("id,group\na,Team 1\nb,Team 1\nc,Team 2\n", students_csv(course))
    collect(course, download({"Team 1/00_start_here.ipynb": None}))
    assert {name.split("/")[0] for name in there(course)} == {"a", "b"}


def test_a_members_file_counts_for_the_group_if_asked_to(course, download):
    write("id,group\na,1\nb,1\nc,1\nd,2\n", students_csv(course))
    folder = download({"a/00_start_here.ipynb": None, "b/00_start_here.ipynb": NEWER})
    collect(course, folder)
    assert {name.split("/")[0] for name in there(course)} == {"a", "b"}
    collect(course, folder, groups=True)
    found = contents(course.submitted)
    assert {name.split("/")[0] for name in found} == {"a", "b", "c"}
    assert found[f"b/{LESSON}/{LESSON}.ipynb"] == NEWER


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name\nKim\n", "has no column id"),
        ("id,name\n,Kim\n", "line 2: the column id is empty"),
        ("id\nkim\nkim\n", "kim is there twice"),
        ("id,extra_days\nkim,two\n", "extra_days is not a number"),
        (b"id\n\xff\xff\n", "Save it as CSV UTF-8"),
    ],
)
def test_a_class_list_that_cannot_be_read_is_refused(course, download, text, problem):
    write(text, students_csv(course))
    with pytest.raises(ValueError, match=problem):
        collect(course, download({"kim/00_start_here.ipynb": None}))


# ------------------------------------------------------------------ which lesson


def test_the_cells_say_which_lesson_it_is(course, download):
    rows = collect(course, download({"kim/01_single_rnn.ipynb": None}))
    assert there(course) == {f"kim/{LESSON}/{LESSON}.ipynb"}
    assert "whatever its name" in notes(rows, "collected")


def test_a_file_that_is_broken_goes_by_its_name(course, download):
    rows = collect(course, download({"kim/00_start_here.ipynb": b"<<<<<<< HEAD\n"}))
    assert there(course) == {f"kim/{LESSON}/{LESSON}.ipynb"}
    assert "none of the lesson's cells" in notes(rows, "collected")


def test_a_notebook_of_no_lesson_is_left_out(course, download):
    rows = collect(course, download({"kim/shopping.ipynb": b"{}"}))
    assert "no lesson has its name or its cells" in notes(rows)


def test_only_the_wanted_lesson_is_collected(course, download):
    folder = download({f"kim/{CAPSTONE}.ipynb": b"{}", "kim/00_start_here.ipynb": None})
    rows = collect(course, folder, lesson=CAPSTONE)
    assert there(course) == {f"kim/{CAPSTONE}/{CAPSTONE}.ipynb"}
    assert f"it is {LESSON}" in notes(rows)


@pytest.mark.parametrize(
    "path",
    [
        "kim_1234_file/translations.txt",
        "kim_1234_5_translations-1.txt",
        "kim/Translations (1).txt",
    ],
)
def test_the_file_of_translations_goes_beside_its_notebook(course, download, path):
    collect(course, download({path: b"one\n", "bora/translations.txt": b"two\n"}))
    assert f"kim/{CAPSTONE}/translations.txt" in there(course)


def test_a_hand_in_without_a_notebook_is_named(course, download):
    files = {
        "Kim Bora_31_assignsubmission_file/00_start_here.html": b"<html>",
        "Lee Jun_32_assignsubmission_file/00_start_here.ipynb": None,
        "Lee Jun_32_assignsubmission_file/notes.pdf": b"%PDF",
        "Lee Jun_32_assignsubmission_onlinetext/onlinetext.html": b"",
    }
    rows = collect(course, download(files))
    (row,) = [row for row in rows if row.state == "left out"]
    assert (row.student, row.file) == ("Kim Bora", "00_start_here.html")
    assert "no notebook" in row.note


def test_a_pattern_of_ones_own_goes_before_all(course, download):
    import re

    folder = download({"x/HW0__kim__final.ipynb": None})
    collect(course, folder, pattern=re.compile(r"__(?P<student>\w+?)__"))
    assert there(course) == {f"kim/{LESSON}/{LESSON}.ipynb"}


# ------------------------------------------------------------------ archives


def test_archives_are_read_at_any_depth(course, download):
    inner = zipped({"00_start_here/00_start_here.ipynb": None})
    folder = download({"a.zip": zipped({"kim_1_2_hw.zip": inner, "bora_3_4_hw.zip": inner})})
    collect(course, folder / "a.zip")
    assert {name.split("/")[0] for name in there(course)} == {"kim", "bora"}


def test_a_tar_is_read_too(course, tmp_path):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as package:
        for student in ("kim", "bora"):
            entry = tarfile.TarInfo(f"hw/{student}/{LESSON}.ipynb")
            entry.size = len(NOTEBOOK)
            package.addfile(entry, io.BytesIO(NOTEBOOK))
    collect(course, write(memory.getvalue(), tmp_path / "hw.tar.gz"))
    assert {name.split("/")[0] for name in there(course)} == {"kim", "bora"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_names_in_a_zip_without_its_mark_for_unicode_are_read(course, tmp_path, encoding):
    """As macOS and Korean Windows write them."""
    stand_in = "kkkkkkkkk"[: len("김민수".encode(encoding))]
    data = zipped({f"{stand_in}/00_start_here.ipynb": None, "bora/00_start_here.ipynb": None})
    data = data.replace(stand_in.encode(), "김민수".encode(encoding))
    collect(course, write(data, tmp_path / "hw.zip"))
    assert {name.split("/")[0] for name in there(course)} == {"김민수", "bora"}


def test_an_archive_that_cannot_be_read_is_named_and_stops_nobody(course, download):
    whole = zipped({"00_start_here.ipynb": None})
    files = {"kim.zip": whole[:-30], "bora.zip": whole, "lee/00_start_here.ipynb": None}
    rows = collect(course, download(files))
    assert {name.split("/")[0] for name in there(course)} == {"bora", "lee"}
    assert states(rows)["kim.zip"] == "left out"
    assert "cannot be unpacked" in notes(rows)


def test_a_path_in_an_archive_never_leads_out_of_the_class(course, tmp_path):
    data = zipped({"../../../kim/00_start_here.ipynb": None, "bora/00_start_here.ipynb": None})
    collect(course, write(data, tmp_path / "hw.zip"))
    assert set(Path(tmp_path).glob("*")) == {tmp_path / "course", tmp_path / "hw.zip"}
    assert all(".." not in name for name in there(course))


def test_a_download_that_does_not_exist_is_refused(course, tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        collect(course, tmp_path / "missing.zip")


# ------------------------------------------------------------------ newer, older, repaired


def test_of_two_files_the_newer_counts_and_the_other_is_named(course, download):
    folder = download({"kim/a/00_start_here.ipynb": None, "kim/b/00_start_here.ipynb": NEWER,
                       "bora/00_start_here.ipynb": None})  # fmt: skip
    os.utime(folder / "kim/b/00_start_here.ipynb", (LATER, LATER))
    rows = collect(course, folder)
    assert contents(course.submitted)[f"kim/{LESSON}/{LESSON}.ipynb"] == NEWER
    assert states(rows)["kim/a/00_start_here.ipynb"] == "older"


def test_a_platforms_time_and_number_of_the_attempt_decide(course, download):
    attempt = "HW_kim_attempt_2026-03-0{}-10-00-00_00_start_here.ipynb"
    files = {attempt.format(2): NEWER, attempt.format(1): None}
    files |= {"bora_1_2_00_start_here-1.ipynb": NEWER, "bora_1_2_00_start_here.ipynb": None}
    collect(course, download(files))
    assert {
        contents(course.submitted)[f"{s}/{LESSON}/{LESSON}.ipynb"] for s in ("kim", "bora")
    } == {NEWER}
    local = datetime.datetime(2026, 3, 2, 10).astimezone(datetime.UTC)
    stamp = (course.submitted / "kim" / LESSON / "timestamp.txt").read_text()
    assert stamp.strip() == f"{local:%Y-%m-%d %H:%M:%S} UTC"


def test_two_files_of_one_time_are_asked_for(course, download):
    files = {"kim/a/00_start_here.ipynb": None, "kim/b/00_start_here.ipynb": NEWER}
    rows = collect(course, download(files | {"bora/00_start_here.ipynb": None}))
    assert {name.split("/")[0] for name in there(course)} == {"bora"}
    assert "is as new as" in notes(rows)


def test_handing_in_again_keeps_the_older_file(course, download):
    collect(course, download({"kim_1_2_00_start_here.ipynb": None}))
    folder = download({"kim_1_3_00_start_here-1.ipynb": NEWER}, "later")
    assert [row.state for row in collect(course, folder)] == ["updated"]
    assert contents(course.submitted)[f"kim/{LESSON}/{LESSON}.ipynb"] == NEWER
    (kept,) = (course.root / "class" / "collected" / "older" / "kim" / LESSON).iterdir()
    assert kept.read_bytes() == NOTEBOOK


def test_an_older_download_changes_nothing(course, download):
    collect(course, download({"kim_1_3_00_start_here-1.ipynb": NEWER}))
    rows = collect(course, download({"kim_1_2_00_start_here.ipynb": None}, "first"))
    assert [row.state for row in rows] == ["older"]
    assert contents(course.submitted)[f"kim/{LESSON}/{LESSON}.ipynb"] == NEWER


def test_what_was_repaired_by_hand_stays_until_the_student_hands_in_again(course, download):
    first = download({"kim_1_2_00_start_here.ipynb": None})
    collect(course, first)
    target = course.notebook(course.submitted / "kim", LESSON)
    target.write_bytes(b"repaired")
    assert [row.state for row in collect(course, first)] == ["yours kept"]
    assert target.read_bytes() == b"repaired"
    rows = collect(course, download({"kim_1_2_00_start_here-1.ipynb": NEWER}, "later"))
    assert [row.state for row in rows] == ["updated"]
    assert target.read_bytes() == NEWER


def test_collecting_again_changes_nothing(course, download):
    folder = download({"kim_1_2_00_start_here.ipynb": None, "bora_3_4_00_start_here.ipynb": NEWER})
    collect(course, folder)
    before = contents(course.root)
    assert {row.state for row in collect(course, folder)} == {"as before"}
    assert contents(course.root) == before


def test_collecting_goes_on_after_it_was_stopped(course, download):
    """The record of where files came from is written last; without it nothing is lost either."""
    folder = download({f"s{i}_{i}_4_00_start_here.ipynb": None for i in range(3)})
    collect(course, folder)
    expected = contents(course.root)
    for path in (course.root / "class" / "collected").glob("*.json"):
        path.unlink()
    (course.submitted / "s1" / LESSON / f"{LESSON}.ipynb").unlink()
    collect(course, folder)
    assert contents(course.root) == expected


def test_late_is_said(course, download):
    (row,) = collect(course, download({"kim_LATE_1_2_00_start_here.ipynb": None}))
    assert row.late


def test_the_files_dates_may_be_the_times_of_handing_in(course, download):
    folder = download({"kim_1_2_00_start_here.ipynb": None})
    collect(course, folder)
    assert not (course.submitted / "kim" / LESSON / "timestamp.txt").exists()
    for path in course.submitted.rglob("*.ipynb"):
        path.unlink()
    collect(course, folder, file_times=True)
    stamp = (course.submitted / "kim" / LESSON / "timestamp.txt").read_text()
    assert stamp.startswith("2023-11-14 22:13:20")
