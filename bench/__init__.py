"""Benchmarks: figures beside references of the same run, and their ratio. Nothing is asserted (design §12).

It is not part of the hub. The networks that it measures are those of the tests (``tests/network.py``,
``tests/cms_builder.py``): invented people in two agencies' databases, so that a figure and a test mean the same road.
"""
