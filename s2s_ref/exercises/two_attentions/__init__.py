"""The exercises of lesson 8, in the order of the notebook."""

ORDER = (
    "general_scores",
    "additive_scores",
    "bidirectional_encoder",
    "bahdanau_decoder",
    "predictions",
)
