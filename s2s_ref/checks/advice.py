"""What a card says when no named mistake was recognised."""

import re
from dataclasses import dataclass

from s2s_ref.student.protocol import Raised


@dataclass(frozen=True)
class Advice:
    """What to say about a failure: what happened, why it matters, and a question that helps."""

    headline: str
    why: str = ""
    question: str = ""


ADVICE = {
    "unwritten": Advice(
        "not written yet",
        "The code still raises NotImplementedError where your lines belong.",
        "What should come back for the example in the text above the cell?",
    ),
    "parameters": Advice(
        "the parameters are not those of the exercise",
        "The check copies weights into your module by name, so `__init__` must stay as given.",
        "What does your `__init__` name differently from the one that was given?",
    ),
    "memory": Advice(
        "it needs too much memory",
        "",
        "How many numbers does the value in that line hold, and on which sizes does that depend?",
    ),
    "unfinished": Advice(
        "it did not end",
        "",
        "What changes from one round of the loop to the next, and when does that end the loop?",
    ),
    "raised": Advice(
        "it raised an error",
        "The call ended with an error.",
        "Which value in that line is not what you expect?",
    ),
    "nothing": Advice(
        "None came back",
        "A function without `return` returns None, and so do methods that change a list in place.",
        "Which line hands the result back, and what does that line give?",
    ),
    "type": Advice(
        "the result is of the wrong kind",
        "The code that calls this needs another kind of value.",
        "What does the signature say comes back, after the arrow?",
    ),
    "shape": Advice(
        "the result has the wrong shape",
        "Every axis has a meaning, and the next step finds an axis by its position.",
        "Which axis is missing, superfluous or in the wrong position?",
    ),
    "dtype": Advice(
        "the result has the wrong dtype",
        "Ids are whole numbers, masks are bool, everything else is float32.",
        "In which step does the dtype change?",
    ),
    "nan": Advice(
        "the result holds nan",
        "A nan turns every sum that it is part of into nan.",
        "Which step divides by zero, takes the logarithm of zero, or brings an infinity together "
        "with another one or with 0?",
    ),
    "graph": Advice(
        "a number is expected, and a tensor with its graph was returned",
        "A tensor that is kept for a curve keeps its whole computation in memory.",
        "How does a tensor with one number in it become a plain number?",
    ),
    "changed": Advice(
        "an argument was changed",
        "The caller still needs the original value.",
        "Which operation writes in place? Look for `+=`, `[...] =` and names that end in `_`.",
    ),
    "again": Advice(
        "the same call does not always give the same result",
        "A result should depend on the arguments and the weights only.",
        "Does your code draw random numbers, make new layers in each call, or keep something from "
        "an earlier call?",
    ),
    "called again": Advice(
        "right the first time, wrong when called again",
        "A model is called for one batch after another, and each of them is new to it.",
        "What does your code keep from one call to the next?",
    ),
    "training": Advice(
        "the result is different in training mode",
        "The course's models do the same in both modes, unless the text says otherwise.",
        "Which of your layers behaves differently in training mode?",
    ),
    "padding": Advice(
        "the result depends on padding",
        "A sentence would be translated differently in a batch with a longer one.",
        "In which step are padded positions still used?",
    ),
    "batch order": Advice(
        "the result depends on the order of the batch",
        "The translation of a sentence would depend on the other sentences in its batch.",
        "Which step mixes one sentence with another?",
    ),
    "random": Advice(
        "the same generator gives a different result the second time",
        "Some numbers are drawn from another source, so the experiment cannot be repeated.",
        "Which lines draw random numbers, and do all of them use the generator?",
    ),
    "detached": Advice(
        "right values, but no gradient flows",
        "Training would change nothing, because the backward pass stops here.",
        "Where is a tensor turned into a number, detached or created anew?",
    ),
    "value": Advice(
        "the values are wrong", "The call succeeds, and its result is of the right kind."
    ),
    "part": Advice("only a part of the result is right"),
    "gradient": Advice(
        "right values, but wrong gradients",
        "Training would go in another direction.",
        "Which part of the computation is left out of the backward pass?",
    ),
    "left": Advice(
        "it leaves the model in the wrong state",
        "What the call does to its arguments matters as much as what it returns.",
        "What does each of your lines do to the weights and their gradients, and in which order?",
    ),
}
"""What to say about each kind of difference. The kinds that are easiest to fix come first."""

SHAPES, DTYPES = "Which shapes meet in that line?", "Which dtypes meet in that line?"
ONE_NUMBER = "How many numbers does the tensor hold, and how many does that call take?"
ERROR_QUESTIONS = (
    ("UnboundLocalError", "", "On which path to that line is no value assigned to the name?"),
    ("NameError", "", "Where is this name defined: in a module, in `self`, in another cell?"),
    ("KeyError", "", "Which key is missing, and what may stand in its place?"),
    ("AttributeError", "^module", "In which module does this name live?"),
    ("AttributeError", "can't set", "Can that value be changed, or do you need a new one?"),
    ("AttributeError", "", "Which value in that line is of the kind that the error names?"),
    ("TypeError", "class of a module", "Did you pass the class itself, or an object made of it?"),
    ("TypeError", "__init__", "Do you want to make an object there, or to call a function?"),
    ("TypeError", "positional argument", "Which arguments does that function take?"),
    ("TypeError", "not callable", "What is in front of the parentheses in that line?"),
    ("TypeError", "not iterable", "What does that line iterate over?"),
    ("TypeError", "concatenate|operand", "What is on either side of that operator?"),
    ("TypeError", "only integer tensors", "How many numbers are in the index of that line?"),
    ("TypeError", "", "What kind of value does that line need, and what kind did it get?"),
    ("IndexError", "out of bounds", "How long is that axis, and which index do you use?"),
    ("IndexError", "[Dd]imension|indices|shape of the mask", SHAPES),
    ("IndexError", "", "How long is the sequence, and which index do you use?"),
    ("ValueError", "to unpack", "How many values are there, and how many names do they get?"),
    ("ValueError", "dtype", DTYPES),
    ("ValueError", "sequence of length", "How long is each of the rows in that line?"),
    ("ValueError", "shape|size|dimension", SHAPES),
    ("ValueError", "one element", ONE_NUMBER),
    ("ValueError", "", "Which value does the call in that line accept, and which did it get?"),
    ("RuntimeError", "dtype|scalar type|data type", DTYPES),
    ("RuntimeError", "cannot be converted to Scalar", ONE_NUMBER),
    ("RuntimeError", "Boolean value", "How many times True or False does the comparison give?"),
    ("RuntimeError", "bool tensor", "What is the opposite of a mask of True and False?"),
    ("RuntimeError", "in-?place", "Which line writes into a tensor that was in use already?"),
    ("RuntimeError", "probability tensor", "Which numbers can be probabilities, and which came?"),
    ("RuntimeError", "index k out of range", "How many are there, and how many do you ask for?"),
    ("RuntimeError", "non-empty", "For which arguments is that list empty?"),
    ("RuntimeError", "num_classes", "How many places has a vector, and which is the largest id?"),
    ("RuntimeError", "does not require grad", "Which step forgets how its numbers were computed?"),
    ("RuntimeError", "called more than", "What ends the loop if <eos> never comes?"),
    ("RuntimeError", "", SHAPES),
    ("ZeroDivisionError", "", "For which sentences is the divisor 0?"),
    ("StopIteration", "", "What should happen where `next` finds nothing?"),
    ("RecursionError", "", "When does the function stop calling itself?"),
)
"""The type of an error, a pattern of its text, and the question to ask. The first match counts."""


def question_about(raised: Raised) -> str:
    """Return a question that helps with an error; it is empty if the error's type is not known."""
    for type_name, pattern, question in ERROR_QUESTIONS:
        if raised.type_name == type_name and re.search(pattern, raised.text):
            return question
    return ""
