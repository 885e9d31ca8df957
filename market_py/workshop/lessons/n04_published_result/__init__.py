"""Notebook 04, the published result."""
