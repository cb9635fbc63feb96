"""One module for each package, and one for the floor."""
