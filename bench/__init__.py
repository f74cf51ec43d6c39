"""Benchmarks: figures beside references of the same run, and their ratio. Nothing is asserted (design §12).

It is not part of the hub. The networks that it measures are those of the tests (``tests/network.py``,
``tests/mixed.py`` and their builders): invented people in agencies' databases and folders, so that a figure and a test
mean the same road.
"""
