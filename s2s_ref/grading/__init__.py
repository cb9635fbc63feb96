"""The instructor's side: release, grade, and what the class did not understand."""
