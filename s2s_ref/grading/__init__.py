"""The instructor's side: release, grade, and what the class did not understand."""

import sys

# jsonschema would build a grammar for a kind of address that no notebook holds, which takes longer
# than grading a submission. A module that is None here cannot be imported, and it does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
