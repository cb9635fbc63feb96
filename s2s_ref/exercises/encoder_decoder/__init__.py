"""The exercises of lesson 2, in the order of the notebook."""

ORDER = (
    "shift_target",
    "encoder",
    "decoder",
    "translate_sentence",
    "exact_match",
    "predictions",
)
