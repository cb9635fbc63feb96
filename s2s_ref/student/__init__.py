"""What a student's notebook imports: check, hint and progress.

Nothing in this folder knows an answer. The judge, which does, is reached through `client.judge`.
"""

from s2s_ref.student.client import CheckFailed, check, hint, progress
from s2s_ref.student.notebook_hooks import explain_missing_answers

__all__ = ["CheckFailed", "check", "explain_missing_answers", "hint", "progress"]
