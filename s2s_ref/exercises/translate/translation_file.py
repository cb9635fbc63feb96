"""The exercise `translation_file`: the text of the file that students hand in."""

from collections.abc import Mapping, Sequence
from typing import Any

from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise

KOREAN = ["저는 책을 샀어요.", "고양이가 잤어요.", "물을 마셔요.", "친구가 왔어요.", "비가 와요."]
ENGLISH = ["I bought a book.", "A cat slept.", "I drink water.", "A friend came.", "It’s raining."]


def reference_translation_file(translations: Mapping[str, str], sources: Sequence[str]) -> str:
    """Return the text of `translations.txt`: one line for each source, in their order.

    A translation stands on one line, with single spaces; one that is missing or empty is "?".
    """
    lines = [" ".join(translations.get(source, "").split()) or "?" for source in sources]
    return "".join(f"{line}\n" for line in lines)


@exercise(
    reference=reference_translation_file,
    title="The file that you hand in",
    returns="file",
    edges=[{"sentences": 1}],
    hints=[
        "The scorer knows only the numbers of the lines. How does it find the source of a line? "
        "And what happens to all later lines when one is left out, or cut in two?",
        "The result is one text, and it has as many line ends as there are sources. Where does "
        "`text.split()` cut a text when its brackets are empty?",
        'With the sources ["비가 와요.", "물을 마셔요."] and the translations {"물을 마셔요.": '
        '"I drink\\nwater."}, the file says "?\\nI drink water.\\n".',
    ],
)
def translation_file(draw: Draw, sentences: int = 4) -> dict[str, Any]:
    """Draw translations in another order than the sources: broken, empty and missing ones too."""
    pairs = list(zip(draw.shuffled(KOREAN), draw.shuffled(ENGLISH), strict=True))[:sentences]
    sources = [source for source, _ in pairs]
    translations = dict(pairs)
    if sentences > 1:
        translations[sources[1]] = translations[sources[1]].replace(" ", " \n", 1)
        translations[sources[2]] = ""
        del translations[sources[3]]
        # Reversed, so that the two orders always differ.
        sources = sorted(sources, reverse=True)
        translations = {source: translations[source] for source in sorted(translations)}
    else:
        translations[sources[0]] = "It’s \nraining."
    return {"translations": translations, "sources": sources}


@translation_file.mistake(
    "the lines stand in the order in which they were translated",
    why="Every line is then scored against the reference of another sentence.",
    question="Which of the two arguments says in what order the lines belong?",
)
def own_order(translations, sources):
    known = [source for source in translations if source in sources]
    order = known + [source for source in sources if source not in translations]
    lines = [" ".join(translations.get(source, "").split()) or "?" for source in order]
    return "".join(f"{line}\n" for line in lines)


@translation_file.mistake(
    "sentences without a translation were left out",
    why="All lines after the gap move up and are scored against the wrong reference.",
    question="How many lines must the file have, whatever the model said?",
)
def left_out(translations, sources):
    lines = [" ".join(translations.get(source, "").split()) for source in sources]
    return "".join(f"{line}\n" for line in lines if line)


@translation_file.mistake(
    "there is an empty line where the model said nothing",
    why="An empty line looks like a fault in the file, so the scorer refuses it.",
    question="What can stand there to show a reader that no line was lost?",
)
def empty_lines(translations, sources):
    lines = [" ".join(translations.get(source, "").split()) for source in sources]
    return "".join(f"{line}\n" for line in lines)


@translation_file.mistake(
    "a line break inside a translation cuts it in two",
    why="The file then has more lines than sources, and all later lines move down.",
    question="How do you replace every kind of white space by a single space?",
)
def line_breaks_kept(translations, sources):
    lines = [translations.get(source, "").strip() or "?" for source in sources]
    return "".join(f"{line}\n" for line in lines)


@translation_file.mistake(
    "all lines run into one: nothing ends them",
    why="The scorer finds one long line where it expects one for each source.",
    question="What does a line of a file end with?",
)
def without_line_ends(translations, sources):
    lines = [" ".join(translations.get(source, "").split()) or "?" for source in sources]
    return " ".join(lines)


@translation_file.mistake(
    "letters outside ASCII were dropped",
    why="Names and quotation marks are part of the translation and of its score.",
    question="What does `errors=` do to a letter that an encoding does not have?",
)
def ascii_only(translations, sources):
    lines = [" ".join(translations.get(source, "").split()) or "?" for source in sources]
    return "".join(f"{line}\n" for line in lines).encode("ascii", errors="ignore").decode()


@translation_file.mistake(
    "where a translation is missing, the source was copied",
    why="A reader cannot see that the model failed there, and the scorer sees a wrong answer.",
    question="What can stand there to show a reader that no line was lost?",
)
def source_copied(translations, sources):
    lines = [" ".join(translations.get(source, "").split()) or source for source in sources]
    return "".join(f"{line}\n" for line in lines)


@translation_file.mistake(
    "a missing translation raises a KeyError",
    why="One sentence that the program skipped should not cost you all the others.",
    question="What does `translations.get(source, other)` return when the source is not there?",
    raises=".",
)
def missing_raises(translations, sources):
    lines = [" ".join(translations[source].split()) or "?" for source in sources]
    return "".join(f"{line}\n" for line in lines)


@translation_file.alternative
def file_with_loop(translations, sources):
    text = ""
    for source in sources:
        words = translations[source].split() if source in translations else []
        text += (" ".join(words) if words else "?") + "\n"
    return text
