"""Notebook 10, verdict."""
