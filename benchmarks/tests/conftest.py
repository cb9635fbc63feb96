"""These tests need the peers: `make bench-test` runs them in the benchmarks' own environment."""

import os

import torch

os.environ["KERAS_BACKEND"] = "torch"
torch.set_num_threads(1)
