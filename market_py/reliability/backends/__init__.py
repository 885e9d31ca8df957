"""Backends of the simulation of outages: all fill the same numbers, bit for bit.

Each has a function ``simulate_years(study, seed, first, found, threads)``.
"""
