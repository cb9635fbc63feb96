"""The exercises of lesson 9, in the order of the notebook."""

ORDER = (
    "translation_file",
    "predictions",
)
