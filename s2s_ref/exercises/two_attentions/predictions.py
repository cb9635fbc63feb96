"""The predictions of lesson 8, in the order of the notebook."""

from s2s_ref.exercises.forms import choice, predict, ranking

predict(
    "two_attentions.untrained",
    "Prediction: nothing to train",
    choice("none", "dot", "dot and general", "all three"),
    example="dot and general",
)

predict(
    "two_attentions.moved_both_ways",
    "Prediction: which states move now",
    choice("one", "earlier", "later", "all"),
    example="later",
)

VARIANTS = ("Bahdanau, dot", "Luong, dot", "Luong, additive", "Bahdanau, additive")

predict(
    "two_attentions.fastest_first",
    "Prediction: four variants by time",
    ranking("the fastest first", *VARIANTS),
    example=list(VARIANTS),
)

predict(
    "two_attentions.highest_rung",
    "Prediction: the highest rung",
    choice("encoder–decoder", "reversed", "peeky", "dot", "general", "additive"),
    example="peeky",
)
