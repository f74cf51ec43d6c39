"""HARTS files as they stand on paper: texts put at column numbers by hand, without the adapter. Invented people."""

from __future__ import annotations

from datetime import date

from adapters.harts.dat import Header

KEY, OTHER_KEY = "ABCDEFGH2345", "ZYXWVUTS7654"
HEADER = Header("T00001", date(2026, 5, 4), 7, "R")
NAME = "HTT0000120260504007.DAT"


def at(length: int, places: dict[int, str]) -> str:
    """A line of spaces with texts from the columns given, counted from 1."""
    line = [" "] * length
    for first, text in places.items():
        line[first - 1 : first - 1 + len(text)] = text
    assert len(line) == length
    return "".join(line)


def hd(changes: dict[int, str] | None = None) -> str:
    base = {1: "HD", 4: "T00001", 10: "20260504", 18: "007", 21: "0100", 25: "R", 26: "CP1252"}
    return at(31, base | (changes or {}))


def cl(changes: dict[int, str] | None = None) -> str:
    base = {
        1: "CLA", 4: KEY, 34: "PR", 50: "Tremblay-Côté", 90: "Zoé", 150: "19910722", 158: "E", 159: "F", 160: "PR",
    }  # fmt: skip
    return at(324, base | (changes or {}))


def el(changes: dict[int, str] | None = None) -> str:
    return at(39, {1: "ELA", 4: KEY, 16: "LINC", 20: "Y", 24: "20260410"} | (changes or {}))


def as_(changes: dict[int, str] | None = None) -> str:
    base = {
        1: "ASA",
        4: KEY,
        16: "20260401",
        24: "I",
        25: "CLBPT",
        32: "05",
        34: "04",
        36: "03",
        38: "PC",
        40: "T00001",
    }
    return at(61, base | (changes or {}))


def rf(changes: dict[int, str] | None = None) -> str:
    base = {1: "RFA", 4: KEY, 16: "R000012", 28: "T00001", 34: "T00002", 40: "EMP", 57: "20260502", 73: "S", 74: "LNG"}
    return at(208, base | (changes or {}))


def co(changes: dict[int, str] | None = None) -> str:
    base = {
        1: "COA", 4: "L-CCSNAR18008", 18: "English 4", 78: "T00001", 84: "LINC", 88: "1", 89: "20260901", 112: "1250",
        116: "M  W", 128: "Y",
    }  # fmt: skip
    return at(128, base | (changes or {}))


def tr(lines: int, clients: int, births: int) -> str:
    return at(29, {1: "TR", 4: f"{lines:08}", 12: f"{clients:08}", 20: f"{births:010}"})


def file(*inside: str, header: str | None = None, trailer: str | None = None) -> bytes:
    """The bytes of a file with these lines between HD and TR, which counts them rightly unless it is given."""
    clients = [line for line in inside if line[:2] == "CL"]
    births = sum(int(line[149:157]) for line in clients if line[149:157].strip().isdecimal())
    right = tr(len(inside) + 2, len(clients), births % 10**10)
    whole = [header if header is not None else hd(), *inside, trailer if trailer is not None else right]
    return "".join(f"{line}\r\n" for line in whole if line).encode("cp1252")
