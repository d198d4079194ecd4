"""Models that answer together: a network on everything known of an example, and what differs.

Where examples have vectors, a network on those alone knows more of texts with new words. Of many
examples, a network on the last of the terms alone, and one-vs-rest margins on the same rows as the
first network, err elsewhere than it does.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise, starmap
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
from msgspec.structs import replace

from tertulia.ml.beside import Beside
from tertulia.ml.margins import Margins, Practice
from tertulia.ml.neighbours import Neighbours
from tertulia.ml.network import Network, Schedule
from tertulia.ml.orders import Task
from tertulia.ml.parts import Array, Parts
from tertulia.ml.sparse import Csr, Entries, FloatArray, Row
from tertulia.ml.told import Told, part_of, unheard

_TAIL, _MARGINS, _NEIGHBOURS = "vectors.", "margins.", "neighbours."
# Numbers of a vector share what they know; little of it can be left out.
_INPUT_DROPOUT, _DROPOUT, _SPREAD = 0.1, 0.3, 0.05
# Margins lie between -1 and 1, where a softmax would be shy beside that of a network.
_SHARPNESS = 1.5
_NOTHING: FloatArray = np.zeros(0, dtype=np.float32)


class Lessons(msgspec.Struct, frozen=True, kw_only=True):
    """How a committee is trained.

    schedule: of its networks. practice: of its margins, None for none. begin: the first feature
    that a second network sees, None for no such network; the entries of rows that it sees stand
    behind all others. vectors: how many of the last features are numbers of vectors, which most
    rows have all; where there are any, the second network sees nothing else.
    """

    schedule: Schedule
    practice: Practice | None = None
    begin: int | None = None
    vectors: int = 0

    @property
    def tail(self) -> Schedule:
        """The schedule of the second network."""
        if not self.vectors:
            return replace(self.schedule, hidden=self.schedule.hidden // 2)
        return replace(
            self.schedule, input_dropout=_INPUT_DROPOUT, dropout=_DROPOUT, spread=_SPREAD
        )


class _Judge(Protocol):
    @property
    def inputs(self) -> FloatArray:
        """(features, width) what each feature gives to the sums."""
        ...

    def logits_of(self, sums: FloatArray) -> FloatArray:
        """Return (classes,) logits. sums: (width,) of what the features of a row give."""
        ...

    def parts(self) -> Parts:
        """Return the arrays."""
        ...


class _Member(NamedTuple):
    """judge: who answers. prefix: of its arrays. begin: the first feature that it sees.
    sharpness: what its logits are multiplied with.
    """

    judge: _Judge
    prefix: str = ""
    begin: int = 0
    sharpness: float = 1.0


class Heard(NamedTuple):
    """Neighbours, and what their logits are multiplied with beside those of the members."""

    neighbours: Neighbours
    weight: float


class Committee:
    """One model, or several whose logits are averaged. Immutable after training.

    That is the mean of their log probabilities, but for a number that is the same for all classes.

    heard: neighbours whose logits are added, None for none.
    """

    def __init__(self, members: Sequence[_Member], heard: Heard | None = None) -> None:
        # Who sees all features comes first, so that what terms give ends where nobody sees them.
        self._members = tuple(sorted(members, key=lambda one: one.begin))
        self._heard = heard
        ends = accumulate(one.judge.inputs.shape[1] for one in self._members)
        self._shares = [np.float32(one.sharpness / len(members)) for one in self._members]
        self._cuts = tuple(starmap(slice, pairwise((0, *ends))))

    def width(self, end: int) -> int:
        """Return how much of what `given` returns may depend on the features before `end`."""
        seeing = sum(one.begin < end for one in self._members)
        return self._cuts[max(1, seeing) - 1].stop

    def hearing(self, neighbours: Neighbours, weight: float) -> "Committee":
        """Return the same members, who hear neighbours as well. weight: 0 for not at all."""
        return Committee(self._members, Heard(neighbours, weight)) if weight else self

    @classmethod
    def train(
        cls,
        rows: Sequence[Row],
        labels: Sequence[int],
        *,
        classes: int,
        features: int,
        lessons: Lessons,
        told: Told = unheard,
    ) -> "Committee":
        """Fit all members; see `Network.train`."""
        matrix = Csr.of(rows, columns=features, dense=lessons.vectors)
        beside: Beside | None = None
        if lessons.practice is not None:
            targets = np.asarray(labels, dtype=np.int64)
            task = Task.margins(matrix, targets, classes, lessons.practice)
            beside = Beside(task, examples=len(rows))
        shares = _shares(told, 1 + (lessons.begin is not None), beside)
        whole = Network.train(
            matrix, labels, classes=classes, schedule=lessons.schedule, told=shares.pop(0)
        )
        members = [_Member(whole)]
        if lessons.begin is not None:
            own = matrix.behind(lessons.begin)
            tail = Network.train(
                own, labels, classes=classes, schedule=lessons.tail, told=shares.pop(0)
            )
            members.append(_Member(tail, _TAIL, lessons.begin))
        if beside is not None:
            margins = Margins.from_parts(beside.parts(shares.pop(0)))
            members.append(_Member(margins, _MARGINS, sharpness=_SHARPNESS))
        return cls(members)

    def logits(self, indices: Sequence[int], values: Sequence[float]) -> FloatArray:
        """Return (classes,) logits of one row."""
        row = Entries.of(indices, values)
        vector = _NOTHING if self._heard is None else self._heard.neighbours.vector_of(row)
        return self.logits_of(self.given(row), vector)

    def logits_of(self, sums: FloatArray, vector: FloatArray = _NOTHING) -> FloatArray:
        """Return (classes,) logits.

        sums: (n,) of what `given` returns of a row, all at once or in parts. vector: the last
        numbers of the row, at least those whose neighbours are heard, where some are.
        """
        votes = [
            member.judge.logits_of(sums[own]) * share
            for member, own, share in zip(self._members, self._cuts, self._shares, strict=True)
        ]
        total = votes[0]
        for vote in votes[1:]:
            total += vote
        if self._heard is not None:
            near = self._heard.neighbours
            own = vector[len(vector) - near.width :]
            total += np.float32(self._heard.weight) * near.logits_of(own)
        return total

    def given(self, row: Entries) -> FloatArray:
        """Return (n,) what the features of a row, or of a part of one, give to all members."""
        found = [_given(one, row) for one in self._members]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def inputs_from(self, begin: int) -> FloatArray:
        """Return (features - begin, n) what each feature from `begin` on gives to all members."""
        found: list[FloatArray] = []
        for one in self._members:
            unseen = max(0, one.begin - begin)
            own = one.judge.inputs[max(0, begin - one.begin) :]
            found.append(np.pad(own, ((unseen, 0), (0, 0))))
        return np.concatenate(found, axis=1)

    def all_logits(self, rows: Sequence[Row]) -> FloatArray:
        """Return (rows, classes) logits; there must be rows."""
        return np.stack([self.logits(*row) for row in rows])

    def parts(self) -> Parts:
        """Return the arrays of all members, and what a second network sees first."""
        arrays: dict[str, Array] = {}
        for member in self._members:
            own = member.judge.parts().arrays
            arrays |= {member.prefix + name: array for name, array in own.items()}
        begins = [one.begin for one in self._members if one.begin]
        meta: dict[str, Any] = {"begin": begins[0]} if begins else {}
        if self._heard is not None:
            own = self._heard.neighbours.parts().arrays
            arrays |= {_NEIGHBOURS + name: array for name, array in own.items()}
            meta["heard"] = self._heard.weight
        return Parts(meta=meta, arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts, *, begin: int) -> "Committee":
        """Return the committee that `parts` came from. begin: what a second network sees first.

        Raises:
            ValueError: the arrays do not fit together.
        """
        members = [_Member(Network.from_parts(parts))]
        if own := _with_prefix(parts.arrays, _TAIL):
            members.append(_Member(Network.from_parts(Parts(arrays=own)), _TAIL, begin))
        if own := _with_prefix(parts.arrays, _MARGINS):
            margins = Margins.from_parts(Parts(arrays=own))
            members.append(_Member(margins, _MARGINS, sharpness=_SHARPNESS))
        heard: Heard | None = None
        if own := _with_prefix(parts.arrays, _NEIGHBOURS):
            neighbours = Neighbours.from_parts(Parts(arrays=own), begin=begin)
            heard = Heard(neighbours, msgspec.convert(parts.meta["heard"], float))
        return cls(members, heard)


def _shares(told: Told, networks: int, beside: Beside | None) -> list[Told]:
    """Return whom to tell of each network, and of what waits until they are done."""
    rest = 1 if beside is not None and not beside.is_begun else 0
    count = networks + rest
    shares = [part_of(told, at / count, (at + 1) / count) for at in range(count)]
    return shares if rest else [*shares, unheard]


def _given(member: _Member, row: Entries) -> FloatArray:
    """Return (width,) what the features of a row give to a member, as far as it sees them."""
    inputs = member.judge.inputs
    if not member.begin:
        return row.times(inputs)
    if len(row.at) and row.at[-1] >= member.begin:
        return row.behind(member.begin).times(inputs)
    return np.zeros(int(inputs.shape[1]), dtype=np.float32)


def _with_prefix(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
