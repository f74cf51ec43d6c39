"""The verifier of receipts and proofs as one file, for a machine without the hub.

It is no copy that somebody must keep alike: its text is that of the modules which ``hub receipt verify`` itself runs,
one after the other, without the lines that import one of them into another.
"""

from __future__ import annotations

import inspect
import re

from hub.audit import tree
from hub.audit.verify import faults, notes, proofs

PARTS = (tree, faults, notes, proofs)  # each needs those before it alone
_OURS = re.compile(r"^from (?:hub\.[\w.]+|__future__) import (?:\([^)]*\)|[^\n]*)\n", re.MULTILINE)
_HEAD = '''\
#!/usr/bin/env python3
"""Check a receipt or a proof of the hub's log: python3 FILE RECEIPT --key hub.pub [--checkpoint CHECKPOINT]

It needs Python 3.11 and the package `cryptography`, and neither a hub nor a network. The key comes from outside.
"""

from __future__ import annotations
'''


def text() -> str:
    """The file."""
    return _HEAD + "".join(f"\n# ---- {part.__name__}\n{_OURS.sub('', inspect.getsource(part))}" for part in PARTS)
