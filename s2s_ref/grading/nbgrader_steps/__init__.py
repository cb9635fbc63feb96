"""The course's own steps in nbgrader's commands, one class in each file."""
