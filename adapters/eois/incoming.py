"""Packages and weekly extracts from CaMS: what is new in the folder, read once, and the records in it.

Program systems 9.5; settled S5, S16. A package is a record, and one more for its plan's end and each follow-up.
Extracts are read together: of each report the newest says what stands, and a page holds what it says that the one
before did not say. A file that is replaced is read again; a package that is taken away before it is settled is gone.
Files stay where they are. What is answered to them is told in ``answers``. Remembered are names of files with time and
size (``taken``), and what packages said of plans, as keyed digests with the moment of a closing (``frozen``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain

from adapters.contract import Gone, Now, Raw
from adapters.eois import extract, outcomes, parcels, plans
from adapters.eois.extract import CLIENT, OUTCOMES, PLANS, Extract
from adapters.eois.faults import ROOT, UNREADABLE
from adapters.eois.frozen import Plans
from adapters.eois.markup import PACKAGE, XML_BYTES_MAX
from adapters.eois.taken import Register, Stamp
from adapters.mailbox import FILE_BYTES_MAX, Folder
from hub.errors import Unavailable
from hub.model.identifiers import passes_as_sin

PACKAGES_A_PAGE = 100  # packages read at once
ROWS_A_PAGE = 500  # referrals of an extract read at once
STILL_WRITTEN = timedelta(minutes=1)  # [policy] a file without its end may still be growing for so long
DAY = timedelta(days=1)  # clocks of two places may differ by as much
NAME = re.compile(r"([0-9]{4}[A-Z])_([0-9]{4}[A-Z])_(PKG-[0-9A-F]{1,32})\.xml")


@dataclass(frozen=True, slots=True)
class New:
    """What a page is about: files by their stamps, and packages that are gone.

    Args:
        after: referrals of the extracts that earlier pages brought; None: packages, or all was brought.
    """

    files: Mapping[str, Stamp]
    gone: tuple[str, ...] = ()
    after: int | None = None


class FromCams:
    """The folder that CaMS' people fill, of one site.

    What it keeps between two calls only saves work, and lets a problem be told once: a new one knows all it must.
    """

    def __init__(self, folder: Folder, sds: str, register: Register, before: Plans, now: Now) -> None:
        self._folder, self._sds, self._register, self._before, self._now = folder, sds, register, before, now
        self._keys: dict[str, tuple[Stamp, tuple[str, ...]]] = {}
        self._told: set[tuple[str, Stamp | None]] = set()
        self._read: dict[str, tuple[Stamp, Extract | extract.Refusal]] = {}
        self._paged: tuple[object, list[Raw | Gone], list[str]] | None = None  # news of which a part was told

    def settle(self, new: New) -> None:
        """A page was judged: what it was about is taken in, if it still lies there; else it was tidied away since."""
        files = {name: stamp for name, stamp in new.files.items() if self._folder.stamp(name) is not None}
        self._register.forget(new.gone)
        for name in new.gone:
            self._before.forget(key_of(name))
        if new.after is None and self._register.take(files) and any(map(extract.named, files)):
            newest = [self.newest(report)[0] for report in (PLANS, OUTCOMES)]
            self._register.settle(newest, settled=False)  # each says of the other's rows whether they count

    def next(self) -> tuple[New | None, list[str]]:
        """What the next page is about, and what is wrong with files that nobody reads; None: there is nothing new."""
        stamps, problems = self._there()
        taken = self._register.all()
        away = [name for name in taken if name not in stamps and self._folder.stamp(name) is None]
        self._register.forget(name for name in away if taken[name].settled or not NAME.fullmatch(name))
        gone = tuple(name for name in away if name in self._register.all())
        fresh = {name: stamp for name, stamp in stamps.items() if name not in taken or taken[name].stamp != stamp}
        packages = {name: fresh[name] for name in sorted(fresh) if NAME.fullmatch(name)}
        if packages or gone:
            return New(dict(list(packages.items())[:PACKAGES_A_PAGE]), gone), problems
        return (New(fresh, after=0) if fresh else None), problems

    def page(self, new: New) -> tuple[list[Raw | Gone], New, list[str]]:
        """The records of a page; and what is left of it, ``after`` None where that is nothing."""
        if new.after is None:
            return self._packages(new)
        if any(self._folder.stamp(name) != stamp for name, stamp in new.files.items()):
            return [], New({}), []  # replaced meanwhile: it is looked at anew
        records, problems = self._news(new)
        part = records[new.after : new.after + ROWS_A_PAGE]
        ended = new.after + ROWS_A_PAGE >= len(records)
        self._paged = None if ended else self._paged
        return part, New(new.files, after=None if ended else new.after + ROWS_A_PAGE), problems if ended else []

    def refetch(self, keys: Sequence[str]) -> dict[str, Raw]:
        """Those of the records that stand there now, by key."""
        made = {raw.key: raw for raw in self.made()} if any(key.startswith((PLANS, OUTCOMES)) for key in keys) else {}
        found = {key: made[key] for key in keys if key in made}
        names = dict.fromkeys(name for key in keys if (name := name_of(key)))
        return found | {raw.key: raw for name in names for raw in self.package(name)}

    def package(self, name: str) -> list[Raw]:
        """A package as its records, what it is itself first; none: it is not there."""
        stamp = self._folder.stamp(name)
        if stamp is None or not name.startswith(f"{self._sds}_"):
            return []
        key = key_of(name)
        if stamp[1] > XML_BYTES_MAX:
            self._before.forget(key)
            return [self._unfit(key, f"{stamp[1]} bytes", f"{XML_BYTES_MAX} at most")]
        data = self._folder.read(name)
        if data is None:
            return []
        raws = parcels.records(key, data, self._sds, self._before)
        self._keys[name] = (stamp, tuple(raw.key for raw in raws))
        return raws

    def keys_of(self, name: str) -> tuple[str, ...]:
        """The keys of the records of a package as it lies there."""
        known = self._keys.get(name)
        if known is None or known[0] != self._folder.stamp(name):
            self.package(name)
            known = self._keys.get(name)
        return known[1] if known else (key_of(name),)

    def made(self, report: str = "") -> list[Raw]:
        """What counts by the newest extracts, all of it or what one report says."""
        return [self._raw(item) for item in self._items(self.site()) if item.key.startswith(report)]

    def site(self) -> plans.Site:
        """The newest extracts that lie there."""
        return self._site(self._folder.names(".csv"))

    def newest(self, report: str) -> tuple[str, Extract | None]:
        """Name and content of the newest extract of a kind that can be read; "" and None: there is none."""
        return self._newest(report, self._folder.names(".csv"))

    def extract(self, name: str) -> Extract | extract.Refusal | None:
        """An extract that lies there; None: it is not there."""
        stamp = self._folder.stamp(name)
        if stamp is None:
            return None
        if stamp[1] > FILE_BYTES_MAX:
            return extract.Refusal(f"{stamp[1]} bytes", f"{FILE_BYTES_MAX} at most")
        known = self._read.get(name)
        if known is None or known[0] != stamp:
            data = self._folder.read(name)
            if data is None:
                return None
            known = (stamp, extract.read(name, data))
            self._read[name] = known
        return known[1]

    def _packages(self, new: New) -> tuple[list[Raw | Gone], New, list[str]]:
        """Packages as records; one that cannot be read now stops no other, and stays new."""
        found: list[Raw | Gone] = []
        files, problems, taken = dict(new.files), list[str](), self._register.all()
        for name in new.files:
            try:
                before = self._said_before(name) if name in taken else ()
                raws = self.package(name)
                found += [*raws, *(Gone(key) for key in before if key not in {raw.key for raw in raws})]
            except Unavailable as error:
                stamp = files.pop(name)
                problems += self._once(name, stamp, str(error))
        gone = [Gone(key) for name in new.gone for key in self._said_before(name)]
        return [*found, *gone], replace(new, files=files), problems

    def _said_before(self, name: str) -> tuple[str, ...]:
        """The keys of what a package said; all that it may have said where nobody knows any more."""
        known = self._keys.get(name)
        return known[1] if known else parcels.keys(key_of(name))

    def _there(self) -> tuple[dict[str, Stamp], list[str]]:
        """The files that can be read, with their stamps, and what is wrong with others."""
        taken = self._register.all()
        names = [name for name in self._folder.names(".xml") if not name.endswith(".result.xml")]
        names.sort(key=lambda name: name not in taken)  # of two with one number the one that was read speaks
        names += [name for name in self._folder.names(".csv") if not name.endswith(".hub.csv")]
        problems = [
            text for ending in (".xml", ".csv") for name in self._folder.odd(ending) for text in self._odd(name)
        ]
        found: dict[str, Stamp] = {}
        numbers: set[str] = set()
        for name in names:
            stamp = self._folder.stamp(name)
            if stamp is None:
                continue
            if not self._is_ours(name) or (number := name.rpartition("_")[2]) in numbers:
                problems += self._odd(name, stamp)
            elif not self._folder.readable(name):
                problems += self._once(name, stamp, f"eois {name}: got no right to read it; give the hub that right")
            elif self._is_early(name):
                next_step = "name it by the day on which it was made"
                problems += self._once(name, stamp, f"eois {name}: got a day that is to come; {next_step}")
            elif not self._grows(name, stamp):
                found[name] = stamp
                numbers |= {number} if NAME.fullmatch(name) else set()
        self._told = {each for each in self._told if self._folder.stamp(each[0]) is not None}
        self._read = {name: known for name, known in self._read.items() if name in found}
        return found, problems

    def _is_ours(self, name: str) -> bool:
        told = extract.named(name)
        found = NAME.fullmatch(name)
        if found is not None and passes_as_sin(found[3].removeprefix("PKG-")):  # it would stand in every key
            return False
        return (told is not None and told[1] == self._sds) or (found is not None and found[1] == self._sds)

    def _odd(self, name: str, stamp: Stamp | None = None) -> list[str]:
        """A file that nobody reads. Its name may be anybody's word and is not shown."""
        kinds = f"{self._sds}_<site>_PKG-<number>.xml, each number once and no SIN, or <report>_{self._sds}_<day>.csv"
        got = "a file of another name or kind"
        return self._once(
            name, stamp, f"eois folder from CaMS: got {got}, expected {kinds}; take it out of this folder"
        )

    def _once(self, name: str, stamp: Stamp | None, problem: str) -> list[str]:
        """A problem that was not told yet of a file as it is."""
        if (name, stamp) in self._told:
            return []
        self._told.add((name, stamp))
        return [problem]

    def _is_early(self, name: str) -> bool:
        """Whether an extract is of a day to come: it would be the newest until then, and no other would speak."""
        told = extract.named(name)
        return told is not None and told[2] > (self._now() + DAY).date()

    def _grows(self, name: str, stamp: Stamp) -> bool:
        """Whether a file may still be written: it has no end, and was touched a moment ago."""
        age_s = self._now().timestamp() - stamp[0] / 1e9
        if not -DAY.total_seconds() <= age_s < STILL_WRITTEN.total_seconds() or stamp[1] > XML_BYTES_MAX:
            return False
        try:
            data = (self._folder.read(name) or b"").rstrip()
        except Unavailable:  # told where it is read
            return False
        return NAME.fullmatch(name) is not None and not data.endswith(f"{PACKAGE}>".encode())

    def _news(self, new: New) -> tuple[list[Raw | Gone], list[str]]:
        """What the newest extracts say that those before did not say, and what is wrong with new files."""
        taken = self._register.all()
        names = self._folder.names(".csv")
        before = [name for name in names if name in taken and taken[name].stamp == self._folder.stamp(name)]
        asked = (dict(new.files), {name: self._folder.stamp(name) for name in names}, before)
        if self._paged is None or self._paged[0] != asked:
            self._paged = (asked, *self._compared(new, names, before))
        return self._paged[1:]

    def _compared(self, new: New, names: Sequence[str], before: Sequence[str]) -> tuple[list[Raw | Gone], list[str]]:
        """The same of these extracts, as long as they and those that were taken in are the same."""
        known = {item.key: item.own() for item in self._items(self._site(before))}
        items = list(self._items(self._site(names)))
        said: list[Raw | Gone] = [self._raw(item) for item in items if known.get(item.key) != item.own()]
        said += [Gone(key) for key in sorted(known.keys() - {item.key for item in items})]
        problems = [
            f"eois {name}: got {refusal.got}, expected {refusal.expected}; put it there again"
            for name in new.files
            if isinstance(refusal := self.extract(name), extract.Refusal)
        ]
        return said, problems

    def _site(self, names: Sequence[str]) -> plans.Site:
        newest = (self._newest(report, names)[1] for report in (PLANS, OUTCOMES, CLIENT))
        return plans.newest([found for found in newest if found is not None])

    def _items(self, site: plans.Site) -> Iterator[plans.Item]:
        """What counts: referrals, ends of plans, follow-ups."""
        every = chain(plans.items(site), outcomes.items(site))
        return (item for item in every if item.state is plans.State.MADE)

    def _newest(self, report: str, names: Sequence[str]) -> tuple[str, Extract | None]:
        told = [(said[2], name) for name in names if (said := extract.named(name)) and said[:2] == (report, self._sds)]
        for _, name in sorted(told, reverse=True):
            if self._is_early(name):
                continue
            if self._folder.readable(name) and isinstance(found := self.extract(name), Extract):
                return name, found
        return "", None

    def _raw(self, item: plans.Item) -> Raw:
        return Raw(item.key, "", item.octets(), self._sds, item.own())

    def _unfit(self, key: str, got: str, expected: str) -> Raw:
        return Raw(key, "", b"", self._sds, fault=f"eois {key}: {UNREADABLE} {ROOT}: got {got}, expected {expected}")


def name_of(key: str) -> str:
    """The file that holds a record of a package; "": its key is another's."""
    parts = key.split("/")
    name = f"{'_'.join(parts[1:4])}.xml"
    return name if parts[0] in parcels.PARTS and NAME.fullmatch(name) else ""


def key_of(name: str) -> str:
    """The record key of a package by its file's name."""
    return "P/" + name.removesuffix(".xml").replace("_", "/")
