"""The predictions of lesson 7, in the order of the notebook."""

from s2s_ref.exercises.forms import choice, percentage, percentages, predict

predict(
    "attention.moved",
    "Prediction: which states move",
    choice("one", "earlier", "later", "all"),
    example="later",
)

predict(
    "attention.two_decoders",
    "Prediction: with and without attention",
    percentages("without attention", "with it"),
    example=[50, 60],
)

predict(
    "attention.brightest",
    "Prediction: the brightest word",
    choice("의사가", "도서관에서", "빌린", "책을", "읽었어요"),
    example="책을",
)

predict(
    "attention.on_the_word",
    "Prediction: how often it looks at the right word",
    percentage(),
    example=50,
)
