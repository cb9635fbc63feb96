"""nbgrader's settings for this course, which are in s2s_ref/grading/settings.py."""

from pathlib import Path

from s2s_ref.grading.settings import configure

configure(get_config(), Path(__file__).parent)
