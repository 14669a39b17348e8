"""Arrays as the functions under test take them."""

import numpy as np
from numpy.typing import ArrayLike

from transforms.numbers import Floats


def floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
