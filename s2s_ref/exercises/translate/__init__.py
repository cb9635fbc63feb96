"""In the order of the notebook."""

ORDER = (
    "translation_file",
    "predictions",
)
