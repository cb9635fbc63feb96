"""nbgrader's settings for this course; they live in s2s_ref/grading/course.py."""

from pathlib import Path

from s2s_ref.grading.settings import configure

configure(get_config(), Path(__file__).parent)
