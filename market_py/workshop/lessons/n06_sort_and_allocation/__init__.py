"""Notebook 06, sort and allocation."""

from market_py.workshop.lessons.n06_sort_and_allocation import checks, conditions, panel

__all__ = ["checks", "conditions", "panel"]
