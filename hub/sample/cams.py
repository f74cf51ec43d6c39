"""A CaMS site: two folders, the workers who key what the hub puts there, and what its people answer.

It hands in packages of those whom it refers, keys each package of the hub's by the worksheet beside it and lays a
result there (one it refuses), answers referrals with packages of its own, and keeps a copy of every result that it was
given. What it knows lies in its own files alone, so everything can be counted again from them.

    from_cams     its packages and the hub's answers to them
    to_cams       packages and worksheets of the hub's, and the site's answers to them
    keyed         what its workers have typed into CaMS: each referral that came, by place and person reference
    kept          each answer of the hub as it was read: one is replaced when what waited has gone
    consents-…    what its worker gave to ``hub consent import``: CaMS holds no consents
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from hub.sample import cams_papers, cams_xml
from hub.sample.cams_xml import Package, Parts, Said
from hub.sample.people import Person
from hub.sample.scenarios import Scenario
from hub.sample.site import Site, write_whole

REFUSED, REFUSED_CODE = 3, "PERSON_EXISTS"  # which of those who came is refused: CaMS has the person twice
_ANSWERS = (  # in turn, by who came first: state and reason
    ("accepted", ""),
    ("waitlisted", ""),
    ("declined", "No place before autumn."),
    ("accepted", ""),
)
_SERVED = 0  # the first of them, each time, finds work at once, if CaMS' reference came with the referral
_NEW_REFERENCE = 4_500_000  # person references of those who come by the hub without one count from here
_NEW_PLAN = 45_000_000  # numbers of the plans of those who come
_NOT_SENT = frozenset({Scenario.BAD_DATE})  # no such day stands on a form


@dataclass(frozen=True, slots=True)
class Keyed:
    """A referral that came and stands in CaMS.

    Args:
        place: among all that came, from 0; ``reference``: of its person; ``package``: as it came.
    """

    place: int
    reference: str
    package: Package


@dataclass(frozen=True, slots=True)
class Cams(Site):
    """The site in its folder.

    Args:
        home: its agency; ``sites``: agency to the SDS or place code that packages call it by.
    """

    sites: Mapping[str, str]

    @property
    def from_cams(self) -> Path:
        """Where its own packages lie."""
        return self.folder / "from_cams"

    @property
    def to_cams(self) -> Path:
        """Where the hub's packages lie."""
        return self.folder / "to_cams"

    @property
    def keyed(self) -> Path:
        """What stands in CaMS of those who came by the hub."""
        return self.folder / "keyed"

    @property
    def sds(self) -> str:
        """Its own code."""
        return self.sites[self.home]

    def begin(self) -> None:
        """Make the folders."""
        for each in (self.from_cams, self.to_cams, self.keyed, self.kept):
            each.mkdir(parents=True)

    def refer(self, people: Sequence[Person], day: date) -> None:
        """A package for each whom the site refers, and a file of their consents.

        Args:
            day: on which the packages were made.
        """
        self.hand_in([cams_papers.referral(person, self.sites, day) for person in people])
        signed = [person for person in people if person.consent is not None and person.scenario not in _NOT_SENT]
        self.sign([cams_papers.consent_of(person, person.consent) for person in signed if person.consent is not None])

    def hand_in(self, packages: Sequence[Parts]) -> None:
        """Write packages for the hub."""
        for parts in packages:
            said = dict(parts)
            name = cams_xml.file_name(said["Sender/@sds"], said["Receiver/@sds"], said["@packageId"])
            write_whole(self.from_cams / name, cams_xml.write(parts))

    def take_in(self, at: datetime) -> int:
        """Key the hub's packages that have no result yet and a worksheet beside them; how many there were.

        Who comes is keyed in the order of their names: the order of arrival changes nothing.
        """
        fresh, before = list[tuple[str, Package]](), 0
        for name, package in self.received():
            if self._result(name).exists():
                before += package.asks
            elif (self.to_cams / cams_xml.sheet_name(name)).exists():
                fresh.append((name, package))
        asked = sorted((each for each in fresh if each[1].asks), key=_order)
        places = {name: before + place for place, (name, _) in enumerate(asked)}
        for name, package in fresh:
            place = places.get(name)
            if place is not None and place != REFUSED:
                reference = package.reference or str(_NEW_REFERENCE + place)
                write_whole(self.keyed / f"{place:07}_{reference}.xml", (self.to_cams / name).read_bytes())
            said = (
                Said("Refused", REFUSED_CODE, "/CaseReferralPackage/Person") if place == REFUSED else Said("Accepted")
            )
            write_whole(self._result(name), cams_xml.write_result(package.package_id, at, said))
        return len(fresh)

    def read_answers(self) -> None:
        """Keep a copy of each answer of the hub that is new."""
        last = {path.name.rpartition("-")[0]: path for path in sorted(self.kept.glob(f"*{cams_xml.RESULT_END}"))}
        for path in sorted(self.from_cams.glob(f"*{cams_xml.RESULT_END}")):
            number, data = path.name.removesuffix(cams_xml.RESULT_END), path.read_bytes()
            copy = last.get(number)
            if copy is None or copy.read_bytes() != data:
                count = int(copy.name.rpartition("-")[2][:3]) if copy else 0
                write_whole(self.kept / f"{number}-{count + 1:03}{cams_xml.RESULT_END}", data)

    def answers(self, at: datetime) -> list[Parts]:
        """Packages with what the people of the site answer to referrals that were keyed and not answered yet.

        Args:
            at: when they are made; not before the results that were laid there.
        """
        done = {package.number for _, package in self.handed_in() if package.state}
        return [_answer(each, at) for each in self.in_cams() if each.package.number not in done]

    def received(self) -> Iterator[tuple[str, Package]]:
        """Every package of the hub, with its file's name."""
        return _packages(self.to_cams)

    def handed_in(self) -> Iterator[tuple[str, Package]]:
        """Every package of the site, with its file's name."""
        return _packages(self.from_cams)

    def sheets(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Every worksheet of the hub, with its file's name."""
        for path in sorted(self.to_cams.glob(f"*{cams_xml.SHEET_END}")):
            yield path.name, cams_xml.read_sheet(path.read_bytes())

    def in_cams(self) -> Iterator[Keyed]:
        """Those who came by the hub and stand in CaMS, in their order."""
        for path in sorted(self.keyed.glob(f"*{cams_xml.PACKAGE_END}")):
            place, _, reference = path.stem.partition("_")
            yield Keyed(int(place), reference, cams_xml.read(path.read_bytes()))

    def source(self, file: str) -> str:
        """How the hub names one of the site's packages."""
        return "P/" + file.removesuffix(cams_xml.PACKAGE_END).replace("_", "/")

    def source_of(self, person: Person) -> str | None:
        """The same of the package that refers one of the site's people; None where there is none."""
        ends = self.sites[person.home], self.sites[person.to]
        name = cams_xml.file_name(*ends, cams_papers.package_id(person))
        return self.source(name) if (self.from_cams / name).exists() else None

    def told(self) -> Iterator[tuple[str, Said]]:
        """What the hub has said of each package, oldest first: the package as the hub names it, and the word."""
        names = {cams_xml.number_of(name): name for name in _names(self.from_cams)}
        for path in sorted(self.kept.glob(f"*{cams_xml.RESULT_END}")):
            yield self.source(names[path.name.rpartition("-")[0]]), cams_xml.read_result(path.read_bytes())

    def references_given(self) -> list[str]:
        """The person references that CaMS gave to those who came by the hub without one."""
        return [each.reference for each in self.in_cams() if not each.package.reference]

    def _result(self, file: str) -> Path:
        """The site's own answer to a package of the hub's."""
        return self.to_cams / cams_xml.result_name(file)


def _answer(keyed: Keyed, at: datetime) -> Parts:
    turn = keyed.place % len(_ANSWERS)
    if turn == _SERVED and keyed.package.reference:
        return cams_papers.ending(keyed.package, keyed.place, at, str(_NEW_PLAN + keyed.place))
    return cams_papers.answer(keyed.package, keyed.place, at, *_ANSWERS[turn])


def _names(folder: Path) -> list[str]:
    """The packages of a folder."""
    every = (path.name for path in sorted(folder.glob(f"*{cams_xml.PACKAGE_END}")))
    return [name for name in every if not name.endswith(cams_xml.RESULT_END)]


def _packages(folder: Path) -> Iterator[tuple[str, Package]]:
    for name in _names(folder):
        yield name, cams_xml.read((folder / name).read_bytes())


def _order(each: tuple[str, Package]) -> list[str]:
    names = ("Person/LegalLastName", "Person/LegalFirstName", "Person/DateOfBirth", "Sender/@sds", "Referral/@code")
    return [each[1].get(name) for name in names]
