"""The exercises of lesson 3, in the order of the notebook."""

ORDER = (
    "pad",
    "length_mask",
    "masked_cross_entropy",
    "packed_encoder",
    "bucket_batches",
    "predictions",
)
