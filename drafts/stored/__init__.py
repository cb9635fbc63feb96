"""Comparisons of several training runs, made once and stored, for lessons to show.

A lesson trains one model live; the other runs of its comparison are here, over several seeds, with
the settings that made them. `s2s experiment NAME --full` makes them again.
"""
