"""The exercise `translation_file`: the text of the file that students hand in."""

from collections.abc import Mapping, Sequence
from typing import Any

from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise

KOREAN = [
    *("저는 책을 샀어요.", "고양이가 잤어요.", "물을 마셔요.", "친구가 왔어요.", "비가 와요."),
    *("KTX를 타요.", "서울에 갔어요.", "Jeju는 섬이에요."),
]
ENGLISH = [
    *("I bought a book.", "A cat slept.", "I drink water.", "A friend came.", "It’s raining."),
    *("I take the KTX.", "I went to Seoul.", "Jeju is an island."),
]


def reference_translation_file(translations: Mapping[str, str], sources: Sequence[str]) -> str:
    """Return the text of `translations.txt`: one line for each source, in their order.

    A translation stands on one line, with single spaces; one that is missing or empty is "?".
    """
    lines = [" ".join(translations.get(source, "").split()) or "?" for source in sources]
    return "".join(f"{line}\n" for line in lines)


@exercise(
    reference=reference_translation_file,
    title="The file that you hand in",
    steps={
        "lines": ("the lines", "Which line stands for a sentence without a translation?"),
    },
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
def translation_file(draw: Draw, sentences: int = 7) -> dict[str, Any]:
    """Draw translations in another order than the sources: broken, empty and missing ones too.

    One source comes twice, and one translation belongs to none of them.
    """
    korean, english = draw.shuffled(KOREAN)[:sentences], draw.shuffled(ENGLISH)
    translations = dict(zip(korean, english, strict=False))
    if sentences == 1:
        return {"translations": {korean[0]: "It’s \nraining."}, "sources": korean}
    broken, spaced, empty, blank, missing, *_ = korean
    translations[broken] = translations[broken].replace(" ", "\n", 1)
    translations[spaced] = " " + translations[spaced].replace(" ", "\t  ", 1)
    translations |= {empty: "", blank: " \n", "새가 울어요.": "A bird sings."}
    del translations[missing]
    # Reversed, so that the two orders always differ.
    sources = [*sorted(korean, reverse=True), korean[0]]
    return {"translations": {s: translations[s] for s in sorted(translations)}, "sources": sources}


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
    "the lines are those of the translations, not of the sources",
    why="There may be other sentences among the translations, in another order, and some missing. "
    "Every line is then scored against the reference of another sentence.",
    question="Which of the two arguments says how many lines there are, and in what order?",
)
def line_for_each_translation(translations, sources):
    lines = [" ".join(text.split()) or "?" for text in translations.values()]
    return "".join(f"{line}\n" for line in lines)


@translation_file.mistake(
    "sources without a translation have no line",
    why="All lines after the gap move up and are scored against the wrong reference.",
    question="How many lines must the file have, whatever the model said?",
)
def missing_left_out(translations, sources):
    known = [source for source in sources if source in translations]
    return "".join((" ".join(translations[s].split()) or "?") + "\n" for s in known)


@translation_file.mistake(
    "only the first line of each translation is there",
    why="What comes after the line break belongs to the translation, and its score misses it.",
    question="What should stand in the file where a translation has a line break?",
)
def first_lines_only(translations, sources):
    lines = [translations.get(source, "").partition("\n")[0] for source in sources]
    return "".join((" ".join(line.split()) or "?") + "\n" for line in lines)


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


translation_file.edit(
    "returns_in_the_loop",
    "it returns after the first line",
    base=file_with_loop,
    replace={"    return text": "        return text"},
    why="A `return` ends the function, the loop too.",
    question="How far is your `return` indented?",
)


translation_file.edit(
    "last_line_end_missing",
    "nothing ends the last line",
    base=file_with_loop,
    replace={"return text": "return text[:-1]"},
    why="Tools that count line ends find one line too few.",
    question="How many line ends does a file of three lines have?",
)

translation_file.edit(
    "blanks_kept",
    "several blanks stand where one should",
    base=file_with_loop,
    replace={
        "translations[source].split() if source in translations else []": "translations.get("
        'source, "").split("\\n")',
        '(" ".join(words) if words else "?")': '(" ".join(words).strip() or "?")',
    },
    why="Nobody can see it, and yet the line does not equal the reference.",
    question="Where does `text.split()` cut a text when its brackets are empty?",
)

translation_file.edit(
    "list_returned",
    "a list of lines came back, not one text",
    base=file_with_loop,
    replace={"return text": "return text.splitlines()"},
    why="A file holds one text, and `write` takes no list.",
    question="How do lines become one text, each with its end?",
)

translation_file.edit(
    "lowercased",
    "capital letters were lost",
    base=file_with_loop,
    replace={"return text": "return text.lower()"},
    why="The score compares letter by letter: 'seoul' is not 'Seoul'.",
    question="Which step changes the letters of a translation?",
)

translation_file.edit(
    "repeated_sources_left_out",
    "a source that comes twice has one line only",
    base=file_with_loop,
    replace={"for source in sources": "for source in dict.fromkeys(sources)"},
    why="All later lines move up and are scored against the wrong reference.",
    question="How many lines must the file have for five sources, two of them alike?",
)

translation_file.edit(
    "blank_is_no_gap",
    "a translation of blanks only became an empty line",
    base=file_with_loop,
    replace={"if words else": "if translations.get(source) else"},
    why="An empty line looks like a fault in the file, so the scorer refuses it.",
    question="When do you ask whether something is there: before or after the blanks are gone?",
)

translation_file.edit(
    "empty_is_no_gap",
    "a translation that is there but empty became an empty line",
    base=file_with_loop,
    replace={"if words else": "if source in translations else"},
    why="An empty line looks like a fault in the file, so the scorer refuses it.",
    question="What does `translations.get(source, '?')` return for a source whose translation is "
    "the empty text?",
)

translation_file.edit(
    "blanks_cut_one_by_one",
    "several blanks stand where one should, or an empty line where `?` should",
    base=file_with_loop,
    replace={
        "translations[source].split() if source in translations else []": "translations.get("
        'source, "").replace("\\n", " ").split(" ")',
        '(" ".join(words) if words else "?")': '(" ".join(words) or "?")',
    },
    why="Nobody can see it, and yet the line does not equal the reference.",
    question="What is `'a  b'.split(' ')`, with two blanks, and what is `'a  b'.split()`?",
)

translation_file.edit(
    "none_for_missing",
    "where a translation is missing, the word None was written",
    base=file_with_loop,
    replace={"else []": 'else ["None"]'},
    why="`str(None)` is the text 'None', which looks like a translation to the scorer.",
    question="What does `translations.get(source)` return when the source is not there?",
)

translation_file.edit(
    "source_for_missing",
    "where a translation is missing, the source was copied",
    base=file_with_loop,
    replace={"else []": "else [source]"},
    why="A reader cannot see that the model failed there, and the scorer sees a wrong answer.",
    question="What can stand there to show a reader that no line was lost?",
)

translation_file.edit(
    "source_in_front",
    "the source stands on the line too",
    base=file_with_loop,
    replace={"text += (": 'text += source + "\\t" + ('},
    why="The scorer compares the whole line with the reference.",
    question="What does one line of the file hold?",
)

translation_file.edit(
    "sorted_sources",
    "the lines stand in the order of the alphabet",
    base=file_with_loop,
    replace={"for source in sources": "for source in sorted(sources)"},
    why="Every line is then scored against the reference of another sentence.",
    question="Which of the two arguments says in what order the lines belong?",
)


translation_file.edit(
    "words_run_together",
    "two words became one where a line break stood between them",
    base=file_with_loop,
    replace={
        "translations[source].split() if source in translations else []": "translations.get("
        'source, "").replace("\\n", "").split()'
    },
    why="'drinkwater' is no word, so the score loses two.",
    question="What can stand between two words besides a blank?",
)
