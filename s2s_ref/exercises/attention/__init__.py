"""The exercises of lesson 7, in the order of the notebook."""

ORDER = (
    "dot_scores",
    "attention_weights",
    "context_vectors",
    "luong_decoder",
    "alignment_matrix",
    "predictions",
)
