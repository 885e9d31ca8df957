"""Notebook 06, sort and allocation."""
