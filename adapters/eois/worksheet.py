"""A package as a keying worksheet: what a worker types into CaMS, screen by screen, on paper or beside the screen.

There is no way into CaMS but its screens (program systems 3.2, 9.1): this page is how a package really gets there. One
file of HTML that prints; no script, nothing from elsewhere, every value escaped. Days stand as the screens want them,
dd/MM/yyyy. What CaMS requires and the package lacks is marked. Pure. It checks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from adapters.eois import lists
from adapters.eois.rules import noc_version, under_the_line
from adapters.eois.screens import SCREENS, Field, Screen

Tree = Mapping[str, Any]
FILLER = "-"
_WORDS = {
    "en": {
        "title": "Keying worksheet",
        "from": "From site",
        "to": "To site",
        "created": "Created",
        "missing": "to be asked: CaMS requires it",
        "none": "Nothing was sent.",
        "incomplete": "The information is not complete: something that the client did not allow was left out.",
        "single": "(a single name)",
        "Yes": "Yes",
        "No": "No",
        "accepted": "accepted",
        "waitlisted": "waitlisted",
        "declined": "declined",
        "edition": "edition",
        "part": "under 20: Employment Service may take the client",
        "full": "20 or more: Employment Service asks why",
        "care": "Personal information. Keep it under lock, and destroy it when it has been keyed.",
    },
    "fr": {
        "title": "Feuille de saisie",
        "from": "Du site",
        "to": "Au site",
        "created": "Créée",
        "missing": "à demander : le SGC l'exige",
        "none": "Rien n'a été envoyé.",
        "incomplete": "L'information n'est pas complète : ce que le client n'a pas permis a été omis.",
        "single": "(un seul nom)",
        "Yes": "Oui",
        "No": "Non",
        "accepted": "accepté",
        "waitlisted": "sur la liste d'attente",
        "declined": "refusé",
        "edition": "édition",
        "part": "moins de 20 : Services d'emploi peut accueillir le client",
        "full": "20 ou plus : Services d'emploi demande pourquoi",
        "care": "Renseignements personnels. À garder sous clé et à détruire après la saisie.",
    },
}
_STYLE = (
    "body{font:11pt/1.35 sans-serif;margin:1.5cm;color:#000;background:#fff}h1{font-size:15pt}h2{font-size:12pt;"
    "margin:1em 0 .3em;border-bottom:1px solid #000}table{border-collapse:collapse;width:100%;margin:0 0 .6em;"
    "page-break-inside:avoid}th,td{border:1px solid #888;padding:2pt 5pt;text-align:left;vertical-align:top}"
    "th{width:38%;font-weight:normal}td{font-weight:bold}.missing td{font-weight:normal;font-style:italic;"
    "background:#eee}.care{font-size:9pt}"
)


def write(tree: Tree, *, incomplete: bool) -> bytes:
    """The worksheet of a package.

    Args:
        tree: a whole package; its ``language`` is that of the page.
        incomplete: something that the client did not allow was left out (I-10).
    """
    language = "fr" if tree["language"] == "fr" else "en"
    words = _WORDS[language]
    title = f"{words['title']} {tree['packageId']}"
    parts = [
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>",
        f"<p>{words['from']} {escape(tree['Sender']['sds'])}. {words['to']} {escape(tree['Receiver']['sds'])}."
        f" {words['created']} {escape(_day(tree['created'][:10]))}.</p>",
        f'<p class="care">{words["care"]}</p>',
    ]
    if incomplete:
        parts.append(f'<p role="note"><strong>{words["incomplete"]}</strong></p>')
    for screen in SCREENS:
        parts.extend(_screen(screen, tree, language))
    return ("\n".join(parts) + "\n</body>\n</html>\n").encode()


def _screen(screen: Screen, tree: Tree, language: str) -> Iterator[str]:
    found = _at(tree, screen.path.split("."))
    yield f"<h2>{escape(screen.fr if language == 'fr' else screen.en)}</h2>"
    if not found and screen.many:
        yield f"<p>{_WORDS[language]['none']}</p>"
    for element in found or ([] if screen.many else [{}]):
        rows = "".join(_row(field, element, language) for field in screen.fields)
        yield f"<table>{rows}</table>"


def _at(node: Any, path: list[str]) -> list[Tree]:
    """The elements at a path, through all of a list."""
    if isinstance(node, list):
        return [found for each in node for found in _at(each, path)]
    if not path:
        return [node]
    return _at(node[path[0]], path[1:]) if isinstance(node, Mapping) and path[0] in node else []


def _row(field: Field, element: Tree, language: str) -> str:
    name = escape(field.fr if language == "fr" else field.en)
    values = [_shown(field, value, element, language) for value in _values(field, element)]
    if values:
        return f"<tr><th>{name}</th><td>{'<br>'.join(map(escape, values))}</td></tr>"
    if field.required:
        return f'<tr class="missing"><th>{name}</th><td>{escape(_WORDS[language]["missing"])}</td></tr>'
    return f"<tr><th>{name}</th><td></td></tr>"


def _values(field: Field, element: Tree) -> list[str]:
    if field.kind == "service":
        return [element["code"]] if "code" in element else []
    if not field.name:
        return []
    node: Any = element
    for step in field.name.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    found = node if isinstance(node, list) else [node]
    texts = [each["code"] if isinstance(each, Mapping) else each for each in found if each]
    single = field.name == "LegalFirstName" and element.get("LegalLastName", FILLER) != FILLER
    return [text for text in texts if text != FILLER or single]


def _shown(field: Field, value: str, element: Tree, language: str) -> str:
    words = _WORDS[language]
    match field.kind:
        case "day":
            return _day(value)
        case "noc" | "hours":
            return f"{value} ({_beside(field.kind, value, words)})"
        case "flag" | "state":
            return words.get(value, value)
        case "service":
            return f"{lists.label(element['list'], value, language)} ({element['list']} {value})"
        case "text":
            return f"{value} {words['single']}" if field.name == "LegalFirstName" and value == FILLER else value
        case listed:
            return lists.label(listed, value, language)


def _beside(kind: str, value: str, words: Mapping[str, str]) -> str:
    """What stands in brackets: a code's edition, or on which side of the ministry's line hours are (case 56)."""
    if kind == "noc":
        return f"{words['edition']} {noc_version(value)}"
    return words["part" if under_the_line(value) else "full"]


def _day(text: str) -> str:
    """As the screens want it."""
    return f"{text[8:10]}/{text[5:7]}/{text[:4]}"
