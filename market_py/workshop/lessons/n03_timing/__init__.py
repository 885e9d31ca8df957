"""Notebook 03, timing."""
