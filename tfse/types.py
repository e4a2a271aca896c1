"""Types of arrays and tensors, shared by all packages."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: Audio samples, full scale 1.
Samples = npt.NDArray[np.float32]
#: A tensor of whichever backend Keras runs on.
Tensor = Any
#: A shape; a size that is not known yet is None.
Shape = tuple[Any, ...]
