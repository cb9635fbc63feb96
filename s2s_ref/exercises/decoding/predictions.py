"""The predictions of lesson 5, in the order of the notebook."""

from s2s_ref.exercises.forms import choice, choices, number, percentage, predict

predict(
    "decoding.costliest",
    "Prediction: what costs the most BLEU",
    choice("not", "roles", "case", "eos"),
    example="not",
)

predict(
    "decoding.ten_draws",
    "Prediction: ten draws",
    number(1, 10, "translations in ten draws"),
    example=5,
)

predict(
    "decoding.greedy_misses",
    "Prediction: what greedy decoding misses",
    percentage(),
    example=10,
)

predict(
    "decoding.wide_beam",
    "Prediction: a beam of 50",
    choices("for the log-probability", "for BLEU", "up", "same", "down"),
    example=["up", "up"],
)
