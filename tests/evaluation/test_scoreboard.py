"""The two tables that grow from lesson to lesson."""

import json
import re
from html.parser import HTMLParser

import pytest

from s2s_ref.data.corpus import korean_english
from s2s_ref.data.korean.mascots import MASCOTS
from s2s_ref.data.korean.minimal_pairs import PHENOMENA, minimal_pairs
from s2s_ref.data.vocabulary import Vocabulary
from s2s_ref.evaluation import scoreboard
from s2s_ref.student.record import state_folder

COUNT = 6


@pytest.fixture
def answers():
    """The right translation of every sentence that the tables ask for."""
    known = {pair.src: pair.tgt for pair in MASCOTS}
    for name in PHENOMENA:
        for both in minimal_pairs(name, COUNT):
            known.update({pair.src: pair.tgt for pair in both})
    return known


def cells(table):
    """The texts of an HTML table's cells, row by row; fails where a tag is left open."""
    rows, opened = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, _):
            opened.append(tag)
            if tag == "tr":
                rows.append([])
            if tag in ("td", "th"):
                rows[-1].append("")

        def handle_endtag(self, tag):
            assert opened.pop() == tag

        def handle_data(self, data):
            rows[-1][-1] += data

    Reader().feed(table._repr_html_())
    assert not opened
    return rows


def test_mascots_show_source_gloss_reference_and_translation(answers):
    table = scoreboard.mascots(2, "perfect", answers.__getitem__)
    for pair in MASCOTS:
        for shown in (repr(table), str(cells(table))):
            assert pair.src in shown
            assert pair.gloss[0] in shown
            assert f"{pair.tgt} ✓" in shown
    assert repr(table).count("reference") == len(MASCOTS)


def test_a_wrong_translation_has_no_tick():
    table = scoreboard.mascots(2, "wrong", lambda _: "I do not know.")
    assert "✓" not in repr(table)
    assert "I do not know." in repr(table)


def test_a_translation_counts_whatever_its_spaces(answers):
    table = scoreboard.mascots(2, "spaced", lambda text: answers[text].replace(".", " ."))
    assert repr(table).count("✓") == len(MASCOTS)


def test_silence_is_shown_as_such():
    assert "(nothing)" in repr(scoreboard.mascots(2, "mute", lambda _: ""))


def test_the_table_grows_and_a_lesson_replaces_its_own_line(answers):
    scoreboard.mascots(7, "attention", answers.__getitem__)
    scoreboard.mascots(2, "encoder–decoder", lambda _: "first try")
    table = repr(scoreboard.mascots(2, "encoder–decoder", lambda _: "second try"))
    assert "first try" not in table
    block = table.split("\n\n")[0].splitlines()
    assert [line.strip().split("  ")[0] for line in block[2:]] == [
        "reference",
        "2 · encoder–decoder",
        "7 · attention",
    ]


def test_models_of_one_lesson_stay_in_the_order_in_which_they_came(answers):
    for name in ("b", "a", "b"):
        table = scoreboard.mascots(8, name, answers.__getitem__)
    assert repr(table).index("8 · b") < repr(table).index("8 · a")


def test_results_are_kept_in_the_state_folder(answers):
    scoreboard.mascots(2, "m", answers.__getitem__)
    scoreboard.phenomena(2, "m", lambda _: "", COUNT)
    (entry,) = json.loads((state_folder() / "scoreboard.json").read_text(encoding="utf-8"))
    assert entry["mascots"] == {pair.src: pair.tgt for pair in MASCOTS}
    assert entry["phenomena"] == dict.fromkeys(PHENOMENA, 0.0)


def test_the_same_call_gives_the_same_table_and_file(answers):
    tables, files = [], []
    for _ in range(2):
        tables.append(scoreboard.phenomena(2, "m", answers.get, COUNT))
        files.append((state_folder() / "scoreboard.json").read_bytes())
    assert tables[0] == tables[1]
    assert files[0] == files[1]


def test_phenomena_in_known_words_only():
    texts = [p.src for name in PHENOMENA for both in minimal_pairs(name, 5, 0) for p in both]
    vocabulary = Vocabulary.build([text for text in texts if "한" not in text])
    asked = []
    table = scoreboard.phenomena(2, "m", lambda t: asked.append(t) or "", COUNT, 0, vocabulary)
    assert asked
    assert all(word in vocabulary for text in asked for word in vocabulary.tokens(text))
    assert max(asked.count(text) for text in asked) == 1
    assert "–" in repr(table), "no pair of numbers without 한, one, is known"


def test_a_small_world_is_asked_in_its_own_words():
    """Of the pairs drawn from all words, next to none is in a vocabulary of a twentieth of them."""
    world = {"share": 0.05, "constructions": ["statement", "negation", "number", "modifier"]}
    small = Vocabulary.build([pair.src for pair in korean_english(3000, max_len=12, **world)])
    asked = []
    scoreboard.phenomena(8, "m", lambda t: asked.append(t) or "", 20, 0, small, share=0.05)
    assert len(set(asked)) == 3 * 20, "one of each pair of negation, tense and number"
    assert all(word in small for text in asked for word in small.tokens(text))


def test_both_sentences_of_a_minimal_pair_must_be_right(answers):
    table = scoreboard.phenomena(2, "perfect", answers.__getitem__, COUNT)
    assert cells(table)[-1] == ["2 · perfect", *["100%"] * len(PHENOMENA)]
    firsts = {both[0].src for name in PHENOMENA for both in minimal_pairs(name, COUNT)}
    seconds = {both[1].src for name in PHENOMENA for both in minimal_pairs(name, COUNT)}
    half = {source: answers[source] for source in firsts - seconds}
    table = scoreboard.phenomena(3, "half", lambda text: half.get(text, ""), COUNT)
    assert cells(table)[-1] == ["3 · half", *["0%"] * len(PHENOMENA)]


def test_one_phenomenon_alone_can_be_right():
    known = {pair.src: pair.tgt for both in minimal_pairs("tense", COUNT) for pair in both}
    table = cells(scoreboard.phenomena(2, "m", lambda text: known.get(text, ""), COUNT))
    assert table[-1][table[0].index("tense")] == "100%"
    assert set(table[-1][1:]) - {"100%"} <= {"0%"}


def test_every_phenomenon_says_what_differs():
    assert set(scoreboard.DIFFERS) == set(PHENOMENA)


def test_a_new_mascot_leaves_a_gap_in_old_lines(answers, monkeypatch):
    monkeypatch.setattr(scoreboard, "MASCOTS", MASCOTS[:4])
    scoreboard.mascots(2, "old", answers.__getitem__)
    monkeypatch.undo()
    table = repr(scoreboard.mascots(7, "new", answers.__getitem__))
    assert table.count("not translated") == 1


def test_columns_line_up_though_hangul_is_wide(answers):
    scoreboard.phenomena(2, "모형", answers.get, COUNT)
    text = repr(scoreboard.phenomena(3, "model", answers.get, COUNT)).splitlines()
    korean, english = (line.index("100%") for line in text[1:])
    assert korean + 2 == english  # two syllables, each two columns wide


@pytest.mark.parametrize(
    "content", ["not JSON", '{"a": 1}', '[{"lesson": 2}]', "[3]", '[{"lesson": "x", "model": 1}]']
)
def test_an_unreadable_file_is_set_aside(content, answers):
    folder = state_folder()
    folder.mkdir(parents=True)
    (folder / "scoreboard.json").write_text(content, encoding="utf-8")
    assert "2 · m" in repr(scoreboard.mascots(2, "m", answers.__getitem__))
    aside = folder / "scoreboard.unreadable.json"
    assert aside.read_text(encoding="utf-8") == content


def test_html_is_escaped():
    table = scoreboard.own(lambda _: "<unk> & <b>", "a < b")
    assert "&lt;unk&gt; &amp; &lt;b&gt;" in table._repr_html_()
    assert cells(table) == [["a < b"], ["model", "<unk> & <b>"]]


def test_rows_and_blocks_of_a_table_have_headings():
    html = scoreboard.own(str.upper, "a b")._repr_html_()
    assert re.findall(r"<th[^>]*>([^<]*)</th>", html) == ["a b", "model"]
    assert '<th scope="row"' in html


def test_own_sentences_name_the_words_never_seen():
    vocabulary = Vocabulary.build(["저는 책을 샀어요."])
    table = repr(
        scoreboard.own(str.upper, "저는 물을 샀어요.", "저는 책을 샀어요.", vocabulary=vocabulary)
    )
    assert table.count("never seen in training") == 1
    assert "never seen in training: 물을" in table


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_sentence_is_not_given_to_the_model(empty):
    def fails(text):
        assert text == "저는 책을 샀어요."
        return "I bought books."

    table = scoreboard.own(fails, empty, "저는 책을 샀어요.")
    assert "Write at least one word." in table.text
    assert "Write at least one word." in table.html
    assert "I bought books." in table.text


def test_own_needs_a_sentence():
    with pytest.raises(ValueError, match="Pass a sentence"):
        scoreboard.own(str.upper)


def test_ids_in_place_of_text_are_named():
    with pytest.raises(ValueError, match="should be a string, got list: decode the ids"):
        scoreboard.mascots(2, "m", lambda _: [4, 5])


def test_a_count_of_pairs_below_one_is_refused():
    with pytest.raises(ValueError, match="count must be at least 1"):
        scoreboard.phenomena(2, "m", str, 0)
