"""Constants that the backends share; Rust has its own copies."""

import numpy as np

COVERAGE = 1 - 1e-9
"""Share of demand that must be offered at or below a price for that price to cover demand."""

SCALE = 2.0**-64
"""Factor that keeps the sum of any doubles that fit into memory from overflowing."""

EPSILON = float(np.finfo(np.float64).eps)
"""The distance from 1 to the next larger double."""

LARGEST = float(np.finfo(np.float64).max)
"""The largest double."""

TINY = float(np.finfo(np.float64).tiny)
"""The smallest normal double."""

SMALLEST = float(np.finfo(np.float64).smallest_subnormal)
"""The smallest positive double."""
