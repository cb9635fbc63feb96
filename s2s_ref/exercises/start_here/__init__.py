"""The exercises of "Start here", in the order of the notebook."""

ORDER = (
    "encode_sentence",
    "decode_ids",
    "predictions",
)
