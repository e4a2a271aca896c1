"""Splits: assignment of groups of recordings to training, validation and test."""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
from collections.abc import Mapping, Sequence

from tfse.errors import ConfigError


def assign_splits(
    seconds: Mapping[str, float],
    fractions: Mapping[str, float],
    *,
    seed: int,
    name: str,
    train_groups: Sequence[str] = (),
    known: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Returns the split of each group, always the same for one seed.

    Groups are sorted by length, and one of each run of neighbours is assigned to a
    split, so that each split has its share of the groups and about its share of the
    seconds. (By seconds alone, a split would have either the few longest speakers or the
    shorter half.) A hash of seed and name chooses the neighbour, so that the order of the
    file system has no effect.

    Args:
        seconds: length of each group.
        fractions: share of "valid" and "test" in the groups to be assigned, each in
            [0, 1).
        seed: seed of the assignment.
        name: set, for the order and for messages: "speech", "noise" or "rir".
        train_groups: shell patterns; groups that match go to training.
        known: splits of earlier data, which its groups keep.

    Returns:
        The split of each group.

    Raises:
        ConfigError: there are fewer groups than splits to fill, or `train_groups`
            match a group that `known` has in another split.
    """
    kept = {group: split for group, split in (known or {}).items() if group in seconds}
    forced = {g for g in seconds if any(fnmatch.fnmatchcase(g, p) for p in train_groups)}
    _check_train_groups(name, kept, forced)
    new = sorted(set(seconds) - forced - set(kept), key=lambda group: (seconds[group], group))
    splits = {**dict.fromkeys(seconds, "train"), **kept}
    wanted = [split for split in ("test", "valid") if fractions[split] > 0]
    empty = [split for split in wanted if split not in kept.values()]
    if len(new) < len(empty) + (not forced and "train" not in kept.values()):
        raise ConfigError(_too_few(name, len(seconds), len(forced), empty))
    total = len(new)
    for split in wanted:
        count = max(int(split in empty), round(fractions[split] * total))
        chosen = _one_of_each(new, min(count, len(new)), seed, name)
        new = [group for group in new if group not in chosen]
        splits.update(dict.fromkeys(chosen, split))
    return splits


def _one_of_each(free: Sequence[str], count: int, seed: int, name: str) -> set[str]:
    """Returns one group of each of `count` runs of neighbours."""
    ends = [len(free) * number // max(count, 1) for number in range(count + 1)]
    return {
        min(free[start:end], key=lambda group: _order(seed, name, group))
        for start, end in itertools.pairwise(ends)
    }


def _check_train_groups(name: str, kept: Mapping[str, str], forced: set[str]) -> None:
    elsewhere = sorted(group for group in forced if kept.get(group, "train") != "train")
    if elsewhere:
        raise ConfigError(
            f"`train_groups` must not contradict `splits_from`; received {name} {elsewhere[0]!r}, "
            f"which is in {kept[elsewhere[0]]} there."
        )


def _order(seed: int, name: str, group: str) -> str:
    return hashlib.sha256(f"{seed}/{name}/{group}".encode(errors="surrogateescape")).hexdigest()


def _too_few(name: str, groups: int, forced: int, wanted: Sequence[str]) -> str:
    what = {"speech": "speakers", "noise": "recordings", "rir": "rooms"}[name]
    aside = f", {forced} of them kept for training" if forced else ""
    if name == "noise":
        aside += (
            "; takes such as rain1 and rain2 are one recording, unless --noise_pattern='([^/]+)$'"
        )
    zero = " ".join(f"--{split}_fraction=0" for split in wanted)
    return (
        f"{name} must have a group ({what}) for each of train, {', '.join(wanted)}; received "
        f"{groups}{aside}. Without those splits: {zero}."
    )
