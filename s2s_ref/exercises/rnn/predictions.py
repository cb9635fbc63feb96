"""The predictions of lesson 1, in the order of the notebook."""

from s2s_ref.exercises.forms import choice, percentage, percentages, predict

predict("rnn.longer", "Prediction: longer than any it learned from", percentage(), example=60)

predict(
    "rnn.positions",
    "Prediction: accuracy at each position",
    percentages("for position 1", "for position 2", "for position 3"),
    example=[90, 30, 50],
)

predict("rnn.bigger", "Prediction: a larger network", percentage(), example=60)

predict(
    "rnn.rescue",
    "Prediction: what helps",
    choice("order", "wait", "both", "neither"),
    example="order",
)

predict("rnn.lengths", "Prediction: two words and four", choice("a", "b", "c"), example="a")

predict(
    "rnn.reach",
    "Prediction: how far back training can feel",
    choice("rnn", "gru", "lstm"),
    example="rnn",
)

predict(
    "rnn.forgetting",
    "Prediction: which cell forgets",
    choice("rnn", "gru", "lstm"),
    example="rnn",
)

predict("rnn.patience", "Prediction: more patience", percentage(), example=60)
