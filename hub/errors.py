"""The error family, grouped by what the receiver should do next.

    HubError
    ├─ MessageRejected    the sender must change something     never retried
    │   ├─ RecordUnreadable    the bytes are not a record of this kind
    │   └─ MappingGap          a value has no counterpart in mappings/
    ├─ NeedsReview        a human must choose                  fetched again when chosen
    ├─ Unavailable        try again later                      retried with backoff
    │   ├─ BusUnavailable      the outcome is unknown: publish again
    │   └─ LeaseOver           too late to commit: open again
    ├─ KeyGone            the content can no longer be opened  returned to its sender
    ├─ Unexpected         a fault of ours                      the rest goes on; tell the maintainers
    ├─ Refused            a command asked for what is not allowed or does not exist
    └─ IntegrityBroken    stored bytes do not verify           the hub halts
        └─ SealBroken           only one message's body or key    it is returned, with an alarm

A text says where, what was got, what was expected and what to do. It never holds a personal value: of a coded
field the code, of any other field only its shape (:func:`shape`).
"""

from __future__ import annotations

import traceback
from pathlib import Path


class HubError(Exception):
    """Root of the family. ``next_step`` is what the reader should do."""

    def __init__(self, where: str, got: str = "", expected: str = "", next_step: str = "") -> None:
        self.where, self.got, self.expected, self.next_step = where, got, expected, next_step
        parts = [where]
        if got:
            parts.append(f"got {got}")
        if expected:
            parts.append(f"expected {expected}")
        text = ": ".join(parts[:1]) + (": " + ", ".join(parts[1:]) if parts[1:] else "")
        super().__init__(text + (f"; {next_step}" if next_step else ""))


class MessageRejected(HubError):
    """The sender must change something. Never retried as it is."""


class RecordUnreadable(MessageRejected):
    """The bytes are no record of this kind, or one of its fields is out of shape."""


class MappingGap(MessageRejected):
    """A value or element has no counterpart in the mappings. Held until a mapping is activated."""


class NeedsReview(HubError):
    """A human must choose; nothing moves until then."""


class Unexpected(HubError):
    """A fault of ours, met while one record or one part was handled. It names a place of the code, never a value."""

    @classmethod
    def met(cls, where: str, error: BaseException) -> Unexpected:
        """Its kind and its line; its text may hold anything and is dropped."""
        steps = traceback.extract_tb(error.__traceback__)
        line = f"{Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else "nowhere"
        return cls(where, f"{type(error).__name__} at {line}", next_step="tell the maintainers; the rest goes on")


class Unavailable(HubError):
    """A store, bus or agency system cannot be reached now. Nothing was released."""


class BusUnavailable(Unavailable):
    """The outcome of a publish is unknown. Publish again with the same envelope id."""


class LeaseOver(Unavailable):
    """The lease of this hand-over has ended before the irreversible step. Open again."""


class KeyGone(HubError):
    """The key of this content has been destroyed or lost. The message goes back to its sender."""


class Refused(HubError):
    """A command asked for something that does not exist or is not allowed."""


class IntegrityBroken(HubError):
    """Stored bytes do not verify. The hub halts."""


class SealBroken(IntegrityBroken):
    """The body or the key of one message is not what was sealed. That message is returned, with an alarm."""


def code(value: object) -> str:
    """A wrong code as an error may show it: itself where it cannot be a word of a person, else its shape.

    Somebody may have typed a name, a document number or a postal code into a coded field, and an error is stored and
    shown. So only letters and digits of ASCII, two at most (``07``, ``B2``), are shown.

    Example:
        >>> code("07"), code("Tremblay")
        ('`07`', 'a code of shape aaaaaaaa')
    """
    text = str(value)
    tells_nothing = len(text) <= 2 and text.isascii() and text.isalnum()
    return f"`{text}`" if tells_nothing else f"a code of shape {shape(text)}"


def shape(value: object) -> str:
    """The shape of a value without the value: letters become ``a``, digits ``9``, longer ones only their length.

    Example:
        >>> shape("1991-07-22")
        '9999-99-99'
    """
    text = str(value)
    if len(text) > 12:  # longer than a date or an identifier: the shape itself could tell
        return f"length {len(text)}"
    return "".join("9" if c.isdigit() else "a" if c.isalpha() else c if c in "-/.:" else "_" for c in text) or "empty"


def kind_of(value: object) -> str:
    """A value of JSON by its kind and shape, for the place of ``got``."""
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    if value is None or isinstance(value, bool):
        return "null" if value is None else "a boolean"
    return f"`{shape(value)}`" if isinstance(value, str) else f"a number `{shape(value)}`"
