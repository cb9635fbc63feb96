"""The figures of the course: data in, a matplotlib Figure out.

Every function returns one Figure, which belongs to no window: make it the last line of a cell, or
call `display(figure)` or `figure.savefig(path)`. Accuracies are passed as shares, 0 to 1, and shown
in per cent. The colours are Okabe and Ito's, which colour-blind readers can tell apart; lines also
differ by marker, for prints in grey. Hangul is always rendered.
"""

import functools
import importlib.util
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from torch import Tensor

from s2s_ref.evaluation.metrics import Link, Number, project
from s2s_ref.training.history import History

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "osD^vP"
GREY, INK = "#999999", "#000000"

Parameters = ParamSpec("Parameters")


@functools.cache
def hangul_font() -> Path:
    """Register NanumGothic with matplotlib, once, and return its file.

    The package koreanize-matplotlib brings it; it is not imported (it would change every figure).
    Raises ImportError, with the command to install it, if the font is missing.
    """
    package = importlib.util.find_spec("koreanize_matplotlib")
    if package is not None and package.origin is not None:
        path = Path(package.origin).parent / "fonts" / "NanumGothic.ttf"
        if path.is_file():
            font_manager.fontManager.addfont(path)
            return path
    raise ImportError(
        "The font for Hangul, NanumGothic, is missing: run `pip install koreanize-matplotlib`."
    )


def figure_style() -> Any:
    """Settings (rcParams) of the course's figures, for `matplotlib.rc_context` in your own."""
    family = font_manager.get_font(str(hangul_font())).family_name
    return {
        # DejaVu comes with matplotlib and draws Latin, minus, arrows; NanumGothic draws the rest.
        "font.family": ["DejaVu Sans", family],
        "font.size": 10,
        "axes.titlesize": 11,
        "figure.titlesize": 12,
        "figure.dpi": 120,
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": False,
        "grid.color": "#dddddd",
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "lines.markersize": 5,
    }


def _course_style(draw: Callable[Parameters, Figure]) -> Callable[Parameters, Figure]:
    """Draw in the course's style, without changing the reader's settings or opening a window."""

    @functools.wraps(draw)
    def styled(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Figure:
        with mpl.rc_context(figure_style()):
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()  # ticks take their style when they are first drawn
        plt.close(figure)  # or a notebook would show it twice
        return figure

    return styled


@_course_style
def learning_curves(
    runs: Mapping[str, History | Sequence[History]],
    *,
    series: str = "loss",
    against: str = "steps",
    yours: History | None = None,
    best_guess: Number | None = None,
    prediction: Number | None = None,
    percent: bool = False,
    log: bool = False,
    title: str = "",
) -> Figure:
    """Loss (nats per token) or a validation series, against updates, seconds or tokens.

    `against`: "steps" (updates), "seconds" (of training) or "tokens" (of the target). Several
    histories under one name are seeds: their mean, and a band from the lowest to the highest.
    Losses are smoothed by a running mean over a fiftieth of the run. `yours`, the reader's own run,
    ends in a star. `best_guess`, the best possible causal guess, is a dotted line, and
    `prediction`, the reader's, a grey one. `percent` shows a series of shares in per cent.
    Raises ValueError for a series that a history does not hold, or an unknown `against`.
    """
    _check_given(runs)
    figure, axes = plt.subplots(figsize=(6.4, 3.8))
    for place, (name, seeds) in enumerate(runs.items()):
        curves = [_curve(h, series, against) for h in _several(seeds)]
        xs = _means([xs for xs, _ in curves])
        _line_with_band(axes, place, name, xs, [ys for _, ys in curves], marker="")
    if yours is not None:
        xs, ys = _curve(yours, series, against)
        _starred(axes, yours.label or "yours", xs, ys, markevery=[-1])
    if prediction is not None:
        axes.axhline(prediction, color=GREY, linestyle="--", label="your prediction")
    if best_guess is not None:
        label = "best possible causal guess"
        axes.axhline(best_guess, color=INK, linestyle=":", linewidth=2.2, label=label)
    axes.set_xlabel(_SPENT[against])
    axes.set_xlim(left=0)
    axes.set_yscale("log" if log else "linear")
    if percent:
        _percent(axes, f"{series} (%)")
    else:
        axes.set_ylabel("loss (nats per token)" if series == "loss" else series)
        axes.grid(axis="y")
    return _finish(figure, title)


@_course_style
def accuracy_by_position(
    accuracies: Mapping[str, Sequence[Number]],
    *,
    best_guess: Sequence[Number] | None = None,
    prediction: Sequence[Number] | None = None,
    positions: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Bars for each target position, with a colour for each model.

    `best_guess`, the best possible causal guess, is dotted, and `prediction`, the reader's, grey.
    `positions` names the positions (default: 1, 2, 3 …). Raises ValueError if a series has another
    number of positions.
    """
    _check_given(accuracies)
    count = len(next(iter(accuracies.values())))
    names = [str(t + 1) for t in range(count)] if positions is None else positions
    figure, axes = plt.subplots(figsize=(max(4.8, 0.5 * count * len(accuracies) + 2.6), 3.8))
    _grouped_bars(axes, accuracies, names, prediction)
    if best_guess is not None:
        _check_length("best_guess", best_guess, count)
        left, right = [t - 0.46 for t in range(count)], [t + 0.46 for t in range(count)]
        lines = axes.hlines(best_guess, left, right, colors=INK, linestyles=":", linewidth=2.2)
        lines.set_label("best possible causal guess")
    axes.set_xlabel("position in the target")
    _percent(axes, "accuracy (% of tokens)")
    return _finish(figure, title)


@_course_style
def accuracy_by_length(
    accuracies: Mapping[str, Mapping[int, Number] | Sequence[Mapping[int, Number]]],
    *,
    yours: Mapping[int, Number] | None = None,
    prediction: Mapping[int, Number] | None = None,
    chance: float | None = None,
    dashed: Collection[str] = (),
    xlabel: str = "length (tokens)",
    ylabel: str = "accuracy (% of sentences)",
    title: str = "",
) -> Figure:
    """Accuracy against length, or against how many steps ago a word was read (`xlabel` says so).

    Several mappings under one name are seeds: their mean, and a band from the lowest to the
    highest. `yours` is starred, `prediction` grey, `chance` a dotted line; the names in `dashed`
    have dashed lines.
    Raises ValueError if the seeds of one name were measured at different lengths.
    """
    _check_given(accuracies)
    figure, axes = plt.subplots(figsize=(6.4, 3.8))
    for place, (name, given) in enumerate(accuracies.items()):
        seeds = _several(given)
        if any(seed.keys() != seeds[0].keys() for seed in seeds):
            raise ValueError(f"The seeds of {name!r} were measured at different lengths.")
        xs = sorted(seeds[0])
        rows = [[seed[x] for x in xs] for seed in seeds]
        _line_with_band(axes, place, name, xs, rows, linestyle="--" if name in dashed else "-")
    if prediction is not None:
        axes.plot(*_sorted(prediction), color=GREY, linestyle="--", label="your prediction")
    if yours is not None:
        _starred(axes, "yours", *_sorted(yours))
    if chance is not None:
        axes.axhline(chance, color=INK, linestyle=":", label="chance")
    axes.set_xlabel(xlabel)
    axes.xaxis.set_major_locator(_whole_numbers())
    _percent(axes, ylabel)
    return _finish(figure, title)


@_course_style
def gradient_by_distance(
    norms: Mapping[str, Sequence[Number] | Sequence[Sequence[Number]]],
    *,
    before: Mapping[str, Sequence[Number] | Sequence[Sequence[Number]]] | None = None,
    title: str = "",
) -> Figure:
    """Gradient norm against distance, on a logarithmic scale: how far back training reaches.

    `norms` as `gradient_norm_by_distance` gives them, distance 0 first; several under one name are
    seeds. `before`, under the same names, is drawn dashed (before training). A norm that float32
    rounds to 0 is left out.
    """
    _check_given(norms)
    figure, axes = plt.subplots(figsize=(6.4, 3.8))
    for place, name in enumerate([*norms, *(n for n in before or {} if n not in norms)]):
        for given, note, style in ((norms, "", "-"), (before or {}, ", before training", "--")):
            if name in given:
                seeds = [[n if n > 0 else float("nan") for n in row] for row in _rows(given[name])]
                xs = range(len(seeds[0]))
                every = max(1, len(xs) // 10)
                options = {"linestyle": style, "markevery": every}
                _line_with_band(axes, place, name + note, xs, seeds, **options)
    axes.set_yscale("log")
    axes.set_xlabel("distance (steps before the last)")
    axes.set_ylabel("gradient norm (nats per unit)")
    axes.grid(axis="y")
    return _finish(figure, title)


@_course_style
def context_projection(
    contexts: Mapping[str, Float[Tensor, "count hidden"]],
    labels: Sequence[str] | Sequence[int],
    *,
    label_name: str = "",
    title: str = "",
) -> Figure:
    """Context vectors in 2-D (PCA), one panel for each name: "untrained" beside "trained".

    `labels` colours the points. They are words (the six most common ones, all others in grey) or
    whole numbers such as lengths (dark to bright). Raises ValueError if a panel has another number
    of vectors.
    """
    _check_given(contexts)
    figure, row = plt.subplots(
        1, len(contexts), figsize=(3.6 * len(contexts) + 0.6, 4.4), squeeze=False
    )
    for axes, (name, vectors) in zip(row[0], contexts.items(), strict=True):
        _check_length(name, vectors, len(labels))
        points, shares = project(vectors)
        numbers = _scatter(axes, points, labels)
        axes.set_title(name)
        axes.set_xlabel(f"component 1 ({shares[0]:.0%} of variance)")
        axes.set_ylabel(f"component 2 ({shares[1]:.0%})")
        axes.set_xticks([])
        axes.set_yticks([])
    if numbers is not None:
        figure.colorbar(numbers, ax=row[0], label=label_name, ticks=_whole_numbers())
    return _finish(figure, title, legend_title=label_name)


@_course_style
def heat_map(
    weights: Float[Tensor, "src_len tgt_len"],
    src_words: Sequence[str],
    tgt_words: Sequence[str],
    *,
    gold: tuple[Collection[Link], Collection[Link]] | None = None,
    label: str = "weight",
    xlabel: str = "output",
    ylabel: str = "source",
    title: str = "",
) -> Figure:
    """Weights, 0 to 1, with source words as rows and target words as columns; bright is large.

    `attention.alignment_matrix` gives them like this.
    `gold` = (sure, possible) links (source word, target word) draws the true alignment beside it:
    a full square is sure, an open one possible. (Bahdanau et al. 2015 draw the transpose.)
    `label`, `xlabel` and `ylabel` are for matrices of something other than attention.
    Raises ValueError if the words do not fit the weights.
    """
    _check_length("src_words", src_words, weights.shape[0])
    _check_length("tgt_words", tgt_words, weights.shape[1])
    panels = 1 if gold is None else 2
    size = (0.42 * len(tgt_words) * panels + 2.4, 0.42 * len(src_words) + 1.6)
    figure, row = plt.subplots(1, panels, figsize=size, squeeze=False, sharey=True)
    image = weights.detach().float().cpu().numpy()
    shown = row[0][0].imshow(image, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    figure.colorbar(shown, ax=row[0].tolist(), label=label)
    if gold is not None:
        _gold_panel(row[0][1], gold, image.shape)
        row[0][0].set_title("the model")
    for axes in row[0]:
        axes.set_xticks(
            range(len(tgt_words)), tgt_words, rotation=60, ha="right", rotation_mode="anchor"
        )
        axes.set_xlabel(xlabel)
        axes.spines[:].set_visible(False)
    row[0][0].set_yticks(range(len(src_words)), src_words)
    row[0][0].set_ylabel(ylabel)
    return _finish(figure, title, legend=False)


@_course_style
def bars(
    values: Mapping[str, Sequence[Number]],
    groups: Sequence[str],
    *,
    xlabel: str = "",
    ylabel: str = "accuracy (% of sentences)",
    percent: bool = True,
    prediction: Sequence[Number] | None = None,
    title: str = "",
) -> Figure:
    """Grouped bars: for each name one value in each group, as "words" on training and held-out.

    `percent=False` shows the values as they are. `prediction` is grey.
    Raises ValueError if a name has another number of values than there are groups.
    """
    width = max(4.8, 0.5 * len(groups) * len(values) + 2.6)
    figure, axes = plt.subplots(figsize=(min(width, 11), 3.8))
    _grouped_bars(axes, values, groups, prediction)
    axes.set_xlabel(xlabel)
    if percent:
        _percent(axes, ylabel)
    else:
        axes.set_ylabel(ylabel)
        axes.grid(axis="y")
    return _finish(figure, title, legend=len(values) > 1 or prediction is not None)


@_course_style
def side_by_side(
    panels: Mapping[str, Mapping[str, Mapping[Number, Number]]],
    *,
    xlabel: str,
    log: bool = False,
    prediction: Mapping[str, Number] | None = None,
    title: str = "",
) -> Figure:
    """Several measurements against one quantity that was varied, with a panel for each.

    `panels` holds curves as {x: y}, by y label and then by name; a name has the same colour in
    every panel. Every x has a tick, and `log` spaces them logarithmically. `prediction` holds the
    reader's number, in grey, for some of the panels. Raises ValueError if there is no panel, or a
    panel without a curve.
    """
    _check_given(panels)
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    figure, row = plt.subplots(1, len(panels), figsize=(3.1 * len(panels) + 0.6, 3.4))
    for axes, (ylabel, curves) in zip(np.atleast_1d(row), panels.items(), strict=True):
        _check_given(curves)
        for name, points in curves.items():
            place = names.index(name)
            xs = sorted(points)
            _line_with_band(axes, place, name, xs, [[points[x] for x in xs]])
        if prediction and ylabel in prediction:
            label = "your prediction"
            axes.axhline(prediction[ylabel], color=GREY, linestyle="--", label=label)
        ticks = sorted({x for points in curves.values() for x in points})
        axes.set_xscale("log" if log else "linear")
        axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
        axes.set_xticks([], minor=True)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        axes.grid(axis="y")
    return _finish(figure, title)


@_course_style
def bitmaps(
    images: Float[Tensor, "count rows columns"] | Int[Tensor, "count rows columns"],
    labels: Sequence[str | int],
    *,
    across: int = 10,
    title: str = "",
) -> Figure:
    """A grid of small pictures (0 = paper, 1 = ink), each with its label above it."""
    _check_length("labels", labels, len(images))
    _check_given(labels)
    across = min(across, len(images))
    down = -(-len(images) // across)
    figure, grid = plt.subplots(
        down, across, figsize=(0.75 * across, 1.3 * down + 0.3), squeeze=False
    )
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, image, label in zip(grid.flat, images.detach().cpu().numpy(), labels, strict=False):
        axes.imshow(image, cmap="Greys", vmin=0, vmax=1)
        axes.set_title(str(label))
    return _finish(figure, title, legend=False)


_SPENT = {"steps": "updates", "seconds": "training time (s)", "tokens": "target tokens"}


def _curve(history: History, series: str, against: str) -> tuple[list[float], list[float]]:
    """The points of one run; a loss is smoothed by the mean over a fiftieth of the run."""
    if against not in _SPENT:
        raise ValueError(f"against must be one of {', '.join(_SPENT)}, got {against!r}.")
    if not history.losses:
        raise ValueError(f"Nothing to draw yet: {history!r}.")
    if series != "loss" and series not in history.valid:
        held = ", ".join(["loss", *history.valid])
        raise ValueError(f"{history!r} has no series {series!r}; it holds {held}.")
    counts = {"steps": history.steps, "tokens": history.tgt_tokens}
    spent = history.seconds if against == "seconds" else [float(x) for x in counts[against]]
    if series != "loss":
        return [spent[step - 1] for step in history.valid_steps], history.valid[series]
    window = max(1, len(history.losses) // 50)
    losses = torch.tensor(history.losses).unfold(0, window, 1).mean(dim=1)
    return spent[window - 1 :], losses.tolist()


def _line_with_band(
    axes: Axes,
    place: int,
    name: str,
    xs: Sequence[Number],
    rows: Sequence[Sequence[Number]],
    **options: Any,
) -> None:
    """The mean of the rows as a line, and a band from the lowest to the highest."""
    colour = COLOURS[place % len(COLOURS)]
    options = {"marker": MARKERS[place % len(MARKERS)], **options}
    axes.plot(xs, _means(rows), color=colour, label=name, **options)
    if len(rows) > 1:
        table = np.array(rows)
        axes.fill_between(
            xs, table.min(axis=0), table.max(axis=0), color=colour, alpha=0.2, linewidth=0
        )


def _starred(
    axes: Axes, name: str, xs: Sequence[Number], ys: Sequence[Number], **options: Any
) -> None:
    """Draw the reader's own run: black, with stars, on top."""
    axes.plot(xs, ys, color=INK, linewidth=1, marker="*", markersize=13, label=name, **options)


def _grouped_bars(
    axes: Axes,
    values: Mapping[str, Sequence[Number]],
    groups: Sequence[str],
    prediction: Sequence[Number] | None = None,
) -> None:
    """One bar for each name in each group; the reader's prediction first, in grey."""
    _check_given(values)
    series = [
        (name, COLOURS[i % len(COLOURS)], row) for i, (name, row) in enumerate(values.items())
    ]
    if prediction is not None:
        series.insert(0, ("your prediction", GREY, prediction))
    width = 0.84 / len(series)
    for place, (name, colour, row) in enumerate(series):
        _check_length(name, row, len(groups))
        xs = [group + (place - (len(series) - 1) / 2) * width for group in range(len(groups))]
        axes.bar(xs, row, width * 0.94, color=colour, label=name)
    axes.set_xticks(range(len(groups)), groups)
    axes.tick_params(axis="x", length=0)


def _scatter(axes: Axes, points: Tensor, labels: Sequence[str] | Sequence[int]) -> Any:
    """Points coloured by label; returns what a colour bar needs where the labels are numbers."""
    xs, ys = points.numpy().T
    kinds = np.array(labels)
    if kinds.dtype.kind in "iu":
        return axes.scatter(xs, ys, c=kinds, cmap="viridis", s=16)
    common = [str(label) for label, _ in Counter(labels).most_common(len(COLOURS))]
    for label, colour, marker in zip(common, COLOURS, MARKERS, strict=False):
        here = kinds == label
        axes.scatter(xs[here], ys[here], color=colour, marker=marker, s=18, label=label)
    if (other := ~np.isin(kinds, common)).any():
        axes.scatter(xs[other], ys[other], color=GREY, marker=".", s=12, zorder=0, label="others")
    return None


def _gold_panel(
    axes: Axes, gold: tuple[Collection[Link], Collection[Link]], shape: tuple[int, ...]
) -> None:
    """The true alignment on the heat map's dark ground: full squares sure, open ones possible."""
    axes.imshow(np.zeros(shape), cmap="cividis", vmin=0, vmax=1, aspect="auto")
    bright = mpl.colormaps["cividis"](1.0)
    for links, face in zip(gold, (bright, "none"), strict=True):
        rows, columns = [src for src, _ in links], [tgt for _, tgt in links]
        axes.scatter(columns, rows, s=90, marker="s", facecolors=face, edgecolors=[bright])
    axes.set_title("the true alignment")


def _whole_numbers() -> MaxNLocator:
    return MaxNLocator(integer=True, steps=[1, 2, 5, 10])


def _percent(axes: Axes, ylabel: str) -> None:
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    axes.set_ylabel(ylabel)
    axes.grid(axis="y")


def _finish(figure: Figure, title: str, *, legend: bool = True, legend_title: str = "") -> Figure:
    """Title above; legend below the axes, where it covers no data."""
    if title:
        figure.suptitle(title)
    shown = [axes.get_legend_handles_labels() for axes in figure.axes]
    handles = {name: handle for pair in shown for handle, name in zip(*pair, strict=True)}
    if legend and handles:
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=min(len(handles), 3),
            title=legend_title or None,
        )
    return figure


def _sorted(points: Mapping[int, Number]) -> tuple[list[int], list[Number]]:
    """A curve's xs, ascending, and its ys."""
    return sorted(points), [points[x] for x in sorted(points)]


def _several(given: Any) -> list[Any]:
    """One run, or the runs of several seeds, as a list."""
    return list(given) if isinstance(given, Sequence) else [given]


def _rows(given: Any) -> list[Sequence[Number]]:
    """One row of numbers, or several, as a list of rows."""
    return list(given) if isinstance(given[0], Sequence) else [list(given)]


def _means(rows: Sequence[Sequence[Number]]) -> list[float]:
    if len({len(row) for row in rows}) != 1:
        lengths = ", ".join(str(len(row)) for row in rows)
        raise ValueError(f"Seeds under one name need equally many points, got {lengths}.")
    means: list[float] = torch.tensor(rows, dtype=torch.float64).mean(dim=0).tolist()
    return means


def _check_given(values: Collection[Any]) -> None:
    if not values:
        raise ValueError("There is nothing to draw: pass at least one name with its values.")


def _check_length(name: str, values: Any, expected: int) -> None:
    if len(values) != expected:
        raise ValueError(f"{name!r} should have {expected} entries, got {len(values)}.")
