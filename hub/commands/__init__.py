"""The command line, a file per command group: arguments in, a call of a room, words or one JSON document out.

No rule lives here. ``frame.py`` holds what all commands share; ``hub/__main__.py`` hands them the hub.

Exit codes: 0 done · 1 refused, or findings · 2 wrong usage · 3 integrity broken · 4 unavailable now · 130 interrupted.
"""
