"""Batches and one plain training loop; they know no lesson's model."""
