"""How large a found change is: the regimes before and after it, by least squares between the neighbouring changes.

Does not belong here: finding changes, and their evidence.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.change.noise import Pieces, gather
from transforms.change.prepare import Packed
from transforms.change.scan import BEND, STEP
from transforms.change.segments import Cuts
from transforms.numbers import Floats

_NOTHING: Final = 1e-12
MOST_SD: Final = 1e6
"""What is written for the size of a change without any noise around it."""


@dataclass(frozen=True, slots=True)
class Fits:
    """One entry a cut: level (or, of a bend, rise a column) before and after, noise around them, and size in it."""

    before: Floats
    after: Floats
    sd: Floats
    size: Floats


def fitted(packed: Packed, cuts: Cuts) -> Fits:
    """The regimes on both sides of each cut."""
    pieces = Pieces(cuts.row, cuts.start, cuts.stop - cuts.start)
    values = gather(packed.values, pieces)
    place = gather(packed.place.astype(np.float64), pieces)
    inside = np.arange(values.shape[1]) < pieces.length[:, np.newaxis]
    own = (cuts.at - cuts.start)[:, np.newaxis]
    since = np.arange(values.shape[1]) >= own
    at = packed.place[cuts.row, cuts.at][:, np.newaxis] if len(cuts.row) else np.zeros((0, 1))
    # Time counts from just before the change, so that the level there is the first coefficient.
    time = np.where(inside, place - at + np.where(cuts.kind == BEND, 1.0, 0.5)[:, np.newaxis], 0)
    line = np.where((cuts.kind != STEP)[:, np.newaxis], time, 0)
    shape = np.where((cuts.kind == BEND)[:, np.newaxis], np.maximum(time, 0), 1) * (since & inside)
    design = np.stack([inside.astype(np.float64), line, shape], axis=2)
    product = np.einsum("nti,ntj->nij", design, design)
    # A step has no line: any number solves for it.
    product[:, 1, 1] += cuts.kind == STEP
    solved = np.linalg.solve(product, np.einsum("nti,nt->ni", design, values)[:, :, np.newaxis])[:, :, 0]
    left = np.where(inside, values - np.einsum("nti,ni->nt", design, solved), 0)
    free = np.maximum(pieces.length - np.where(cuts.kind == STEP, 2, 3), 1)
    sd = np.sqrt((left**2).sum(axis=1) / free)
    bend = cuts.kind == BEND
    before = np.where(bend, solved[:, 1], solved[:, 0])
    reach = np.where(bend, time.max(axis=1, initial=0), 1)
    moved = solved[:, 2] * reach
    size = np.clip(moved / np.maximum(sd, _NOTHING), -MOST_SD, MOST_SD)
    return Fits(before, before + solved[:, 2], sd, size)
