"""In the order of the notebook."""

ORDER = (
    "teacher_forced_loss",
    "free_running_logits",
    "train_step",
    "perplexity",
    "scheduled_sampling",
    "predictions",
)
