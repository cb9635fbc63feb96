"""The exercises of lesson 0, in the order of the notebook."""

ORDER = (
    "encode_sentence",
    "decode_ids",
    "predictions",
)
