"""The predictions of lesson 6, in the order of the notebook."""

from s2s_ref.exercises.forms import choice, percentage, predict, ranking

predict("bottleneck.by_itself", "Prediction: 99 of 100 words right", percentage(), example=74)

predict(
    "bottleneck.tests_capacity",
    "Prediction: which curves test the vector",
    choice("short only", "all lengths", "both"),
    example="all lengths",
)

predict(
    "bottleneck.sums_order",
    "Prediction: four ways to add",
    ranking("the worst first", "plain", "peeky", "reversed", "both"),
    example=["plain", "peeky", "reversed", "both"],
)

predict(
    "bottleneck.korean_reversed",
    "Prediction: Korean read backwards",
    choice("better", "same", "worse"),
    example="same",
)
