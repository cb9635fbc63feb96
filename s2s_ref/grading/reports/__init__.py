"""What instructors read: the class report, tables in the terminal, and CSV."""
