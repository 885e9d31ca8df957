"""Backends: one module each, with ``market_clearing`` and ``market_clearing_batch``.

All obey the same contract. `market_py.get_backend` returns a backend by its name.
"""
