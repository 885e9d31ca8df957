"""Backends of the environment: one module each, with a class ``Stepper``.

All fill the same arrays from the same model. `market_py.env.stepper` finds them by name.
"""
