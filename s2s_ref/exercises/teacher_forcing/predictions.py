"""The predictions of lesson 4, in the order of the notebook."""

from s2s_ref.exercises.forms import choice, choices, percentage, predict

predict(
    "teacher_forcing.ahead",
    "Prediction: with a teacher or without",
    choices("for the start", "for the end", "forced", "free", "same"),
    example=["forced", "same"],
)

predict(
    "teacher_forcing.translations",
    "Prediction: the loss rises",
    choice("worse", "same", "better"),
    example="worse",
)

predict(
    "teacher_forcing.next_words",
    "Prediction: after one wrong word",
    percentage(),
    example=30,
)

predict(
    "teacher_forcing.now_and_then",
    "Prediction: a teacher now and then",
    choice("worse", "same", "better"),
    example="better",
)
