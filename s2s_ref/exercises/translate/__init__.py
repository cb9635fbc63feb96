"""The exercises of lesson 9, Your own translator, in the order of the notebook."""

ORDER = (
    "translation_file",
    "predictions",
)
