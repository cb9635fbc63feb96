"""A mistake that is named in one exercise is named in its sisters.

`kinds.toml` lists kinds of mistakes, and which mistake of which exercise is of a kind.
`python tests/exercises/test_sisters.py` prints the table.
"""

import tomllib
from pathlib import Path

import pytest

from s2s_ref.checks.registry import load_all

TABLE = tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))
GROUPS, KINDS, OWN = TABLE["groups"], TABLE["kinds"], TABLE["own"]
BANK = {e.name: [m.name for m in e.mistakes] for e in load_all() if e.kind != "prediction"}


def sisters(kind):
    """Return what a kind says of each exercise: names of mistakes, or why it has none."""
    return {name: entry for name, entry in KINDS[kind].items() if name not in ("says", "of")}


def test_groups_name_exercises():
    assert {name for group in GROUPS.values() for name in group} <= set(BANK)


@pytest.mark.parametrize("kind", KINDS)
def test_every_sister_names_a_mistake_of_the_kind_or_says_why_not(kind):
    required = {name for group in KINDS[kind].get("of", ()) for name in GROUPS[group]}
    entries = sisters(kind)
    assert len(entries) > 1, "a mistake of one exercise has no sisters"
    assert not required - set(entries), "sisters that are not mentioned"
    for name, entry in entries.items():
        if isinstance(entry, str):
            assert entry.endswith("."), "a reason is a sentence"
        else:
            assert entry, name
            assert not set(entry) - set(BANK[name]), "the bank has no such mistake"


@pytest.mark.parametrize("name", BANK)
def test_every_mistake_is_of_a_kind_or_its_exercises_own(name):
    """A new mistake belongs to a kind, where its sisters are asked about, or under `own`."""
    entries = [KINDS[kind].get(name, []) for kind in KINDS]
    of_a_kind = {n for entry in entries if isinstance(entry, list) for n in entry}
    own = OWN.get(name, [])
    assert not of_a_kind & set(own), "of a kind, so not the exercise's own"
    assert not set(BANK[name]) - of_a_kind - set(own), "listed nowhere in kinds.toml"
    assert not set(own) - set(BANK[name]), "the bank has no such mistake"


def main():
    """Print for every kind which exercise has which mistake."""
    for kind, words in KINDS.items():
        print(f"\n{kind}: {words['says']}")
        for name, entry in sisters(kind).items():
            print(f"  {name:38} {entry if isinstance(entry, str) else ', '.join(entry)}")


if __name__ == "__main__":
    main()
