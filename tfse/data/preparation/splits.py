"""Deals groups of recordings to training, validation and test."""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tfse.errors import ConfigError, DataError

SPLITS = ("train", "valid", "test")


def assign_splits(
    seconds: Mapping[str, float],
    fractions: Mapping[str, float],
    *,
    seed: int,
    name: str,
    train_groups: Sequence[str] = (),
    known: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Deals groups to splits, the same way for the same seed.

    Groups stand in the order of their length, and of every so many neighbours
    one goes to a split: so each split has its share of the groups and about
    its share of the seconds. (Filling up seconds alone would take either the few
    longest speakers or half of all, the short ones.) Which of the neighbours it
    is comes from a hash of seed and name, not from the order of a file system.

    Args:
        seconds: length of each group.
        fractions: share of "valid" and "test" in the groups that are to be dealt, each
            in [0, 1).
        seed: another seed deals otherwise.
        name: the set, for the order and for messages: "speech", "noise" or "rir".
        train_groups: patterns as of a shell; what they match goes to training.
        known: splits of earlier data: groups in it keep theirs and are not dealt.

    Returns:
        The split of each group.

    Raises:
        ConfigError: there are fewer groups than splits to fill, or `train_groups`
            match one that is known to be elsewhere.
    """
    kept = {group: split for group, split in (known or {}).items() if group in seconds}
    forced = {g for g in seconds if any(fnmatch.fnmatchcase(g, p) for p in train_groups)}
    _check_agreement(name, kept, forced)
    new = sorted(set(seconds) - forced - set(kept), key=lambda group: (seconds[group], group))
    splits = {**dict.fromkeys(seconds, "train"), **kept}
    wanted = [split for split in ("test", "valid") if fractions[split] > 0]
    empty = [split for split in wanted if split not in kept.values()]
    if len(new) < len(empty) + (not forced and "train" not in kept.values()):
        raise ConfigError(_too_few(name, len(seconds), len(forced), empty))
    dealt = len(new)
    for split in wanted:
        count = max(int(split in empty), round(fractions[split] * dealt))
        chosen = _one_of_each(new, min(count, len(new)), seed, name)
        new = [group for group in new if group not in chosen]
        splits.update(dict.fromkeys(chosen, split))
    return splits


def check_separation(members: Iterable[tuple[str, str, str]]) -> None:
    """Checks that no speaker, noise recording or room stands on two sides.

    Args:
        members: set, group and split of each recording.

    Raises:
        DataError: a group is in two splits.
    """
    sides: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, group, split in members:
        sides[name, group].add(split)
    for (name, group), splits in sides.items():
        if len(splits) > 1:
            found = " and ".join(split for split in SPLITS if split in splits)
            raise DataError(
                f"A group must stand on one side of the split; received {name} {group!r} "
                f"in {found}."
            )


def _one_of_each(free: Sequence[str], count: int, seed: int, name: str) -> set[str]:
    """Chooses one group of each of `count` runs of neighbours."""
    ends = [len(free) * number // max(count, 1) for number in range(count + 1)]
    return {
        min(free[start:end], key=lambda group: _order(seed, name, group))
        for start, end in itertools.pairwise(ends)
    }


def _check_agreement(name: str, kept: Mapping[str, str], forced: set[str]) -> None:
    apart = sorted(group for group in forced if kept.get(group, "train") != "train")
    if apart:
        raise ConfigError(
            f"`train_groups` must not contradict `splits_from`; received {name} {apart[0]!r}, "
            f"which is in {kept[apart[0]]} there."
        )


def _order(seed: int, name: str, group: str) -> str:
    return hashlib.sha256(f"{seed}/{name}/{group}".encode(errors="surrogateescape")).hexdigest()


def _too_few(name: str, groups: int, forced: int, wanted: Sequence[str]) -> str:
    what = {"speech": "speakers", "noise": "recordings", "rir": "rooms"}[name]
    aside = f", {forced} of them kept for training" if forced else ""
    if name == "noise":
        aside += "; takes as rain1 and rain2 are one, unless --noise_pattern='([^/]+)$'"
    zero = " ".join(f"--{split}_fraction=0" for split in wanted)
    return (
        f"{name} must have a group ({what}) for each of train, {', '.join(wanted)}; received "
        f"{groups}{aside}. Without those splits: {zero}."
    )
