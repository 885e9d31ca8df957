"""Numbers that the backends share; Rust has its own copies."""

import numpy as np

COVERAGE = 1 - 1e-9
"""The share of demand that must be offered at or below a price for the price to cover demand."""

SCALE = 2.0**-64
"""Brings the sum of any number of doubles that fit in memory into range."""

EPSILON = float(np.finfo(np.float64).eps)
"""The distance from 1 to the next larger double."""

TINY = float(np.finfo(np.float64).tiny)
"""The smallest double of full precision."""
