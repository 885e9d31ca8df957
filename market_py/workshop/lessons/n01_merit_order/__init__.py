"""Notebook 01, merit order."""
