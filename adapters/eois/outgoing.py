"""Packages to CaMS: one message, one package, one worksheet beside it; and what CaMS answers (program systems 9.5).

The folder itself remembers. Of each package that was sent a *slip* lies in ``.spool``: which envelope it was, and the
referral's number. So a repeat of an envelope is seen although the package was taken away, and an answer finds its
message. The number of a package follows from the envelope's id.

The order of writing says how far a package came: package, worksheet and slip spooled, ``commit``, package renamed,
worksheet renamed. A package that is still spooled was never sent: it is cleared away, slip first. A worksheet that is
still spooled while its package is not belongs to one that was sent: it follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson

from adapters.contract import Commit, Gone, Parcel, Raw, Rejection, Sent, SentState
from adapters.eois import package, record, result, worksheet
from adapters.mailbox import Folder
from hub.errors import HubError, MappingGap, RecordUnreadable, Unavailable
from hub.model.canonical import canonical

OUT_OF_REACH = "UNAVAILABLE"
_SLIP, _XML, _HTML = ".slip", ".xml", ".html"
_RESULT = ".result.xml"
_DIGITS = 20  # of the package's number: 80 bits of a digest


@dataclass(frozen=True, slots=True)
class Slip:
    """Which envelope a package is.

    Args:
        file: name of the package, without its ending.
        number: of the referral, the hub's or the sender's own; "": the package is about none.
        asks: it is a referral; else the answer to one, or what is told beside it.
        read: digest of the last answer that was read, or "".
    """

    file: str
    envelope_id: str
    number: str
    asks: bool
    read: str = ""

    @property
    def package_id(self) -> str:
        """The package's number."""
        return self.file.split("_")[2]

    @property
    def ends(self) -> tuple[str, str]:
        """Site that sent it, site that it went to."""
        sender, receiver, _ = self.file.split("_")
        return sender, receiver

    def octets(self) -> bytes:
        """As it is stored."""
        return orjson.dumps(
            {
                "file": self.file,
                "envelope_id": self.envelope_id,
                "number": self.number,
                "asks": self.asks,
                "read": self.read,
            }
        )

    @classmethod
    def of(cls, data: bytes) -> Slip:
        """Read one back.

        Raises:
            Unavailable: it was changed; without it nobody knows what was sent.
        """
        try:
            slip = cls(**orjson.loads(data))
            assert all(isinstance(text, str) for text in (slip.envelope_id, slip.number, slip.read))
            assert len(slip.file.split("_")) == 3
        except (ValueError, TypeError, AttributeError, IndexError, AssertionError):
            raise Unavailable(
                "eois folder to CaMS", "a slip that was changed", "as the hub wrote it", "bring .spool back"
            ) from None
        return slip


@dataclass(frozen=True, slots=True)
class Heard:
    """What new answers of CaMS say.

    Args:
        received: of each referral that was accepted, the record that says so (T2).
        read: slips to keep once the rest is settled.
    """

    rejections: tuple[Rejection, ...]
    received: tuple[Raw, ...]
    problems: tuple[str, ...]
    read: tuple[Slip, ...]


@dataclass(frozen=True, slots=True)
class _Laid:
    """A message as its three files."""

    slip: Slip
    xml: bytes
    html: bytes


def package_id(envelope_id: str) -> str:
    """The number of the package of an envelope."""
    return f"PKG-{hashlib.sha256(envelope_id.encode()).hexdigest()[:_DIGITS].upper()}"


class ToCams:
    """The folder of packages for one site's CaMS."""

    def __init__(self, folder: Folder, language: str) -> None:
        self._folder, self._language = folder, language
        self._told: set[str] = set()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """Write a package for each message that none holds yet; see :meth:`adapters.contract.Source.send`."""
        with self._folder.alone():
            self._clear()
            failed: dict[str, Sent] = {}
            good: dict[str, _Laid] = {}
            for parcel in parcels:
                if self._slip(package_id(parcel.envelope_id)) is not None:
                    continue
                try:
                    good[parcel.envelope_id] = self._laid_out(parcel)
                except MappingGap as error:
                    failed[parcel.envelope_id] = Sent(parcel.envelope_id, SentState.FAILED, str(error))
            if good:
                failed |= self._write(list(good.values()), commit)
        return [failed.get(each.envelope_id) or Sent(each.envelope_id, SentState.ACKNOWLEDGED) for each in parcels]

    def tidy(self) -> None:
        """Clear away what a process left that died before its rename: it may hold what nobody may be told any more."""
        if self._folder.names(_XML, spooled=True) or self._folder.names(_HTML, spooled=True):
            with suppress(Unavailable), self._folder.alone():  # somebody is writing just now, or cannot: next time
                self._clear()

    def look(self) -> None:
        """See that what was sent can be told.

        Raises:
            Unavailable: a slip was changed.
        """
        for name in self._folder.names(_SLIP, spooled=True):
            self._slip(name.removesuffix(_SLIP))

    def heard(self) -> Heard:
        """Read the answers that are new or were replaced since. One that cannot be read stops no other."""
        rejections: list[Rejection] = []
        received: list[Raw] = []
        problems: list[str] = []
        read: list[Slip] = []
        for name in self._folder.names(_RESULT):
            try:
                found = self._answer(name.removesuffix(_RESULT))
            except Unavailable as error:  # asked again each time, told once
                problems += self._once(str(error))
                continue
            if found is None:
                continue
            slip, data = found
            digest = hashlib.sha256(data).hexdigest()
            if digest == slip.read:
                continue
            read.append(replace(slip, read=digest))
            try:
                said = result.read(f"eois {name}", slip.package_id, data)
            except RecordUnreadable as error:
                problems.append(str(error))
                continue
            if said.result is result.Result.REFUSED:
                rejections.append(Rejection(slip.envelope_id, said.issues[0].code))
            elif slip.asks:
                received.append(_received(slip, said))
        return Heard(tuple(rejections), tuple(received), tuple(problems), tuple(read))

    def keep(self, slips: Sequence[Slip]) -> None:
        """What was heard is settled."""
        for slip in slips:
            name = f"{slip.package_id}{_SLIP}"
            if self._folder.read(name, spooled=True) != slip.octets():  # an idle hub asks with the same cursor again
                self._folder.put_slip(name, slip.octets())

    def refetch(self, key: str) -> Raw | Gone:
        """The record of an answer by its key."""
        found = self._answer(key.rpartition("/")[2])
        if found is None:
            return Gone(key)
        slip, data = found
        try:
            said = result.read(f"eois {key}", slip.package_id, data)
        except RecordUnreadable:
            return Gone(key)
        raw = _received(slip, said)
        return raw if raw.key == key and slip.asks and said.result is not result.Result.REFUSED else Gone(key)

    def _laid_out(self, parcel: Parcel) -> _Laid:
        document: dict[str, Any] = orjson.loads(parcel.body)["package"]
        number = package_id(parcel.envelope_id)
        tree = {**document, "packageId": number, "language": self._language}
        xml = package.write(tree)
        name = f"{tree['Sender']['sds']}_{tree['Receiver']['sds']}_{number}"
        referral = tree.get("Referral", {})  # of a plan or a follow-up there is none
        asks = bool(referral) and "state" not in referral
        slip = Slip(name, parcel.envelope_id, referral.get("number", ""), asks)
        incomplete = parcel.incomplete or referral.get("Reason", "").startswith(record.INCOMPLETE)
        return _Laid(slip, xml, worksheet.write(tree, incomplete=incomplete))

    def _write(self, messages: Sequence[_Laid], commit: Commit) -> dict[str, Sent]:
        """Write them; what failed of several, by envelope. Where none could be shown, nothing was written."""
        try:
            for each in messages:
                self._folder.spool(f"{each.slip.file}{_XML}", each.xml)
                self._folder.spool(f"{each.slip.file}{_HTML}", each.html)
                self._folder.put_slip(f"{each.slip.package_id}{_SLIP}", each.slip.octets())
            commit()
        except HubError:
            self._clear()
            raise
        failed: dict[str, Unavailable] = {}
        for each in messages:
            try:
                self._folder.show(f"{each.slip.file}{_XML}")
            except Unavailable as error:
                failed[each.slip.envelope_id] = error
        with suppress(Unavailable):  # what is left is done by the next who may write
            self._clear()
        if len(failed) == len(messages):
            raise next(iter(failed.values()))
        return {envelope: Sent(envelope, SentState.FAILED, OUT_OF_REACH) for envelope in failed}

    def _clear(self) -> None:
        """Remove halves, and let a worksheet follow its package. Only for who is alone."""
        for name in self._folder.names(".new", spooled=True):
            self._folder.forget(name)
        unsent = [name.removesuffix(_XML) for name in self._folder.names(_XML, spooled=True)]
        for name in unsent:
            self._folder.forget(f"{name.rpartition('_')[2]}{_SLIP}")
            self._folder.forget(f"{name}{_HTML}")
            self._folder.forget(f"{name}{_XML}")
        for name in self._folder.names(_HTML, spooled=True):
            self._folder.show(name)

    def _slip(self, number: str) -> Slip | None:
        """The slip of a package that was sent."""
        data = self._folder.read(f"{number}{_SLIP}", spooled=True)
        slip = Slip.of(data) if data is not None else None
        waits = slip is not None and self._folder.read(f"{slip.file}{_XML}", spooled=True) is not None
        return None if waits else slip

    def _answer(self, number: str) -> tuple[Slip, bytes] | None:
        """The answer to a package of ours; None: there is none, or it is nobody's."""
        slip = self._slip(number)
        data = self._folder.read(f"{number}{_RESULT}") if slip is not None else None
        return (slip, data) if slip is not None and data is not None else None

    def _once(self, problem: str) -> Iterator[str]:
        if problem not in self._told:
            self._told.add(problem)
            yield problem


def _received(slip: Slip, said: result.Answered) -> Raw:
    """The record by which the receiving site says that it has the referral: its own words are not kept."""
    sender, receiver = slip.ends
    told = {"number": slip.number, "created": said.created, "sender_sds": receiver, "receiver_sds": sender}
    return Raw(f"R/{sender}/{receiver}/{slip.package_id}", "", canonical({"result": told}), receiver)
