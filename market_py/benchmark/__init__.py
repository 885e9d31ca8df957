"""The benchmark: what is timed, on which inputs, how it is kept, judged and shown.

The method, one race, is `market_py.benchmark.timing`.
"""
