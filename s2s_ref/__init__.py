"""The reference package of the sequence-to-sequence course."""

__version__ = "0.1.0"
