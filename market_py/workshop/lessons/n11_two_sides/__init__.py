"""Notebook 11, two sides."""
