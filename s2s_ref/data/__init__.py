"""Sentence pairs and all that is done to them before training."""
