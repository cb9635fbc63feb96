"""Batches, the training loop and its history. They work with any model."""
