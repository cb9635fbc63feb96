"""The engine of the checks: it draws cases, compares outcomes and reaches verdicts."""
