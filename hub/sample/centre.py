"""The assessment centre: a HARTS site with two folders, its nightly job, and what its people answer.

It takes in the files that the hub writes, answers each with an ``.ACK`` (a number for each new client, and one line
that it rejects), answers referrals with status lines and language results, and keeps a copy of every ``.ACK`` that it
was given. What it knows lies in its own files alone, so everything can be counted again from them.

    from_harts    R files and the hub's answers to them
    to_harts      S files and the centre's answers to them
    kept          each answer of the hub as it was read: an ``.ACK`` is replaced when a line of it settles
    consents-…    what its worker gave to ``hub consent import``
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from hub.sample import harts, papers
from hub.sample.database import Row
from hub.sample.harts import Client, Draft, Said
from hub.sample.people import Person
from hub.sample.site import Site, write_whole

REJECTED, REJECTED_CODE = 3, "H4"  # which of those who came is rejected (course and dates do not fit)
_ANSWERS = (("A", ""), ("W", ""), ("D", "CAP"), ("A", ""))  # in turn, by who came first: STATUS and REASON
_WITH_RESULT = 0  # the first of them, each time, has been assessed
_NEW_NUMBER = 45_000_000  # HARTS_NO of those who come by the hub count from here
_NEW_CONSENT = 900_000  # numbers of the consents that such people sign


@dataclass(frozen=True, slots=True)
class Answers:
    """What is to be handed in: clients with their lines, and the consents that must be filed before."""

    clients: Sequence[Sequence[Draft]]
    consents: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Centre(Site):
    """The centre in its folder.

    Args:
        home: its agency; ``sites``: agency to HARTS' code of its site.
    """

    sites: Mapping[str, str]

    @property
    def from_harts(self) -> Path:
        """Where its own files lie."""
        return self.folder / "from_harts"

    @property
    def to_harts(self) -> Path:
        """Where the hub's files lie."""
        return self.folder / "to_harts"

    @property
    def site(self) -> str:
        """Its own code."""
        return self.sites[self.home]

    def begin(self) -> None:
        """Make the folders."""
        for each in (self.from_harts, self.to_harts, self.kept):
            each.mkdir(parents=True)

    def refer(self, people: Sequence[Person], day: date) -> None:
        """A file with people whom the centre refers, and a file of their consents."""
        self.hand_in([papers.lines_of(person, self.sites) for person in people], day)
        self.sign([papers.consent_of(person, person.consent) for person in people if person.consent is not None])

    def hand_in(self, clients: Sequence[Sequence[Draft]], day: date) -> None:
        """Write the next R file."""
        if not clients:
            return
        used = [harts.year_and_seq(path.name) for path in self.from_harts.glob("*.DAT")]
        seq = max((number for year, number in used if year == day.year), default=0) + 1
        write_whole(self.from_harts / harts.file_name(self.site, day, seq), harts.write(self.site, day, seq, clients))

    def take_in(self, at: datetime) -> int:
        """Take in the hub's files that have no answer yet, and answer them; how many clients were in them.

        Who comes by the hub gets a number, in the order of their names: the order of arrival changes nothing.
        """
        fresh = {
            path: list(harts.read(path.read_bytes()))
            for path in sorted(self.to_harts.glob("*.DAT"))
            if not (self.to_harts / harts.ack_name(path.name)).exists()
        }
        asked = [(path, client) for path, clients in fresh.items() for client in clients if _asks(client)]
        asked.sort(key=lambda each: [each[1].line.fields.get(name, "") for name in ("SURNAME", "GIVEN", "DOB")])
        before = sum(1 for _ in self._numbered())
        numbers = {(path, client.line.number): before + place for place, (path, client) in enumerate(asked)}
        for path, clients in fresh.items():
            said = (one for client in clients for one in _said(client, numbers.get((path, client.line.number))))
            write_whole(self.to_harts / harts.ack_name(path.name), harts.write_ack(path.name, at, said))
        return sum(len(clients) for clients in fresh.values())

    def read_answers(self) -> None:
        """Keep a copy of each answer of the hub that is new."""
        for path in sorted(self.from_harts.glob("*.ACK")):
            data = path.read_bytes()
            copies = sorted(self.kept.glob(f"{path.stem}-*.ACK"))
            if not copies or copies[-1].read_bytes() != data:
                write_whole(self.kept / f"{path.stem}-{len(copies) + 1:03}.ACK", data)

    def answers(self, day: date) -> Answers:
        """What the people of the centre answer to referrals that were taken in and not answered yet."""
        done = {client.referral.fields["REF_NO"] for _, client in self.handed_in() if client.referral}
        clients, consents = [], []
        for place, client in self._numbered():
            asked = client.referral
            if asked is None or place == REJECTED or asked.fields["REF_NO"] in done:
                continue
            status, reason = _ANSWERS[place % len(_ANSWERS)]
            lines: list[Draft] = [("CL", "U", {"LOCAL_KEY": client.line.fields["LOCAL_KEY"], "HARTS_NO": _no(place)})]
            if place % len(_ANSWERS) == _WITH_RESULT:
                lines.append(("AS", "A", _result(self.site, place, day)))
                to = next(agency for agency, code in self.sites.items() if code == asked.fields["FROM_SITE"])
                number = _NEW_CONSENT + place
                consents.append(papers.consent_for_result(self.home, client.line.fields, number, to, day))
            about = {name: asked.fields[name] for name in ("REF_NO", "FROM_SITE", "TO_SITE", "REF_DATE")}
            lines.append(("RF", "U", {**about, "STATUS": status, "REASON": reason}))
            clients.append(lines)
        return Answers(clients, consents)

    def received(self) -> Iterator[tuple[str, Client]]:
        """Every client in every file of the hub, with the file's name."""
        return _clients(self.to_harts)

    def handed_in(self) -> Iterator[tuple[str, Client]]:
        """Every client in every file of the centre, with the file's name."""
        return _clients(self.from_harts)

    def source(self, file: str, line: int) -> str:
        """How the hub names a line of one of the centre's files."""
        year, seq = harts.year_and_seq(file)
        return f"{self.site}/{year:04}/{seq:03}/{line}"

    def told(self) -> Iterator[tuple[str, Said]]:
        """What the hub has said of each RF line, oldest first: the line as the hub names it, and the word."""
        for path in sorted(self.kept.glob("*.ACK")):
            for said in harts.read_ack(path.read_bytes()).lines:
                if said.record == "RF":
                    yield self.source(path.name, said.line), said

    def refused_files(self) -> list[str]:
        """Files of the centre that the hub has refused as a whole, with the code; there are to be none."""
        found = ((path.name, harts.read_ack(path.read_bytes()).code) for path in sorted(self.kept.glob("*.ACK")))
        return [f"{name}: {code}" for name, code in found if code]

    def numbers_given(self) -> list[str]:
        """The numbers that the centre gave to those who came by the hub."""
        return sorted(_no(place) for place, _ in self._numbered())

    def _numbered(self) -> Iterator[tuple[int, Client]]:
        """Who came by the hub, with their place among them, out of the answers that the centre wrote."""
        for name, client in self.received():
            path = self.to_harts / harts.ack_name(name)
            if _asks(client) and path.exists():
                said = harts.read_ack(path.read_bytes()).lines
                number = next(one.harts_no for one in said if one.line == client.line.number)
                yield int(number) - _NEW_NUMBER, client


def _clients(folder: Path) -> Iterator[tuple[str, Client]]:
    for path in sorted(folder.glob("*.DAT")):
        for client in harts.read(path.read_bytes()):
            yield path.name, client


def _asks(client: Client) -> bool:
    return client.referral is not None and client.referral.fields.get("STATUS") == "S"


def _said(client: Client, place: int | None) -> Iterator[Said]:
    """The centre's word on each line of a client; ``place`` where it is somebody new."""
    number = "" if place is None else _no(place)
    key = client.line.fields.get("LOCAL_KEY", "")
    for line in client.whole:
        bad = place == REJECTED and line.record == "RF"
        code = REJECTED_CODE if bad else ""
        yield Said(line.number, line.record, key, number, "ERR" if bad else "OK", code)


def _no(place: int) -> str:
    return str(_NEW_NUMBER + place)


def _result(site: str, place: int, day: date) -> Mapping[str, str]:
    levels = {skill: f"{1 + (place + shift) % 8:02}" for shift, skill in enumerate("LSRW")}
    about = {"ASSESS_DATE": f"{day:%Y%m%d}", "TYPE": "I", "TOOL": "CLBPT", "CENTRE": site}
    return {**about, **levels, "ASSESSOR": f"T-{place:06}"}  # a letter of its own: B- are numbers of referrals
