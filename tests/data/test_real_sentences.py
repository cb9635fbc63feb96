"""Real sentences on the whole way: file, split, vocabulary, batches, training, translation.

The files lie beside the repository; without them these tests are skipped.
"""

import os

import nbformat
import pytest
import torch
from torch.nn.functional import cross_entropy

from s2s_ref.data import corpus, splits
from s2s_ref.data.files import read_pairs
from s2s_ref.data.vocabulary import Vocabulary
from s2s_ref.encoder_decoder import Decoder, Encoder, Seq2Seq, shift_target, translate_sentence
from s2s_ref.training.batches import endless
from s2s_ref.training.loop import fit, set_seed

FILES = {"kor-eng/kor.txt": "characters", "fra-eng/fra.txt": "words"}
NOTEBOOK = "solutions/02_encoder_decoder/02_encoder_decoder.ipynb"


def next_word_loss(model, batch):
    tgt_input, tgt_output = shift_target(batch.tgt)
    return cross_entropy(model(batch.src, tgt_input).flatten(0, 1), tgt_output.flatten())


@pytest.mark.parametrize("file", FILES)
def test_real_sentences_from_file_to_translation(file, shared_data):
    pairs = corpus.limit_length(read_pairs(shared_data / file), 6)[:3000]
    parts = splits.split(pairs, valid=0, test=0.1)
    assert not {pair.src for pair in parts.train} & {pair.src for pair in parts.test}
    src_vocab = Vocabulary.build([pair.src for pair in parts.train], FILES[file])
    tgt_vocab = Vocabulary.build([pair.tgt for pair in parts.train], "words", min_count=2)

    set_seed(0)
    encoder, decoder = Encoder(len(src_vocab), 32, 64), Decoder(len(tgt_vocab), 32, 64)
    batches = endless(
        src_vocab.encode_all(pair.src for pair in parts.train),
        tgt_vocab.encode_all(pair.tgt for pair in parts.train),
        batch_size=32,
        bos_id=tgt_vocab.bos_id,
    )
    history = fit(Seq2Seq(encoder, decoder), batches, next_word_loss, steps=200, lr=5e-3)
    assert history.recent_loss(30) < 0.7 * history.losses[0]

    known = {word for pair in parts.train for word in tgt_vocab.tokens(pair.tgt)}
    for pair in parts.test[:20]:
        src = torch.tensor([src_vocab.encode(pair.src)])
        ids = translate_sentence(encoder, decoder, src, tgt_vocab.bos_id, tgt_vocab.eos_id, 12)
        assert len(ids) <= 12
        written = tgt_vocab.tokens(tgt_vocab.decode(ids))
        assert set(written) <= known | {"<unk>"}


@pytest.fixture
def run_cells(root):
    """Run lesson 2's own cells up to its tools, then those asked for; return their names."""
    notebook = nbformat.read(root / NOTEBOOK, as_version=4)
    sources = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}

    def run(*cells, shorter=()):
        names = {}
        written = [i for i in sources if i.startswith("encoder_decoder-")]
        for cell in ["set-up", *written, "experiment-tools", *cells]:
            source = sources[cell]
            for old, new in shorter if cell in cells else ():
                assert source.count(old) == 1
                source = source.replace(old, new)
            exec(compile(source, cell, "exec"), names)
        return names

    return run


def test_the_experiment_on_real_sentences_runs_with_a_file(
    run_cells, shared_data, monkeypatch, capsys
):
    monkeypatch.setitem(os.environ, "S2S_SENTENCES", str(shared_data / "kor-eng" / "kor.txt"))
    names = run_cells("experiment-real_sentences", shorter=[("steps=1000", "steps=60")])
    shown = capsys.readouterr().out
    assert "of the held-out sentences have unseen words" in shown
    assert "60 updates" in shown
    assert shown.count("(reference: ") == 20
    assert names["real"].train


def test_the_experiment_on_real_sentences_says_how_to_give_a_file(run_cells, monkeypatch, capsys):
    monkeypatch.delenv("S2S_SENTENCES", raising=False)
    run_cells("experiment-real_sentences")
    assert "S2S_SENTENCES=" in capsys.readouterr().out


def test_a_wrong_path_is_named(run_cells, monkeypatch, tmp_path):
    monkeypatch.setitem(os.environ, "S2S_SENTENCES", str(tmp_path / "no.txt"))
    with pytest.raises(ValueError, match=r"There is no file .*no\.txt"):
        run_cells("experiment-real_sentences")
