"""Notebook 09, the environment."""
