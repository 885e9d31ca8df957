"""Reliability of a power system: the IEEE RTS-79, and its loss of load."""
