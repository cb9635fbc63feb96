"""Stored comparisons: made once, resumed where interrupted, read by name."""

import dataclasses
import json
import math
from pathlib import Path

import pytest
import torch

from s2s_ref import experiments as stored
from s2s_ref.data.corpus import korean_english
from s2s_ref.data.pairs import length
from s2s_ref.data.splits import Splits
from s2s_ref.data.toy_tasks import sums
from s2s_ref.evaluation import plots
from s2s_ref.experiments import comparison as engine
from s2s_ref.experiments import korean, sums_and_dates, translators
from s2s_ref.experiments.translators import Corpus
from s2s_ref.training.history import History


def run(variant, seed, settings):
    """A run of the comparison below: a model of one number, and a trace that it was made."""
    with Path(settings["trace"]).open("a", encoding="utf-8") as file:
        file.write(f"{variant} {seed}\n")
    if variant == settings.get("breaks"):
        raise ValueError("this run broke")
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(model.weight, len(variant) + seed)
    return model, {"value": len(variant) + seed + settings["plus"]}


def table(results):
    return [["variant", "values"], *([v, str(results.series(v, "value"))] for v in results.runs)]


def figure(results):
    return plots.bars({v: results.series(v, "value") for v in results.runs}, ["0", "1"])


@pytest.fixture
def small(tmp_path):
    settings = {"plus": 10, "trace": str(tmp_path / "trace")}
    return engine.Comparison(
        "small", "Two words", ("a", "b, long"), settings, run, table, figure, seeds=(0, 1)
    )


def made(comparison):
    return Path(comparison.settings["trace"]).read_text(encoding="utf-8").splitlines()


def changed(comparison, **settings):
    return dataclasses.replace(comparison, settings={**comparison.settings, **settings})


def test_every_variant_runs_once_a_seed_and_can_be_read_back(small, tmp_path):
    done = []
    results = engine.run_all(small, tmp_path, done=lambda *place: done.append(place))
    assert made(small) == ["a 0", "b, long 0", "a 1", "b, long 1"], "seed by seed"
    assert done == [("a", 0), ("b, long", 0), ("a", 1), ("b, long", 1)]
    assert results.runs == {
        "a": [{"value": 11}, {"value": 12}],
        "b, long": [{"value": 17}, {"value": 18}],
    }
    assert engine.load(small, tmp_path) == results
    assert (tmp_path / "small.png").read_bytes().startswith(b"\x89PNG")


def test_an_interrupted_comparison_goes_on_where_it_stopped(small, tmp_path):
    with pytest.raises(ValueError, match="this run broke"):
        engine.run_all(changed(small, breaks="b, long"), tmp_path)
    assert "a 0" in made(small)
    whole = engine.run_all(changed(small, breaks=None), tmp_path)
    assert [len(runs) for runs in whole.runs.values()] == [2, 2]


def test_finished_runs_are_not_made_again_until_the_settings_change(small, tmp_path):
    engine.run_all(small, tmp_path)
    assert engine.count_missing_runs(small, tmp_path) == 0
    engine.run_all(small, tmp_path)
    assert len(made(small)) == 4
    other = changed(small, plus=20)
    assert engine.count_missing_runs(other, tmp_path) == 4
    assert engine.run_all(other, tmp_path).series("a", "value") == [21, 22]
    engine.delete_runs(other, tmp_path)
    assert engine.count_missing_runs(other, tmp_path) == 4
    assert engine.load(other, tmp_path).series("a", "value") == [21, 22], "the result stays"


def test_the_weights_of_the_kept_variants_are_stored_as_the_first_seed_left_them(small, tmp_path):
    keeping = dataclasses.replace(small, kept=("b, long",))
    engine.run_all(keeping, tmp_path)
    weights = engine.load_weights(keeping, "b, long", tmp_path)
    assert {name: own.tolist() for name, own in weights.items()} == {"weight": [[7.0]]}
    assert weights["weight"].dtype == torch.float32
    with pytest.raises(ValueError, match="small stores no weights of 'a', but of: b, long"):
        engine.load_weights(keeping, "a", tmp_path)


def test_a_run_whose_weights_are_wanted_and_gone_is_made_again(small, tmp_path):
    engine.run_all(small, tmp_path)
    keeping = dataclasses.replace(small, kept=("a",))
    assert engine.count_missing_runs(keeping, tmp_path) == 0
    with pytest.raises(ValueError, match="Make them: s2s experiment small --full"):
        engine.load_weights(keeping, "a", tmp_path)
    (tmp_path / "runs" / "small" / "a-0.safetensors").unlink()
    assert engine.count_missing_runs(keeping, tmp_path) == 1
    engine.run_all(keeping, tmp_path)
    assert len(made(small)) == 5
    assert engine.load_weights(keeping, "a", tmp_path)["weight"].item() == 1


def test_what_was_never_made_is_named_with_the_command(small, tmp_path):
    with pytest.raises(ValueError, match="Make them: s2s experiment small --full"):
        engine.load(small, tmp_path)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="no comparison 'lenght': choose from length_curve, "):
        stored.find("lenght")


def test_a_thinned_history_draws_the_same_curves():
    history = History("run")
    for step in range(1, 1001):
        history.record(1000 / step, 0.01, 600)
    history.record_validation(500, {"exact match": 0.5})
    history.record_validation(1000, {"exact match": 0.75})
    thin = json.loads(json.dumps(engine.thin_history(history)))
    assert len(json.dumps(thin)) < 3000
    results = engine.Results({}, (0,), {"v": [{"history": thin}]})
    (grown,) = results.histories()["v"]
    assert grown.steps == history.steps
    assert (grown.valid, grown.valid_steps) == (history.valid, history.valid_steps)
    assert grown.seconds == pytest.approx(history.seconds, abs=0.01)
    assert grown.tgt_tokens[499] == pytest.approx(history.tgt_tokens[499], abs=1)
    assert sum(grown.losses[984:]) / 16 == pytest.approx(sum(history.losses[984:]) / 16, rel=0.02)


# --------------------------------------------------------------------------- the translators


@pytest.fixture(scope="module")
def corpus():
    pairs = korean_english(60, seed=3, max_len=8, share=0.05)
    return Corpus.of(Splits(pairs[:50], [], pairs[50:]))


KINDS = [
    *("fixed", "peeky", "luong dot", "luong general", "luong additive"),
    *("bidirectional luong dot", "bidirectional bahdanau additive", "bahdanau dot"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fits_its_budget_and_learns(kind, corpus):
    hidden = translators.largest_hidden(30_000, kind, corpus, 16, "gru")
    settings = {"embed": 16, "cell": "gru", "batch": 10, "lr": 0.01, "steps": 30, "every": 30}
    _, numbers = translators.train(kind, 0, corpus, settings, hidden, corpus.test)
    assert 0.8 * 30_000 < numbers["parameters"] <= 30_000
    assert numbers["hidden"] == hidden
    losses = numbers["history"]["losses"]
    assert losses[-1] < losses[0] - 0.5
    assert 0 <= numbers["history"]["valid"]["exact match"][-1] <= 1


def test_nats_and_exact_match_are_those_of_the_sentences_one_by_one(corpus):
    torch.manual_seed(0)
    model = translators.build("luong dot", corpus, 16, 16, "lstm").eval()
    alone = [translators.mean_nats(model, corpus, [pair]) for pair in corpus.test]
    tokens = [len(corpus.target.encode(pair.tgt)) for pair in corpus.test]
    weighted = sum(a * n for a, n in zip(alone, tokens, strict=True)) / sum(tokens)
    assert translators.mean_nats(model, corpus, corpus.test) == pytest.approx(weighted, rel=1e-5)
    said = translators.translate(model, corpus, corpus.test)
    for pair, text in zip(corpus.test, said, strict=True):  # untrained, it goes on to the limit
        (one,) = translators.translate(model, corpus, [pair])
        assert one
        assert text.startswith(one)


def test_a_perfect_aligner_has_the_error_of_its_missing_links(corpus):
    """A decoder whose weights lie on a gold link for every word that has one."""
    pair = next(pair for pair in corpus.test if pair.sure)
    batch = corpus.batch([pair])
    gold = {tgt: src for src, tgt in (*pair.possible, *pair.sure)}

    class Oracle(torch.nn.Module):
        def forward(self, tgt_input, _):
            weights = torch.zeros(1, tgt_input.shape[1], batch.src.shape[1])
            for tgt, src in gold.items():
                weights[0, tgt, src] = 1
            return None, None, weights

    model = translators.build("luong dot", corpus, 4, 4, "gru")
    model.decoder = Oracle()
    found = {(src, tgt) for tgt, src in gold.items()}
    sure, possible = set(pair.sure), set(pair.sure) | set(pair.possible)
    expected = 1 - (len(found & sure) + len(found & possible)) / (len(found) + len(sure))
    assert translators.alignment_error(model, corpus, [pair]) == pytest.approx(expected, abs=1e-6)


def test_a_reversed_corpus_reads_backwards_and_keeps_its_end():
    pairs = sums(10, digits=2)
    plain, turned = (
        Corpus.of(Splits(pairs, [], pairs), "characters", True, r) for r in (False, True)
    )
    for one, other in zip(plain.ids(pairs)[0], turned.ids(pairs)[0], strict=True):
        assert other == [*one[-2::-1], one[-1]]
    assert plain.ids(pairs)[1] == turned.ids(pairs)[1]


def test_lengths_world_tests_every_bin_on_sentences_that_were_not_trained_on():
    settings = korean.LONG | {"pairs": 300, "a bin": 5}
    for longest in (10, 28):
        corpus = korean.lengths_world(settings, longest)
        assert max(map(length, corpus.train)) <= longest
        assert not {p.src for p in corpus.train} & {p.src for p in corpus.test}
        assert not {p.tgt for p in corpus.train} & {p.tgt for p in corpus.test}
        for low, high in settings["bins"]:
            assert sum(low <= length(pair) <= high for pair in corpus.test) == 5


def test_nats_by_position_average_to_the_loss():
    settings = sums_and_dates.SUMS | {"pairs": 60, "digits": 2, "test": 20}
    corpus = sums_and_dates.task_corpus(settings)
    torch.manual_seed(1)
    model = translators.build("peeky", corpus, 8, 8, "gru").eval()
    nats = sums_and_dates.nats_by_position(model, corpus)
    lengths = [len(corpus.target.encode(pair.tgt)) for pair in corpus.test]
    reaching = [sum(n > place for n in lengths) for place in range(len(nats))]
    mean = sum(a * n for a, n in zip(nats, reaching, strict=True)) / sum(lengths)
    assert mean == pytest.approx(translators.mean_nats(model, corpus, corpus.test), abs=1e-3)


# --------------------------------------------------------------------------- what is stored

STORED = [c for c in stored.comparisons() if (engine.STORE / f"{c.name}.json").is_file()]


@pytest.mark.parametrize("comparison", STORED, ids=lambda c: c.name)
def test_stored_results_were_made_with_the_settings_in_the_file(comparison):
    results = engine.load(comparison)
    assert results.settings == json.loads(json.dumps(dict(comparison.settings)))
    assert results.seeds == comparison.seeds
    assert len(results.seeds) >= 3
    assert tuple(results.runs) == comparison.variants
    rows = comparison.table(results)
    assert len(rows) == len(comparison.variants) + 1
    assert all(len(row) == len(rows[0]) for row in rows)
    for axes in comparison.figure(results).axes:
        assert axes.get_ylabel()
    assert (engine.STORE / f"{comparison.name}.json").stat().st_size < 1_000_000
    for histories in results.histories().values():
        assert all(math.isfinite(history.losses[-1]) for history in histories)


@pytest.mark.parametrize("name", ["sums", "dates"])
@pytest.mark.parametrize("variant", list(sums_and_dates.VARIANTS))
def test_a_stored_translator_answers_as_it_did_when_it_was_measured(name, variant):
    model, corpus = sums_and_dates.stored_translator(name, variant)
    exact = translators.exact_matches(model, corpus, corpus.test)
    measured = stored.load(name).series(variant, "exact match")[0]
    assert sum(exact) / len(exact) == pytest.approx(measured, abs=0.01), "16 bits are enough"
    assert (engine.STORE / f"{name}.safetensors").stat().st_size < 1_000_000


def test_a_translator_that_is_not_stored_is_refused():
    with pytest.raises(ValueError, match="no comparison 'ladder' here: choose sums or dates"):
        sums_and_dates.stored_translator("ladder", "dot")


@pytest.mark.parametrize("name", ["four_attentions", "ladder", "sums", "dates"])
def test_what_is_compared_has_as_many_parameters(name):
    if name not in {c.name for c in STORED}:
        pytest.skip(f"{name} is not stored: s2s experiment {name} --full")
    results = stored.load(name)
    counts = [runs[0]["parameters"] for runs in results.runs.values()]
    assert max(counts) <= 1.05 * min(counts)
