"""Notebook 02, the contract."""
