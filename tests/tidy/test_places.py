"""What must stand in no file: where packages come from, a path of some machine, and how the text was written."""

from __future__ import annotations

import re

from tests.tidy.house import files, name, text

# written in pieces, so that this file does not hold what it looks for
REGISTRIES = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "crates" + ".io",
    "proxy." + "golang",
    "maven" + ".org",
    "deb." + "debian.org",
    "docker" + ".io",
    "docker" + ".com",
    "ghcr" + ".io",
    "quay" + ".io",
    "gcr" + ".io",
]
MACHINES = [r"(?<![\w./-])/" + place + r"(?:/|\b)" for place in ("wo" + "rk", "ro" + "ot", "home/" + r"\w+", "Users")]
WRITERS = [
    r"(?i:\b" + word + r"\b)"
    for word in ("clau" + "de", "anthro" + "pic", "chat" + "gpt", "gpt-" + r"\d", "open" + "ai", "co" + "pilot")
] + [r"\bA" + r"I\b", r"\bLL" + r"M", r"(?i:language " + r"model)", r"(?i:\bas an assis" + "tant)"]
FORBIDDEN = re.compile("|".join([*map(re.escape, REGISTRIES), *MACHINES, *WRITERS]))


def test_the_pattern_finds_what_it_is_for():
    for bad in ("https://" + REGISTRIES[0] + "/simple", "cd /ro" + "ot/x", "written by A" + "I", "/wo" + "rk"):
        assert FORBIDDEN.search(bad)
    for good in ("hub work", "bus/works/x", "detail", "main", "/data/cms.sqlite", "homework/", "GET /fhir"):
        assert not FORBIDDEN.search(good)


def test_no_file_names_a_registry_a_machine_or_a_writer():
    found = [
        f"{name(path)} holds `{match[0]}`"
        for path in files()
        if (match := FORBIDDEN.search(text(path) or "") or FORBIDDEN.search(name(path)))
    ]

    assert len(files()) > 200
    assert found == []
