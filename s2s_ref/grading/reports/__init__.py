"""What instructors read: tables, CSV, and the class report."""
