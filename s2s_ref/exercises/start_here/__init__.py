"""In the order of the notebook."""

ORDER = (
    "encode_sentence",
    "decode_ids",
    "predictions",
)
