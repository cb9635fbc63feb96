"""Figures: what they show is what was given, and Hangul is drawn."""

import json
import logging
import subprocess
import sys

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
import torch
from matplotlib import ft2font
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from nbclient import NotebookClient

from s2s_ref.evaluation import plots
from s2s_ref.evaluation.metrics import project
from s2s_ref.training.history import History

KOREAN = "저는 책을 샀어요"


def history(scale=1.0, steps=200):
    run = History("mine")
    for step in range(1, steps + 1):
        run.record(scale / step, 0.5, 10)
        if step % 50 == 0:
            run.record_validation(step, {"exact match": step / steps * scale})
    return run


FIGURES = {
    "learning_curves": lambda: plots.learning_curves(
        {KOREAN: [history(), history(2)]}, yours=history(), log=True, title=KOREAN
    ),
    "accuracy_by_position": lambda: plots.accuracy_by_position(
        {"작은 모형": [1, 0.2, 1]},
        best_guess=[1, 0.2, 1],
        prediction=[1, 1, 1],
        positions=KOREAN.split(),
        title=KOREAN,
    ),
    "accuracy_by_length": lambda: plots.accuracy_by_length(
        {KOREAN: [{1: 1.0, 5: 0.5}, {1: 0.9, 5: 0.7}]},
        yours={1: 1.0, 5: 0.1},
        prediction={1: 1.0, 5: 0.0},
        chance=0.1,
        title=KOREAN,
    ),
    "gradient_by_distance": lambda: plots.gradient_by_distance(
        {KOREAN: [[1.0, 1e-4, 1e-8], [1.0, 1e-5, 0.0]]}, before={KOREAN: [1, 0.1, 0.01]}
    ),
    "context_projection": lambda: plots.context_projection(
        {"배우기 전": torch.randn(60, 8), "배운 뒤": torch.randn(60, 8)},
        list("가나다라마바사아자차") * 6,
        label_name="첫 낱말",
    ),
    "side_by_side": lambda: plots.side_by_side(
        {"점수": {"작은 모형": {1: 0.2, 50: 0.5}}, "길이": {KOREAN: {1: 9, 50: 7}}},
        xlabel="beam size",
        log=True,
        prediction={"길이": 8},
    ),
    "heat_map": lambda: plots.heat_map(
        torch.rand(3, 4),
        KOREAN.split(),
        ["I", "bought", "books", "."],
        gold=([(0, 0), (1, 2), (2, 1)], [(2, 3)]),
        title=KOREAN,
    ),
    "bars": lambda: plots.bars({KOREAN: [0.9, 0.1]}, ["훈련", "시험"], xlabel="문장"),
    "bitmaps": lambda: plots.bitmaps(torch.rand(12, 7, 5), [*"일이삼사오육칠팔구십", "→", "−"]),
}


@pytest.fixture(params=FIGURES)
def drawn(request):
    return FIGURES[request.param]


def all_text(figure):
    return [text for text in figure.findobj(mpl.text.Text) if text.get_text()]


# --- the font and the style


def test_the_font_holds_every_hangul_syllable():
    glyphs = ft2font.FT2Font(str(plots.hangul_font())).get_charmap()
    assert plots.hangul_font().is_file()
    assert all(syllable in glyphs for syllable in range(ord("가"), ord("힣") + 1))


def test_hangul_renders_without_a_missing_glyph(drawn, tmp_path, caplog):
    # Warnings are errors here; matplotlib also logs what its mathtext lacks.
    with caplog.at_level(logging.WARNING):
        figure = drawn()
        for kind in ("png", "pdf", "svg"):
            figure.savefig(tmp_path / f"figure.{kind}")
    assert not caplog.records
    hangul = [t for t in all_text(figure) if any("가" <= c <= "힣" for c in t.get_text())]
    assert hangul, "the figure must show some Hangul, or this test shows nothing"


def test_without_the_font_there_would_be_a_warning(tmp_path):
    figure = Figure()
    figure.text(0.5, 0.5, KOREAN, fontfamily=["DejaVu Sans"])
    with pytest.warns(UserWarning, match="Glyph .* missing"):
        figure.savefig(tmp_path / "figure.png")


def test_a_missing_font_package_is_named(monkeypatch):
    monkeypatch.setattr(plots.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match="pip install koreanize-matplotlib"):
        plots.hangul_font.__wrapped__()


def test_a_figure_leaves_the_readers_settings_and_windows_alone(drawn):
    before, windows = dict(mpl.rcParams), plt.get_fignums()
    assert isinstance(drawn(), Figure)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == windows


def test_axes_say_what_they_show(drawn):
    figure = drawn()
    for axes in figure.axes:
        if axes.axison and axes.get_label() != "<colorbar>":
            assert axes.get_xlabel() or axes.get_title()
            shares = axes.get_shared_y_axes().get_siblings(axes)
            assert any(each.get_ylabel() for each in shares)


def test_only_plots_costs_the_import_of_matplotlib():
    code = (
        "import sys, s2s_ref.training.loop, s2s_ref.evaluation.metrics\n"
        "print('matplotlib' in sys.modules, 'sacrebleu' in sys.modules)\n"
        "import s2s_ref.evaluation.plots; s2s_ref.evaluation.plots.hangul_font()\n"
        "print('koreanize_matplotlib' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False", "False"]


# --- what the figures show


def test_a_constant_loss_stays_where_it_is_and_bands_span_the_seeds():
    low, high = History(), History()
    for _ in range(100):
        low.record(1.0, 0.1, 5)
        high.record(3.0, 0.3, 5)
    axes = plots.learning_curves({"model": [low, high]}).axes[0]
    (line,) = axes.lines
    assert set(line.get_ydata()) == {2.0}
    band = axes.collections[0].get_datalim(axes.transData)
    assert (band.y0, band.y1) == (1.0, 3.0)
    assert axes.get_xlabel() == "updates"
    assert axes.get_ylabel() == "loss (nats per token)"


@pytest.mark.parametrize(
    ("against", "expected"),
    [
        ("steps", [50, 100, 150, 200]),
        ("seconds", [25, 50, 75, 100]),
        ("tokens", [500, 1000, 1500, 2000]),
    ],
)
def test_a_validation_series_stands_where_it_was_measured(against, expected):
    figure = plots.learning_curves({"m": history()}, series="exact match", against=against)
    (line,) = figure.axes[0].lines
    assert list(line.get_xdata()) == pytest.approx(expected)
    assert list(line.get_ydata()) == [0.25, 0.5, 0.75, 1.0]


def test_a_curve_of_shares_stands_beside_the_best_guess_and_the_prediction():
    figure = plots.learning_curves(
        {"m": history()}, series="exact match", best_guess=0.2, prediction=0.7, percent=True
    )
    axes = figure.axes[0]
    level = {line.get_label(): set(line.get_ydata()) for line in axes.lines}
    assert level["best possible causal guess"] == {0.2}
    assert level["your prediction"] == {0.7}
    assert axes.get_ylabel() == "exact match (%)"
    assert axes.get_ylim()[0] == 0
    assert axes.yaxis.get_major_formatter()(0.5) in ("50", "50.0")


def test_bars_and_dotted_line_stand_at_their_values():
    figure = plots.accuracy_by_position(
        {"small": [1, 0.25], "large": [0.9, 0.2]}, best_guess=[1, 0.3], prediction=[0.5, 0.6]
    )
    axes = figure.axes[0]
    heights = {bars.get_label(): [bar.get_height() for bar in bars] for bars in axes.containers}
    assert heights == {"your prediction": [0.5, 0.6], "small": [1, 0.25], "large": [0.9, 0.2]}
    dotted = axes.collections[0].get_segments()
    assert [segment[0][1] for segment in dotted] == [1, 0.3]
    for position, (start, end) in enumerate(dotted):
        assert start[0] < position < end[0]
    assert "best possible causal guess" in [t.get_text() for t in all_text(figure)]


def test_lengths_are_drawn_in_ascending_order():
    axes = plots.accuracy_by_length({"a": {9: 0.1, 2: 0.8, 5: 0.5}}).axes[0]
    assert list(axes.lines[0].get_xdata()) == [2, 5, 9]
    assert list(axes.lines[0].get_ydata()) == [0.8, 0.5, 0.1]


def test_a_promise_is_dashed():
    axes = plots.accuracy_by_length({"kept": {1: 0.5}, "promised": {1: 1.0}}, dashed=["promised"])
    assert [line.get_linestyle() for line in axes.axes[0].lines] == ["-", "--"]


def test_gradients_are_logarithmic_and_zeros_left_out():
    figure = plots.gradient_by_distance({"a": [1.0, 0.1, 0.0]}, before={"a": [1.0, 0.5, 0.25]})
    after, before = figure.axes[0].lines
    assert figure.axes[0].get_yscale() == "log"
    assert np.array_equal(after.get_ydata(), [1.0, 0.1, np.nan], equal_nan=True)
    assert (after.get_linestyle(), before.get_linestyle()) == ("-", "--")
    assert after.get_color() == before.get_color()


def test_projection_draws_every_point_in_its_colour():
    vectors = torch.randn(40, 5)
    labels = ["가", "나", "나", "다"] * 10
    panels = plots.context_projection({"untrained": vectors, "trained": vectors * 2}, labels)
    for axes in panels.axes:
        drawn = {each.get_label(): each.get_offsets() for each in axes.collections}
        assert {label: len(points) for label, points in drawn.items()} == {
            "가": 10,
            "나": 20,
            "다": 10,
        }
    expected = project(vectors).points[0::4].numpy()
    first = next(c for c in panels.axes[0].collections if c.get_label() == "가")
    np.testing.assert_allclose(first.get_offsets(), expected, rtol=1e-5)


def test_projection_by_a_number_has_a_colour_bar():
    figure = plots.context_projection(
        {"trained": torch.randn(9, 4)}, list(range(9)), label_name="length"
    )
    assert len(figure.axes) == 2
    assert figure.axes[1].get_ylabel() == "length"


def test_heat_map_has_source_words_down_the_left_and_bright_is_large():
    weights = torch.tensor([[0.9, 0.0], [0.1, 0.2], [0.0, 0.8]])  # src_len 3, tgt_len 2
    gold = ([(0, 0), (2, 1)], [(1, 1)])
    figure = plots.heat_map(weights, ["가", "나", "다"], ["x", "y"], gold=gold)
    model, truth = figure.axes[:2]
    assert [t.get_text() for t in model.get_yticklabels()] == ["가", "나", "다"]
    assert [t.get_text() for t in model.get_xticklabels()] == ["x", "y"]
    image = model.images[0]
    np.testing.assert_allclose(image.get_array(), weights)
    top, bottom = model.transData.transform([(0, 0), (0, 2)])[:, 1]
    assert top > bottom, "the first source word stands at the top"
    dark, bright = (sum(image.cmap(image.norm(x))[:3]) for x in (0.0, 1.0))
    assert bright > dark
    sure, possible = truth.collections
    assert sure.get_offsets().tolist() == [[0, 0], [1, 2]]
    assert possible.get_offsets().tolist() == [[1, 1]]
    assert len(sure.get_facecolor()) == 1
    assert len(possible.get_facecolor()) == 0


def test_panels_side_by_side_share_colours_and_one_legend():
    figure = plots.side_by_side(
        {"BLEU": {"a": {10: 30.0, 1: 25.0}}, "length (%)": {"b": {1: 90}, "a": {1: 80, 10: 70}}},
        xlabel="beam size",
        log=True,
        prediction={"BLEU": 28.0},
    )
    left, right = figure.axes
    assert [axes.get_ylabel() for axes in figure.axes] == ["BLEU", "length (%)"]
    (curve, expected), (other, again) = left.lines, right.lines
    assert list(curve.get_xdata()) == [1, 10]
    assert list(curve.get_ydata()) == [25.0, 30.0]
    assert list(expected.get_ydata()) == [28.0, 28.0]
    assert curve.get_color() == again.get_color() != other.get_color()
    assert [label.get_text() for label in left.get_xticklabels()] == ["1", "10"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "your prediction", "b"]


def test_bitmaps_are_drawn_ink_on_paper_with_their_labels():
    images = torch.zeros(3, 7, 5)
    images[1, 0, 4] = 1
    figure = plots.bitmaps(images, [7, 8, 9], across=2)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["7", "8", "9"]
    np.testing.assert_array_equal(shown[1].images[0].get_array(), images[1])
    picture = shown[1].images[0]
    assert sum(picture.cmap(picture.norm(1.0))[:3]) < sum(picture.cmap(picture.norm(0.0))[:3])


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.learning_curves({"a": history()}, series="bleu"), "it holds loss, exact"),
        (lambda: plots.learning_curves({"a": history()}, against="days"), "steps, seconds, tokens"),
        (lambda: plots.learning_curves({"a": [history(), history(steps=9)]}), "equally many"),
        (lambda: plots.accuracy_by_position({"a": [1, 1], "b": [1]}), "'b' should have 2"),
        (lambda: plots.accuracy_by_position({"a": [1]}, best_guess=[1, 1]), "'best_guess'"),
        (lambda: plots.accuracy_by_length({"a": [{1: 1.0}, {2: 1.0}]}), "different lengths"),
        (lambda: plots.context_projection({"a": torch.ones(3, 2)}, ["x"]), "'a' should have 1"),
        (lambda: plots.heat_map(torch.ones(3, 2), ["a"] * 2, ["b"] * 2), "'src_words' should"),
        (lambda: plots.bitmaps(torch.ones(2, 7, 5), [1]), "'labels' should have 2"),
        (lambda: plots.bars({}, ["a"]), "nothing to draw"),
        (lambda: plots.learning_curves({"a": History("b")}), "Nothing to draw yet: History 'b'"),
        (lambda: plots.side_by_side({}, xlabel="x"), "nothing to draw"),
        (lambda: plots.side_by_side({"BLEU": {}}, xlabel="x"), "nothing to draw"),
    ],
)
def test_what_does_not_fit_is_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


# --- in a notebook

CELL = """
from s2s_ref.evaluation import plots
from s2s_ref.training.batches import endless
from s2s_ref.training.loop import fit
import torch

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.zeros(3))

def loss(model, batch):
    return -model.logits.log_softmax(0)[batch.tgt].mean()

history = fit(Model(), endless([[1]], [[2]], 1), loss, steps=30)
plots.learning_curves({"한글": history})
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_stored_notebook_holds_one_figure_and_no_trace_of_the_bar():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(notebook, kernel_name="python3").execute()
    outputs = notebook.cells[0].outputs
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 1
    assert all(output.output_type != "stream" for output in outputs)
    stored = json.dumps(outputs)
    assert "updates/s" not in stored
    assert "widget-view" not in stored
