"""Reliability of a power system: units and loads, outages, and loss of load."""
