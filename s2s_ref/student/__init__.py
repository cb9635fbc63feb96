"""What a student's notebook uses: check, hint and progress.

Nothing in this folder imports the references, the mistakes or the judge.
"""

from s2s_ref.student.client import CheckFailed, check, hint, progress

__all__ = ["CheckFailed", "check", "hint", "progress"]
