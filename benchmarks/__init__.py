"""The reference's speed, side by side with other packages'. `python -m benchmarks --help`."""
