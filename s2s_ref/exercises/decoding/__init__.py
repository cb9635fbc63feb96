"""The exercises of lesson 5, in the order of the notebook."""

ORDER = (
    "trim_at_eos",
    "greedy_decode",
    "corpus_bleu",
    "sample_decode",
    "beam_step",
    "beam_search",
    "predictions",
)
