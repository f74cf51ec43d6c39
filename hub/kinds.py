"""The kinds of systems that there are: those with code of their own, and those that a folder of data makes.

Part of the composition root (``compose.py``): it names the adapters.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import adapters.cms
import adapters.eois
import adapters.harts
import adapters.icare
import adapters.remote
import adapters.table
from adapters.contract import Adapter
from hub import mapping
from hub.directory.cells import is_id
from hub.errors import Refused

# kinds with code of their own; a kind of tables is a folder of data beside them
ADAPTERS: Mapping[str, Adapter] = {
    card.kind: card
    for card in (adapters.cms.ADAPTER, adapters.harts.ADAPTER, adapters.eois.ADAPTER, adapters.icare.ADAPTER)
}
PACKAGED_MAPPINGS = Path(mapping.__file__).parents[2] / "mappings"


def kinds_of(overlay: Path) -> tuple[str, ...]:
    """Every kind of system: those with code, then those of tables, by name.

    Args:
        overlay: the data folder's mappings, over the packaged ones.
    """
    folders = (folder for root in (PACKAGED_MAPPINGS, overlay) if root.is_dir() for folder in root.iterdir())
    tables = {folder.name for folder in folders if (folder / adapters.table.FILE).is_file()}
    return (*ADAPTERS, *sorted(tables - ADAPTERS.keys()))


def card_of(kind: str, overlay: Path) -> Adapter:
    """The card of a kind; of a kind of tables made from its ``records.toml``.

    Raises:
        Refused: that file is wrong.
    """
    if kind in ADAPTERS:
        return ADAPTERS[kind]
    if not is_id(kind):
        step = "rename the folder under mappings/"
        raise Refused("mappings", "a kind of another name", "lower-case letters, digits and single hyphens", step)
    return adapters.table.card(kind, mapping.gather(kind, _folders(kind, overlay))[adapters.table.FILE])


def adapters_of(overlay: Path) -> Mapping[str, Adapter]:
    """The cards of all kinds.

    Raises:
        Refused: a file of one is wrong.
    """
    return {kind: card_of(kind, overlay) for kind in kinds_of(overlay)}


def cards_of(overlay: Path) -> Mapping[str, Adapter]:
    """The cards of all kinds, and of the one that needs no adapter: its systems speak FHIR with the hub.

    Raises:
        Refused: a file of one is wrong.
    """
    return {**adapters_of(overlay), adapters.remote.ADAPTER.kind: adapters.remote.ADAPTER}


_READ_ONLY = ("consent", "override-word")  # a consent's client is translated as a request's


def load_mappings(kind: str, overlay: Path) -> mapping.Mappings:
    """The packaged mappings of a kind under those of the data folder.

    Raises:
        Refused: a file is wrong.
    """
    card = card_of(kind, overlay)
    beside = () if kind in ADAPTERS else (adapters.table.FILE,)
    found = mapping.load(kind, _folders(kind, overlay), card.columns(), card.functions, beside)
    for record in card.records:
        if record.event not in _READ_ONLY and record.name not in found.records:
            got, expected = "no such file", "a mapping of every kind of record but CONSENT and OVERRIDE_WORD"
            raise Refused(f"mappings/{kind}/{record.name}.toml", got, expected, "add it")
    return found


def _folders(kind: str, overlay: Path) -> list[Path]:
    return [PACKAGED_MAPPINGS / kind, overlay / kind]
