"""What a card says where no named mistake was recognised."""

import re
from dataclasses import dataclass

from s2s_ref.student.protocol import Raised


@dataclass(frozen=True)
class Generic:
    """What to say of a failure that is no known mistake."""

    headline: str
    why: str
    question: str = ""


GENERIC = {
    "unwritten": Generic(
        "not written yet",
        "The code still raises NotImplementedError where your lines belong.",
        "What should come back for the example in the text above the cell?",
    ),
    "parameters": Generic(
        "the parameters are not those of the exercise",
        "The check copies weights into your module by name, so `__init__` must stay as given.",
        "What does your `__init__` name differently from the one that was given?",
    ),
    "raised": Generic(
        "it raised an error",
        "The call did not come to an end.",
        "Which value in that line is not what you thought it is?",
    ),
    "nothing": Generic(
        "None came back",
        "None comes from a function that ends without `return`, and from methods that change a "
        "list in place.",
        "What should be returned?",
    ),
    "type": Generic(
        "the result is of the wrong kind",
        "The code that calls this goes on with another kind of value.",
        "What does the signature say comes back, after the arrow?",
    ),
    "shape": Generic(
        "the result has the wrong shape",
        "Every axis has a meaning, and the next step reads the axes by their place.",
        "Which axis is it that you have too many, too few, or in another place?",
    ),
    "dtype": Generic(
        "the result has the wrong dtype",
        "Ids are whole numbers, masks are bool, all else is float32.",
        "Where does the dtype change on the way?",
    ),
    "nan": Generic(
        "the result holds nan",
        "One nan spreads through every sum that it enters.",
        "Which step divides by zero, takes the logarithm of zero, or brings an infinity together "
        "with another one or with 0?",
    ),
    "graph": Generic(
        "a number is wanted, and a tensor with its graph came back",
        "Whoever keeps it for a curve keeps all that was computed for it in memory.",
        "How does a tensor with one number in it become a plain number?",
    ),
    "changed": Generic(
        "an argument was changed",
        "The caller still needs the value that it passed in.",
        "Which operation writes in place? Look for `+=`, `[...] =` and names that end in `_`.",
    ),
    "padding": Generic(
        "the result depends on padding",
        "A sentence would be translated differently beside a longer one.",
        "At which step do padded positions still take part?",
    ),
    "batch order": Generic(
        "the result depends on the order of the batch",
        "A sentence would be translated differently among other sentences.",
        "Which step mixes one sentence with another?",
    ),
    "random": Generic(
        "the same generator gives another result the second time",
        "Something is drawn from elsewhere, so nobody can repeat the experiment.",
        "Which lines draw random numbers, and does the generator go into all of them?",
    ),
    "detached": Generic(
        "right values, but no gradient flows",
        "Training would change nothing, for the way back is cut.",
        "Where does a tensor become a number, or is detached, or built anew?",
    ),
    "value": Generic("the values are wrong", "The call runs, and its result is of the right kind."),
    "gradient": Generic(
        "right values, but wrong gradients",
        "Training would go in another direction.",
        "Which part of the computation does not take part in the way back?",
    ),
    "left": Generic(
        "it left something else behind",
        "What the call does to its arguments matters as much as what it returns.",
        "In which order do the steps happen?",
    ),
}
"""Generic diagnoses, the cheapest cause first."""

SHAPES, DTYPES = "Which shapes meet in that line?", "Which dtypes meet in that line?"
ONE_NUMBER = "How many numbers does the tensor hold, and how many does that call take?"
ASKED_OF_ERRORS = (
    ("UnboundLocalError", "", "On which way to that line does the name get no value?"),
    ("NameError", "", "Where is this name defined: in a module, in `self`, in another cell?"),
    ("KeyError", "", "Which key is missing, and what may stand in its place?"),
    ("AttributeError", "^module", "In which module does this name live?"),
    ("AttributeError", "can't set", "Can that thing be changed, or must a new one be made?"),
    ("AttributeError", "", "Which value in that line is of the kind that the error names?"),
    ("TypeError", "class of a module", "Did you pass the class itself, or an object made of it?"),
    ("TypeError", "__init__", "Do you want to make an object there, or to call a function?"),
    ("TypeError", "positional argument", "Which arguments does that function take?"),
    ("TypeError", "not callable", "What stands before the round brackets in that line?"),
    ("TypeError", "not iterable", "What does that line walk along?"),
    ("TypeError", "concatenate|operand", "What stands on either side of that operator?"),
    ("TypeError", "", "What kind of value does that line want, and what kind did it get?"),
    ("IndexError", "out of bounds", "How long is that axis, and at which place do you look?"),
    ("IndexError", "[Dd]imension|indices", SHAPES),
    ("IndexError", "", "How long is what you look into, and at which place do you look?"),
    ("ValueError", "to unpack", "How many parts are there, and how many names wait for them?"),
    ("ValueError", "dtype", DTYPES),
    ("ValueError", "sequence of length", "How many places has each of the rows in that line?"),
    ("ValueError", "shape|size|dimension", SHAPES),
    ("ValueError", "one element", ONE_NUMBER),
    ("ValueError", "", "Which value does the call in that line accept, and which did it get?"),
    ("RuntimeError", "dtype|scalar type|data type", DTYPES),
    ("RuntimeError", "cannot be converted to Scalar", ONE_NUMBER),
    ("RuntimeError", "Boolean value", "How many times True or False does the comparison give?"),
    ("RuntimeError", "bool tensor", "What is the opposite of a mask of True and False?"),
    ("RuntimeError", "called more than", "What ends the loop where no <eos> comes?"),
    ("RuntimeError", "", SHAPES),
    ("ZeroDivisionError", "", "For which sentences is the divisor 0?"),
    ("RecursionError", "", "When does the function stop calling itself?"),
)
"""What to ask of an error that is no known mistake: by its type, and by a pattern of its text."""


def question(raised: Raised) -> str:
    """Return what to ask of an error; nothing where its type is none that we know."""
    for type_name, pattern, ask in ASKED_OF_ERRORS:
        if raised.type_name == type_name and re.search(pattern, raised.text):
            return ask
    return ""
