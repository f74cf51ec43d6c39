"""Who may import whom: every import of our code stands in the table of ``docs/developer.md``, and nothing else does.

``lint-imports`` holds a part of it too, and names what comes in by a detour; this test is complete and reads the
table that people read.
"""

from __future__ import annotations

from hub.commands.words import FILES
from tests.tidy.house import ROOT, imports, modules, name, table

TABLE = table(ROOT / "docs" / "developer.md", "Who may import whom")


def rooms() -> dict[str, set[str]]:
    """Room to the rooms that it may import; a row may hold several rooms."""
    split = {key: cells[0].replace("`", "").replace(",", " ").split() for key, cells in TABLE.items()}
    return {room: {word for word in may if word != "nothing"} for key, may in split.items() for room in key.split(", ")}


def room_of(module: str) -> str:
    """The longest row of the table that the module is in."""
    parts = module.split(".")
    found = next((".".join(parts[:n]) for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in rooms()), "")
    assert found, f"{module} is in no row of the table in docs/developer.md"
    return found


def test_every_module_has_its_row_and_every_row_a_module():
    assert {room_of(module) for module in modules() if module not in {"hub", "adapters"}} == set(rooms())


def test_a_row_names_rooms_and_nothing_else():
    known = set(rooms()) | {"hub", "adapters"}

    assert {word for allowed_words in rooms().values() for word in allowed_words} <= known


def test_a_room_imports_what_its_row_says():
    wrong = [
        f"{name(path)} imports {imported}, which the row of {room_of(module)} does not name"
        for module, path in modules().items()
        if module not in {"hub", "adapters"}
        for imported in imports(path)
        if not allowed(room_of(module), room_of(imported))
    ]

    assert wrong == []


def allowed(room: str, there: str) -> bool:
    """Whether a row names a room, or one that it is in."""
    parents = {".".join(there.split(".")[:n]) for n in range(1, there.count(".") + 2)}
    return there == room or bool(rooms()[room] & parents)


def test_every_module_is_imported_or_is_an_entry():
    entries = {"hub.__main__", "hub.store.migrations.env", "schemas.fhir.generate"}
    entries |= {f"hub.commands.{file}" for file in FILES.values()}  # loaded by their names in the table
    steps = {module for module in modules() if module.startswith("hub.store.migrations.versions.")}
    used = set().union(*(imports(path) for path in modules().values()))
    packages = {module for module, path in modules().items() if path.name == "__init__.py" and not path.stat().st_size}
    parents = {".".join(module.split(".")[:n]) for module in used | entries | steps for n in range(1, 9)}

    assert set(modules()) - used - entries - steps - packages - parents == set()
