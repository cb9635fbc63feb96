"""The course's own steps among nbgrader's, one small class a file."""
