"""The exercises of lesson 1, in the order of the notebook."""

ORDER = (
    "one_hot",
    "rnn_step",
    "unroll",
    "single_rnn",
    "token_accuracy",
    "gru_step",
    "predictions",
)
