"""Notebook 07, no sorting."""
