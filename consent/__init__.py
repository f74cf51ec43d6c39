"""The rules of sharing: what a consent holds, and when a disclosure may happen.

Start at ``decide.py``. The words and row numbers are those of the consent rules.
"""
