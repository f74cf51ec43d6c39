"""What people do at a HARTS site: they write lines for the next file, hand it in, spoil it, take in files and answer.

In the words of HARTS' files (program systems 4.5, 9.4). A consent is signed on paper; the site's worker gives it to the
hub. No act knows the hub.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from hub.sample import harts, papers
from hub.sample.database import Row
from hub.sample.harts import Client, Draft, Said
from hub.sample.people import signed
from tests.simulation.harts_site import HartsSite
from tests.simulation.world import OFFERS, PEOPLE, SITES, TORONTO, World, person

SERVICES = {"settlement": "SET", "employment": "EMP", "language-training": "", "language-assessment": "ASM"}
CATEGORIES = (("IDENT", "CONTACT", "NEEDS", "LANG", "SERVICE_STATUS"), ("IDENT", "NEEDS", "SERVICE_STATUS"), ("IDENT",))
REASONS = ("CAP", "ELG", "CLD", "OTH", "")
SPOILT = 0.25  # of the files that are handed in


def register_client(world: World, agency: str) -> None:
    """A new client; sometimes somebody whom another agency knows already."""
    dice, site = world.dice, world.sites[agency]
    who = person(dice.randrange(PEOPLE))
    number = site.number()
    if not number:
        return
    client = {
        "HARTS_NO": number, "UCI": who.uci if dice.random() < 0.7 else "", "DOC_TYPE": "NONE", "SURNAME": who.family,
        "GIVEN": who.given, "DOB": papers.compact(who.birth_date), "DOB_FLAG": "E", "SEX": "F", "STATUS": "PR",
        "ADDRESS": "12 Zqstreetxj", "PHONE": "4165550142",
    }  # fmt: skip
    site.clients.append(client)
    to = world.other(agency)
    if dice.random() < 0.85:
        _sign(world, agency, client, to)
    if dice.random() < 0.9:
        _refer(world, agency, client, to)


def sign_consent(world: World, agency: str) -> None:
    """A consent form of one of its own clients, or of one who came by the hub."""
    dice, site = world.dice, world.sites[agency]
    came = [client.line.fields for client, _ in site.came]
    if site.clients or came:
        _sign(world, agency, dice.choice([*site.clients, *came]), world.other(agency))


def change_consent(world: World, agency: str) -> None:
    """A consent is handed to the hub again: corrected, narrowed, spoilt or withdrawn."""
    dice, site = world.dice, world.sites[agency]
    if not site.consents:
        return
    today = world.local(world.clock.now())
    changes: list[Row] = [
        {"categories": " ".join(dice.choice(CATEGORIES))},
        {"receipt_channel": ""},
        {"receipt_channel": "PAPER", "declined": 0},
        {"withdrawn_at": today, "withdrawn_how": "TELEPHONE"},
        {"declined": 1},
        {"evidence_ref": "Zqothershelfxj"},
        {"recipient_org": world.other(agency)},
    ]
    row = {**dice.choice(site.consents), **dice.choice(changes)}
    site.centre.sign([row])
    site.consents.append(row)


def refer(world: World, agency: str) -> None:
    """A line that refers a client to one of the others."""
    site = world.sites[agency]
    if site.clients:
        _refer(world, agency, world.dice.choice(site.clients), world.other(agency))


def change_client(world: World, agency: str) -> None:
    """A client moves, is corrected, or turns out to be another; the next line says it."""
    dice, site = world.dice, world.sites[agency]
    if site.clients:
        who = person(dice.randrange(PEOPLE))
        changes = [{"CITY": "Zqtownxj"}, {"UCI": who.uci}, {"SURNAME": who.family}, {"UCI": ""}, {"ADDRESS": ""}]
        dice.choice(site.clients).update(dice.choice(changes))


def change_referral(world: World, agency: str) -> None:
    """A request is said again, said otherwise, taken back, or its line is deleted."""
    dice, site = world.dice, world.sites[agency]
    if not site.asked:
        return
    client, asked = dice.choice(site.asked[-6:])
    action, changes = dice.choice(
        [
            ("A", {}),
            ("U", {"STATUS": "X", "REASON": "CLD"}),
            ("U", {"STATUS": "X", "REASON": "CLD"}),
            ("U", {"NOTE": "Zqnotexj"}),
            ("U", {"TO_SITE": SITES[world.other(agency)]}),
            ("D", {}),
        ]
    )
    site.desk.append([("CL", "U", dict(client)), ("RF", action, {**asked, **changes})])


def answer(world: World, agency: str) -> None:
    """The site says how far a referral is that came by the hub, sometimes with the result of an assessment."""
    dice, site = world.dice, world.sites[agency]
    asked = [(client, number) for client, number in site.came if _is_request(client)]
    if not asked:
        return
    client, number = dice.choice(asked[-6:])
    fields = client.referral.fields if client.referral else {}
    about = {name: fields[name] for name in ("REF_NO", "FROM_SITE", "TO_SITE", "REF_DATE")}
    if dice.random() < 0.05:
        about["REF_NO"] = "ABCDEFGHIJKL"
    status = dice.choice("AAWDNX")
    reason = dice.choice(REASONS) if status in "DNX" else ""
    key = client.line.fields["LOCAL_KEY"]
    lines: list[Draft] = [("CL", "U", {"LOCAL_KEY": key, "HARTS_NO": number if dice.random() < 0.5 else ""})]
    if dice.random() < 0.3:
        lines.append(_result(world, agency))
        if dice.random() < 0.6:
            back = next(name for name, code in SITES.items() if code == fields["FROM_SITE"])
            _sign(world, agency, client.line.fields, back)
    site.desk.append([*lines, ("RF", "U", {**about, "STATUS": status, "REASON": reason})])


def hand_in(world: World, agency: str) -> None:
    """The nightly job writes what lies on the desks as one file; now and then it is spoilt, or a number is left out."""
    dice, site = world.dice, world.sites[agency]
    if site.desk:
        gap = 1 if not world.calm and dice.random() < 0.1 else 0
        _hand_in(world, site, site.last_seq + 1 + gap)
        site.last_seq += 1 + gap


def hear(world: World, agency: str) -> None:
    """The nightly job reads the hub's answers: what is settled is taken away, what was refused is mended."""
    site = world.sites[agency]
    site.centre.read_answers()  # before a file goes, so that what was said of it can be held against what happened
    for name in site.lying():
        said = site.answer_to(name)
        if said is None and world.dice.random() < 0.3:  # one that was half written is written
            _mend(world, site, name)
        if said is None:
            continue
        if said.code == "F03":  # its number was used before: the lines go into the next file
            clients, _ = site.handed.pop(name)
            site.desk = [*map(list, clients), *site.desk]
            site.take_away(name)
        elif said.code:
            (site.centre.from_harts / harts.ack_name(name)).unlink()
            site.put(name, site.handed[name][1], world.clock.now())
        elif said.settled and not world.calm and world.dice.random() < 0.5:
            site.done[name] = site.take_away(name)


def hide_file(world: World, agency: str) -> None:
    """Somebody has a file in another place, before the hub has answered it."""
    site = world.sites[agency]
    if unheard := [name for name in site.lying() if not site.answers_to(name)]:
        site.hide(world.dice.choice(unheard))


def show_file(world: World, agency: str) -> None:
    """And puts it back."""
    site = world.sites[agency]
    for name in sorted(site.hidden)[:1]:
        site.show(name)


def hand_in_again(world: World, agency: str) -> None:
    """A file that was settled and taken away lies there again, the same."""
    site = world.sites[agency]
    if site.done:
        name = world.dice.choice(sorted(site.done))
        site.put(name, site.done.pop(name), world.clock.now())


def use_number_again(world: World, agency: str) -> None:
    """The next file bears the number of one that was taken in before."""
    site = world.sites[agency]
    taken = [name for name in sorted(site.done) if name[8:16] != f"{_today(world):%Y%m%d}"]
    if site.desk and taken:
        _hand_in(world, site, harts.year_and_seq(world.dice.choice(taken))[1])


def take_in(world: World, agency: str) -> None:
    """Take in the hub's files and answer each: numbers for new clients, now and then an error or a spoilt answer."""
    dice, site = world.dice, world.sites[agency]
    folder = site.centre.to_harts
    for path in sorted(folder.glob("*.DAT")):
        reply = path.with_name(harts.ack_name(path.name))
        if reply.exists() and path.name not in site.spoilt:
            continue
        clients = list(harts.read(path.read_bytes()))
        numbers = [_number_of(site, client) for client in clients]
        said = [one for client, number in zip(clients, numbers, strict=True) for one in _said(world, client, number)]
        data = harts.write_ack(path.name, world.clock.now(), said)
        if path.name not in site.spoilt:
            site.came += zip(clients, numbers, strict=True)
        site.spoilt.discard(path.name)
        if not world.calm and dice.random() < 0.15:
            site.spoilt.add(path.name)
            data = data[: dice.randrange(len(data))]
        half = folder / ".reply.half"
        half.write_bytes(data)
        half.replace(reply)
        if path.name not in site.spoilt and not world.calm and dice.random() < 0.6:
            path.unlink()  # HARTS keeps no file that it has answered


def _sign(world: World, agency: str, client: Mapping[str, str], to: str) -> None:
    dice, site = world.dice, world.sites[agency]
    number, day = 1 + len(site.consents), _today(world)
    odd: Row = dice.choice(
        [
            {"receipt_channel": ""},
            {"declined": 1},
            {"valid_from": f"{day + timedelta(days=dice.choice([0, 1, 2]))}"},
            {"expires_on": f"{day + timedelta(days=dice.choice([-1, 0, 1]))}"},
            {"recipient_org": "Zqorgxj Society"},
            {"identifier_value": "Zqnumberxj"},
        ]
    )
    own = {"identifier_type": "HARTS", "identifier_value": client.get("HARTS_NO", "")}
    key = {"identifier_type": "LOCAL_KEY", "identifier_value": client.get("LOCAL_KEY", "")}
    born = client.get("DOB", "")
    row = {
        **(own if "HARTS_NO" in client else key),
        "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}" if born else "",
        "last_name": client.get("SURNAME", ""),
        "first_name": client.get("GIVEN", ""),
        "consent_id": f"M-{number}",
        **signed(agency, number, "en", to, day, dice.choice(CATEGORIES) if dice.random() < 0.4 else CATEGORIES[0]),
        **(odd if dice.random() < 0.2 else {}),
    }
    site.centre.sign([row])
    site.consents.append(row)


def _refer(world: World, agency: str, client: dict[str, str], to: str) -> None:
    dice, site = world.dice, world.sites[agency]
    odd = dice.choice([{"TO_SITE": "T00099"}, {"TO_SITE": SITES[agency]}, {"TO_SERVICE": "ZZZ"}, {"REF_NO": "R-1"}])
    fields = {
        "REF_NO": f"R-{len(site.asked) + 1}", "FROM_SITE": SITES[agency], "TO_SITE": SITES[to],
        "TO_SERVICE": SERVICES[dice.choice(OFFERS[to])], "REF_DATE": f"{_today(world):%Y%m%d}", "STATUS": "S",
        "REASON": "LNG", "NOTE": "Zqreasonxj", **(odd if dice.random() < 0.15 else {}),
    }  # fmt: skip
    site.asked.append((client, fields))
    results = [_result(world, agency)] if dice.random() < 0.4 else []
    site.desk.append([("CL", "A", dict(client)), *results, ("RF", "A", fields)])


def _result(world: World, agency: str) -> Draft:
    levels = {skill: f"{world.dice.randint(1, 8):02}" for skill in "LSRW"}
    about = {"ASSESS_DATE": f"{_today(world):%Y%m%d}", "TYPE": "I", "TOOL": "CLBPT", "CENTRE": SITES[agency]}
    return "AS", "A", {**about, **levels, "ASSESSOR": "Zqassxj"}


def _hand_in(world: World, site: HartsSite, seq: int) -> None:
    """One file, whole or spoilt."""
    dice, day = world.dice, _today(world)
    clients, site.desk = site.desk, []
    name, data = harts.file_name(site.centre.site, day, seq), harts.write(site.centre.site, day, seq, clients)
    lies = data
    if not world.calm and dice.random() < SPOILT:
        lines = data.split(harts.END.encode())
        lies = dice.choice(
            [
                data[:-3] + b"7" + data[-2:] if data[-3:-2] != b"7" else data[:-3] + b"8" + data[-2:],  # HASH
                data[: dice.randrange(1, len(data))],  # cut somewhere
                harts.END.encode().join([*lines[:-2], b""]),  # as long as the trailer is not written
                b"\n".join(lines),
                data.replace(b"CP1252", b"UTF-8 "),
            ]
        )
    site.put(name, lies, world.clock.now())
    site.handed[name] = (clients, data)


def _mend(world: World, site: HartsSite, name: str) -> None:
    """A file lies there as it was meant."""
    _, data = site.handed[name]
    if (site.centre.from_harts / name).read_bytes() != data:
        site.put(name, data, world.clock.now())


def _number_of(site: HartsSite, client: Client) -> str:
    """Of somebody whom the site knows, its number; of somebody new, the next one."""
    if not _is_request(client):
        return client.line.fields.get("HARTS_NO", "")
    names = ("SURNAME", "GIVEN", "DOB")
    about = [client.line.fields.get(name, "") for name in names]
    known = (each["HARTS_NO"] for each in site.clients if [each[name] for name in names] == about)
    before = (number for each, number in site.came if each.line.fields["LOCAL_KEY"] == client.line.fields["LOCAL_KEY"])
    return next(before, "") or next(known, "") or site.number()


def _is_request(client: Client) -> bool:
    return client.referral is not None and client.referral.fields.get("STATUS") == "S"


def _said(world: World, client: Client, number: str) -> list[Said]:
    """The word on each line of a client."""
    bad = world.dice.choice(["H4", "ZQCODEXJ"]) if world.dice.random() < 0.1 else ""
    key = client.line.fields.get("LOCAL_KEY", "")
    words = [bad if line.record == "RF" else "" for line in client.whole]
    return [
        Said(line.number, line.record, key, number, "ERR" if code else "OK", code)
        for line, code in zip(client.whole, words, strict=True)
    ]


def _today(world: World) -> date:
    return world.clock.now().astimezone(TORONTO).date()
