"""The hub: moves messages between agencies. It knows no agency by name.

Start at ``exchange/__init__.py``, which is the road as one docstring.
"""
