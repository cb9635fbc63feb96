"""The judge's side: the exercises with their references, cases and named mistakes."""
