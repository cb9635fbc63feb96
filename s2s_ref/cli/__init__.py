"""The command `s2s`, one file for each group of commands."""
