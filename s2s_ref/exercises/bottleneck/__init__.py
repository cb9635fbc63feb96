"""The exercises of lesson 6, in the order of the notebook."""

ORDER = (
    "score_by_length",
    "reverse_source",
    "peeky_decoder",
    "predictions",
)
