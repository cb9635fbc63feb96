"""In the order of the notebook."""

ORDER = (
    "general_scores",
    "additive_scores",
    "bidirectional_encoder",
    "bahdanau_decoder",
    "predictions",
)
