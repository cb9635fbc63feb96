"""The predictions of lesson 2, in the order of the notebook."""

from s2s_ref.exercises.forms import choice, percentage, percentages, predict

predict(
    "encoder_decoder.held_out",
    "Prediction: pairs never seen in training",
    percentages("for words", "for characters"),
    example=[60, 30],
)

predict(
    "encoder_decoder.zero_context",
    "Prediction: what a zero context says",
    choice("silence", "noise", "fluent"),
    example="fluent",
)

predict(
    "encoder_decoder.sorted_by",
    "Prediction: what the context is sorted by",
    choice("first word", "verb", "length"),
    example="verb",
)

predict(
    "encoder_decoder.lightest_words",
    "Prediction: which words weigh least",
    choice("first", "middle", "last", "all alike"),
    example="middle",
)

predict(
    "encoder_decoder.rows_read",
    "Prediction: rows of digits read right",
    percentage(),
    example=50,
)
