"""Notebook 05, call overhead."""
