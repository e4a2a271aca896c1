from __future__ import annotations

import pytest

from tfse.data.preparation.splits import assign_splits
from tfse.data.records.index import check_separation
from tfse.errors import ConfigError, DataError

FRACTIONS = {"valid": 0.1, "test": 0.2}
# A few long speakers and many short ones, as in most corpora.
SECONDS = {f"g{n:03d}": 1000.0 if n < 10 else 10.0 + n for n in range(100)}


def assign(seed: int = 0, **changes: object) -> dict[str, str]:
    values = {"seconds": SECONDS, "fractions": FRACTIONS, "name": "speech", **changes}
    return assign_splits(seed=seed, **values)


def test_each_split_has_its_share_of_groups_and_of_the_long_ones() -> None:
    splits = assign()
    counts = {split: list(splits.values()).count(split) for split in ("train", "valid", "test")}
    assert counts == {"train": 70, "valid": 10, "test": 20}
    long = [splits[f"g{n:03d}"] for n in range(10)]
    assert (long.count("valid"), long.count("test")) == (1, 2)


def test_the_seed_and_nothing_else_decides() -> None:
    assert assign(seconds=dict(reversed(SECONDS.items()))) == assign()
    assert assign(seed=1) != assign()
    assert assign(name="noise") != assign()


def test_groups_can_be_kept_for_training() -> None:
    splits = assign(train_groups=["g00?", "nobody*"])
    assert {splits[f"g{n:03d}"] for n in range(10)} == {"train"}
    assert set(splits.values()) == {"train", "valid", "test"}


def test_a_fraction_of_zero_leaves_a_split_out() -> None:
    assert set(assign(fractions={"valid": 0.0, "test": 0.2}).values()) == {"train", "test"}


@pytest.mark.parametrize("fraction", [0.01, 0.3])
def test_three_groups_fill_three_splits(fraction: float) -> None:
    few = {"a": 5.0, "b": 500.0, "c": 1.0}
    splits = assign(seconds=few, fractions={"valid": fraction, "test": fraction})
    assert sorted(splits.values()) == ["test", "train", "valid"]


def test_too_few_groups_are_refused_with_the_way_out() -> None:
    message = (
        r"speech must have a group \(speakers\) for each of train, test, valid; received 2\. "
        r"Without those splits: --test_fraction=0 --valid_fraction=0\."
    )
    with pytest.raises(ConfigError, match=message):
        assign(seconds={"a": 1.0, "b": 1.0})
    with pytest.raises(ConfigError, match="received 3, 2 of them kept for training"):
        assign(seconds={"a": 1.0, "b": 1.0, "c": 1.0}, train_groups=["a", "b"])


def test_a_group_in_two_splits_is_found() -> None:
    apart = [("speech", "anna", "train"), ("speech", "bela", "test"), ("noise", "anna", "test")]
    check_separation(apart)
    with pytest.raises(DataError, match=r"one split; speech 'anna' is in train and valid\.$"):
        check_separation([*apart, ("speech", "anna", "valid")])
