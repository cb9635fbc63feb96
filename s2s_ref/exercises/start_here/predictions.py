"""The prediction of "Start here": what a check will say."""

from s2s_ref.exercises.forms import choice, predict

predict(
    "start_here.nested_list",
    "Prediction: what will the check say?",
    choice("a", "b", "c"),
    example="b",
)
