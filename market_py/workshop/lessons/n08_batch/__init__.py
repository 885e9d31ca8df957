"""Notebook 08, batch."""
