"""The exercises of lesson 4, in the order of the notebook."""

ORDER = (
    "teacher_forced_loss",
    "free_running_logits",
    "train_step",
    "perplexity",
    "scheduled_sampling",
    "predictions",
)
