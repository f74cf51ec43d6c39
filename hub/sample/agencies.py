"""Who takes part: agencies of one city with their services, what they have signed, and who refers to whom. Tables.

Seven have a case management system each, a women's shelter, a hospital and a child-protection society among them; a
language assessment centre has HARTS, an employment service CaMS, a settlement agency nothing but iCARE. One of the
seven reports its services to a funder, through an iCARE site of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.sample import cams_papers, icare_papers, papers
from hub.sample.people import Way, Ways
from hub.sample.scenarios import AT_THE_CENTRE, Scenario

CMS, HARTS, EOIS, ICARE = "cms", "harts", "eois", "icare"


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency: its id is the name of its database, or folder, too.

    Args:
        program: of every case that it opens.
        services: words of service-wanted.
        site: HARTS' code of its place; ``sds``: that of CaMS.
        kind: of its system.
        lane: which rules of form bind it (consent rules, group G).
        body: what it is to somebody in danger; "": nothing.
    """

    id: str
    name: str
    program: str
    services: tuple[str, ...]
    site: str
    sds: str
    kind: str = CMS
    lane: str = "general"
    body: str = ""

    @property
    def system(self) -> str:
        """The id of its system."""
        return f"{self.id}-{self.kind}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two agencies have signed; both ways."""

    parties: tuple[str, str]
    categories: tuple[str, ...]
    purpose: str = "REFERRAL"
    events: tuple[str, ...] = (
        *("add-service-request", "revoke-service-request"),
        *("notify-add-process-request", "notify-update-process-request"),
    )

    @property
    def id(self) -> str:
        """Its id in the directory."""
        return "-".join(self.parties)


AGENCIES = (
    Agency(
        "harbour", "Harbour Newcomer Centre", "NEWCOMER", ("settlement", "language-training", "language-assessment"),
        "HBR01", "3801A",
    ),
    Agency("lakeside", "Lakeside Employment Services", "EMPLOYMENT", ("employment", "credentials"), "LKS01", "3802A"),
    Agency("birchwood", "Birchwood Youth Programme", "YOUTH", ("education", "community"), "BCH01", "3803A"),
    Agency("keystone", "Keystone Housing Help", "NEWCOMER", ("housing", "income"), "KEY01", "3804A"),
)  # fmt: skip
SHELTER = Agency("sparrow", "Sparrow House Shelter", "WOMEN", ("housing", "family"), "SPW01", "3805A", lane="womens")
HOSPITAL = Agency("riverside", "Riverside Hospital", "NEWCOMER", ("health",), "RIV01", "3806A", lane="custodian")
SOCIETY = Agency(
    "elmwood",
    "Elmwood Children's Aid Society",
    "YOUTH",
    ("family",),
    "ELM01",
    "3807A",
    lane="protective",
    body="CHILD_PROTECTION",
)
WITH_A_CMS = (*AGENCIES, SHELTER, HOSPITAL, SOCIETY)
CENTRE = Agency(
    "bridgeway",
    "Bridgeway Language Assessment Centre",
    "",
    ("language-assessment", "language-training"),
    "TOR01",
    "3808A",
    HARTS,
)
CAMS_SITE = Agency("northgate", "Northgate Employment Services", "", ("employment",), "NGT01", "3898A", kind=EOIS)
SETTLEMENT = Agency("seaway", "Seaway Settlement Services", "", (), "SEA01", "3899A", kind=ICARE)
FUNDER = Agency(icare_papers.FUNDER, "Settlement Funder", "", (), "", "", kind="", lane="funder")  # without a system
REPORTING = Agency("harbour", "Harbour's reports to the funder", "", (), "", "", kind=ICARE)

_WHOLE = (
    "IDENT", "CONTACT", "NEEDS", "LANG", "EMPLOY", "EDUC", "FAMILY", "HOUSING", "SERVICE_STATUS", "IMMIG", "NOTES_FREE",
)  # fmt: skip
_HEALTH = ("HEALTH_MENTAL", "HEALTH_PHYS")
AGREEMENTS = (  # birchwood and keystone have none, nor have bridgeway and keystone
    Agreement(("harbour", "lakeside"), (*_WHOLE, *_HEALTH)),
    Agreement(("harbour", "birchwood"), (*_WHOLE, *_HEALTH, "DV")),
    Agreement(("harbour", "keystone"), _WHOLE),
    Agreement(("lakeside", "birchwood"), tuple(word for word in _WHOLE if word != "NOTES_FREE")),
    Agreement(("lakeside", "keystone"), tuple(word for word in _WHOLE if word != "LANG")),
    Agreement(("harbour", "bridgeway"), _WHOLE),
    Agreement(("lakeside", "bridgeway"), _WHOLE),
    Agreement(("birchwood", "bridgeway"), tuple(word for word in _WHOLE if word != "CONTACT")),
    Agreement(("harbour", "sparrow"), (*_WHOLE, *_HEALTH, "DV")),
    Agreement(("lakeside", "sparrow"), _WHOLE),
    Agreement(("harbour", "riverside"), (*_WHOLE, *_HEALTH)),
    Agreement(("keystone", "riverside"), _WHOLE),
    Agreement(("harbour", "northgate"), (*_WHOLE, *_HEALTH)),
    Agreement(("birchwood", "northgate"), tuple(word for word in _WHOLE if word != "LANG")),
    Agreement(("harbour", "seaway"), _WHOLE),
    Agreement(("lakeside", "seaway"), tuple(word for word in _WHOLE if word != "CONTACT")),
    Agreement(("keystone", "seaway"), _WHOLE),
    Agreement(("harbour", icare_papers.FUNDER), icare_papers.FUNDED, "FUNDER_REPORT", ("funder-report",)),
)


def ways() -> Ways:
    """Who can refer to whom: every service of another agency, with an agreement or without."""
    ends = (*AGENCIES, CENTRE)
    every = [
        (one.id, other.id, wanted)
        for one in ends
        for other in ends
        if one != other
        for wanted in other.services
        if one != CENTRE or wanted in papers.SERVICES
    ]
    agreed = {frozenset(agreement.parties) for agreement in AGREEMENTS}
    open_ones = [way for way in every if frozenset(way[:2]) in agreed]
    return Ways(
        centre=CENTRE.id,
        programs={agency.id: agency.program for agency in WITH_A_CMS},
        open=[*open_ones, *_of_cams(), *of_icare()],
        shut=[way for way in every if frozenset(way[:2]) not in agreed],
        special={
            Scenario.TO_SHELTER: [(home, SHELTER.id, "housing") for home in ("harbour", "lakeside")],
            Scenario.FROM_SHELTER: [(SHELTER.id, "harbour", "settlement"), (SHELTER.id, "lakeside", "employment")],
            Scenario.TO_HOSPITAL: [(home, HOSPITAL.id, "health") for home in ("harbour", "keystone")],
        },
        bare=[CAMS_SITE.id],
        can={
            CENTRE.id: AT_THE_CENTRE,
            CAMS_SITE.id: cams_papers.AT_A_CAMS_SITE,
            SETTLEMENT.id: frozenset(Scenario) - icare_papers.UNSAID,
        },
    )


def _of_cams() -> list[Way]:
    to = [(home, CAMS_SITE.id, "employment") for home in ("harbour", "birchwood")]
    return [*to, (CAMS_SITE.id, "harbour", "settlement"), (CAMS_SITE.id, "birchwood", "education")]


def of_icare() -> list[Way]:
    """The ways of the agency whose only system is iCARE: where each of its flags leads."""
    ends = [agency for agency in AGENCIES if agency.id in ("harbour", "lakeside", "keystone")]
    every = [(SETTLEMENT.id, agency.id, wanted) for agency in ends for wanted in agency.services]
    return icare_papers.routed(way for way in every if way[2] in icare_papers.FLAGS)
