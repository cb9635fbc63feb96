"""Metrics, figures and the scoreboard."""
