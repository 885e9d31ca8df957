"""The backends of the environment: a module each, with a ``Stepper``.

All fill the same arrays from the same model; `market_py.env.stepper` finds them by name.
"""
