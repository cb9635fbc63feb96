"""The speed of the reference, compared with other packages. `python -m benchmarks --help`."""
