"""The commands `s2s data ...`."""

from typing import Annotated

import typer

from s2s_ref.cli.app import EXIT_CODES, console

data = typer.Typer(help="List, fetch and look at corpora.", epilog=EXIT_CODES, no_args_is_help=True)


@data.command("list", epilog=EXIT_CODES)
def data_list() -> None:
    """List the corpora that can be named."""
    from rich.table import Table

    from s2s_ref.data import corpus
    from s2s_ref.data.download import DOWNLOADS, cache_dir

    table = Table("name", "pairs", "what", box=None, pad_edge=False, header_style="bold")
    for entry in corpus.available():
        what = entry.what
        if entry.name in DOWNLOADS:
            fetched = (cache_dir() / DOWNLOADS[entry.name].file).is_file()
            status = "fetched" if fetched else f"fetch it: s2s data get {entry.name}"
            what += f"\n{entry.licence}\n{status}"
        table.add_row(entry.name, entry.pairs, what)
    out = console()
    out.print(table, soft_wrap=False)
    out.print("Look at one with s2s data show NAME, or at a file of your own: s2s data show PATH.")


@data.command("get", epilog=EXIT_CODES)
def data_get(
    name: Annotated[str, typer.Argument(help="A name that s2s data list shows.")],
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Fetch it again, even if it has changed.")
    ] = False,
) -> None:
    """Fetch a corpus into the cache, once, and print the file's path."""
    from s2s_ref.data import corpus
    from s2s_ref.data.download import DOWNLOADS, download

    if name not in DOWNLOADS and any(entry.name == name for entry in corpus.available()):
        print(f"{name} is built in: there is nothing to fetch. Look at it: s2s data show {name}")
        return
    print(download(name, refresh=refresh))


@data.command("show", epilog=EXIT_CODES)
def data_show(
    name: Annotated[str, typer.Argument(help="A name that s2s data list shows, or a file.")],
    count: Annotated[int, typer.Option("-n", min=1, help="How many pairs.")] = 5,
    seed: Annotated[int, typer.Option(help="Another seed draws other pairs.")] = 0,
) -> None:
    """Print pairs of a corpus: source, word-by-word gloss, target and attribution.

    The same seed prints the same pairs.
    """
    from rich.text import Text

    from s2s_ref.data import corpus

    out = console()
    for pair in corpus.load(name, count=count, seed=seed):
        out.print(Text(pair.src, "bold"))
        if pair.gloss:
            out.print(Text(f"  {' '.join(pair.gloss)}", "dim"))
        out.print(Text(f"  → {pair.tgt}"))
        if pair.attribution:
            out.print(Text(f"  {pair.attribution}", "dim"))
