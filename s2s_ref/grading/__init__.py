"""The instructor's side: release lessons, grade submissions, and report on the class."""

import sys

# jsonschema imports this module if it can, and the module builds a grammar of internationalised
# addresses, which no notebook needs. That takes longer than grading a submission, and jsonschema
# has no option against it. A module that is None here cannot be imported.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
