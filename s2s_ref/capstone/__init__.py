"""Real sentences: held-out sources, a baseline, scores, and a translator to start from."""
