"""Where submissions run: walls, workspace, kernel, and the judge outside."""
