"""The benchmark: time candidates on the same inputs, store the results, and report them.

A race times several candidates together; `market_py.benchmark.timing` explains the method.
"""
