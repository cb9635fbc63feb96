"""Collect what students handed in: read downloads, and find out whose each file is."""
