"""Which empty template a module is filled into: the agency's own, where it has put one there, else ours.

Program systems 2.3. An official template has lists, ids and a version that nobody else knows, so it wins. It lies in
``templates`` in the agency's folder under any name; what it is, its content says.
"""

from __future__ import annotations

from adapters.icare import blank
from adapters.icare.fill import leaks_nothing
from adapters.icare.folder import TEMPLATES, Folder
from adapters.icare.layout import Module
from adapters.icare.names import to_read
from adapters.icare.package import FileRefused
from adapters.icare.workbook import Workbook


def template_of(folder: Folder, module: Module) -> bytes:
    """The template of a module: of several that the agency has, the last by name.

    Raises:
        FileRefused: the agency's own holds something of a client (settled S14). Ours does not stand for it: the agency
            would not learn that its own was passed over.
        Unavailable: the folder cannot be read.
    """
    found: bytes | None = None
    for name in folder.names(TEMPLATES):
        data = folder.read(name, TEMPLATES) if to_read(name) else None
        if data is not None:
            book = Workbook(data)
            if book.template.module == module:
                leaks_nothing(book)
                found = data
    return found if found is not None else blank.template(module)


def wrong_ones(folder: Folder) -> list[str]:
    """What is wrong with each template that lies there and cannot be used; a count stands for its name."""
    found = []
    for place, name in enumerate(folder.names(TEMPLATES), 1):
        data = folder.read(name, TEMPLATES) if to_read(name) else None
        try:
            if data is not None:
                leaks_nothing(Workbook(data))
        except FileRefused as refused:
            found.append(f"the {place}. file by name: {refused.why}, got {refused.got}, expected {refused.expected}")
    return found
