"""A student's own copy of the lessons, and the machine it is on."""
