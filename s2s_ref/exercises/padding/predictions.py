"""The predictions of lesson 3, in the order of the notebook."""

from s2s_ref.exercises.forms import choice, choices, percentage, predict

predict(
    "padding.mate",
    "Prediction: a mate of 40 words",
    choice("nothing", "loss", "all"),
    example="all",
)

predict(
    "padding.forgotten",
    "Prediction: two things forgotten",
    choices("for the encoder", "for the loss", "worse", "same", "better"),
    example=["worse", "same"],
)

predict("padding.lower_loss", "Prediction: who has the lower loss", choice("A", "B"), example="B")

predict(
    "padding.padding_share",
    "Prediction: padding in random batches",
    percentage(),
    example=50,
)
