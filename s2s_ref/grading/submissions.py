"""Find the submissions of a class."""

from dataclasses import dataclass

from s2s_ref.grading.course import Course


@dataclass(frozen=True)
class Submission:
    """The submission of one student for one lesson."""

    student: str
    lesson: str


def find_submissions(
    course: Course, lessons: list[str] | None = None, students: list[str] | None = None
) -> list[Submission]:
    """List the submissions, lesson by lesson; only those of some lessons or students if named.

    Raises:
        ValueError: nothing was handed in, or nothing by one of these students.
    """
    wanted = lessons or course.lesson_names()
    folders = [p for p in course.submitted.glob("*/*") if p.is_dir() and p.name in wanted]
    found = [Submission(p.parent.name, p.name) for p in folders]
    if students:
        found = [s for s in found if s.student in students]
    missing = sorted(set(students or ()) - {s.student for s in found})
    if missing or not found:
        what = f" for {', '.join(lessons)}" if lessons else ""
        what += f" by {', '.join(missing)}" if missing else ""
        raise ValueError(
            f"Nothing was handed in{what}: {course.submitted} contains no such STUDENT/LESSON "
            "folder. Put it there, or collect what you downloaded: s2s collect DOWNLOAD. From "
            "nbgrader's exchange: nbgrader collect LESSON."
        )
    return sorted(found, key=lambda s: (s.lesson, s.student))


def unknown_folders(course: Course) -> list[str]:
    """List the students' folders whose name is not that of a lesson, as STUDENT/FOLDER."""
    lessons = course.lesson_names()
    folders = (p for p in course.submitted.glob("*/*") if p.is_dir() and p.name not in lessons)
    return sorted(f"{p.parent.name}/{p.name}" for p in folders if not p.name.startswith("."))
