"""Random arguments of cases: seeded, and varied where a text leaves things open."""

from s2s_ref.checks.draw import Draw


def test_the_same_seed_draws_the_same():
    assert Draw(3).normal(2, 3).equal(Draw(3).normal(2, 3))
    assert not Draw(3).normal(2, 3).equal(Draw(4).normal(2, 3))


def test_distinct_numbers_are_different_and_in_range():
    for seed in range(20):
        drawn = Draw(seed).distinct(2, 9, 7)
        assert sorted(drawn) == list(range(2, 9))


def test_special_ids_are_different_and_stand_anywhere():
    drawn = [Draw(seed).special_ids(9) for seed in range(200)]
    assert all(len(set(ids)) == 4 and max(ids) < 9 for ids in drawn)
    assert 0 not in {ids.pad for ids in drawn}
    assert {ids.bos for ids in drawn} == set(range(9))
    assert {ids.eos for ids in drawn} == set(range(9))
