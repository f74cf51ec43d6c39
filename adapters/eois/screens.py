"""The ministry's screens, as far as a package can fill them: fields in order, their names, and which are required.

Program systems 3.4 to 3.10 (R: required by CaMS). Data alone; English names are the ministry's, French ones ours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a screen.

    Args:
        name: attribute or child of the element; a dot leads into a child; "": a package has no place for it.
        kind: ``text``, ``day``, ``noc``, ``hours``, ``flag``, or a code list of ``lists``.
        required: CaMS does not save the screen without it.
    """

    name: str
    en: str
    fr: str
    kind: str = "text"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen.

    Args:
        path: where its elements stand in the package, names joined with dots.
        many: there may be several; of each the fields are listed.
    """

    path: str
    en: str
    fr: str
    fields: tuple[Field, ...]
    many: bool = False


SCREENS = (
    Screen(
        "Person",
        "Person",
        "Personne",
        (
            Field("clientReference", "Person reference", "Numéro de la personne"),
            Field("LegalLastName", "Legal last name", "Nom de famille légal", required=True),
            Field("LegalFirstName", "Legal first name", "Prénom légal", required=True),
            Field("Alias", "Alias", "Autre nom"),
            Field("IdentifyAs", "I identify as", "Je m'identifie comme", "identify_as", required=True),
            Field("DateOfBirth", "Date of birth", "Date de naissance", "day", required=True),
            Field("", "Registration date", "Date d'inscription", "day", required=True),
            Field("StatusInCanada", "Status in Canada", "Statut au Canada", "status_in_canada", required=True),
            Field("DateArrived", "Date arrived in Canada", "Date d'arrivée au Canada", "day"),
            Field(
                "PreferredLanguage",
                "Preferred language of service",
                "Langue de service préférée",
                "preferred_language",
                required=True,
            ),
            Field("MaritalStatus", "Marital status", "État matrimonial", "marital_status", required=True),
            Field("DesignatedGroup", "Designated groups", "Groupes désignés", "designated_group"),
            Field("Address.PostalCode", "Primary mailing address: postal code", "Code postal", required=True),
            Field("Address.StreetNumber", "Street number", "Numéro de rue", required=True),
            Field("Address.Unit", "Unit", "Unité"),
            Field("Contact.phone", "Phone", "Téléphone"),
            Field("Contact.email", "Email", "Courriel"),
            Field("Contact.preferred", "Preferred communication", "Communication préférée", "preferred_communication"),
        ),
    ),
    Screen(
        "Education",
        "Education",
        "Études",
        (
            Field("", "Institution", "Établissement", required=True),
            Field("qualification", "Qualification", "Diplôme ou niveau", "qualification", required=True),
            Field("country", "Country", "Pays", "country", required=True),
            Field("end", "End date", "Date de fin", "day"),
        ),
        many=True,
    ),
    Screen(
        "Employment",
        "Employment",
        "Emploi",
        (
            Field("noc", "NOC", "CNP", "noc"),
            Field("naics", "NAICS", "SCIAN"),
            Field("hoursPerWeek", "Hours per week", "Heures par semaine", "hours"),
            Field("wage", "Wage", "Salaire"),
            Field("wagePer", "Wage per", "Salaire par", "wage_per"),
        ),
        many=True,
    ),
    Screen(
        "ServicePlan",
        "Service plan",
        "Plan de services",
        (
            Field("program", "Program", "Programme", "plan_program", required=True),
            Field("referredIn", "Referred in", "Aiguillé par", required=True),
            Field("selfInitiated", "Self initiated", "Démarche personnelle", "flag", required=True),
            Field("reference", "Plan reference number", "Numéro du plan"),
            Field("status", "Status", "Statut", "plan_status"),
        ),
    ),
    Screen(
        "ServicePlan.ClientSummary.Item",
        "Client summary",
        "Sommaire du client",
        (Field("name", "Field", "Champ", "summary_item"), Field("text", "Value", "Valeur")),
        many=True,
    ),
    Screen(
        "ServicePlan.SubGoal",
        "Sub-goals and plan items",
        "Sous-objectifs et éléments du plan",
        (
            Field("name", "Sub-goal", "Sous-objectif", required=True),
            Field("outcome", "Sub-goal outcome", "Résultat du sous-objectif", "outcome"),
        ),
        many=True,
    ),
    Screen(
        "ServicePlan.SubGoal.PlanItem",
        "Plan items",
        "Éléments du plan",
        (
            Field("type", "Plan item", "Élément", required=True),
            Field("expectedStart", "Expected start", "Début prévu", "day", required=True),
            Field("expectedEnd", "Expected end", "Fin prévue", "day", required=True),
            Field("actualStart", "Actual start", "Début réel", "day"),
            Field("actualEnd", "Actual end", "Fin réelle", "day"),
            Field("outcome", "Outcome", "Résultat"),
            Field("cost", "Cost", "Coût"),
        ),
        many=True,
    ),
    Screen(
        "ServicePlan.Closure",
        "Closure",
        "Clôture",
        (
            Field("reason", "Reason", "Raison", "closure_reason", required=True),
            Field("satisfaction", "Customer satisfaction", "Satisfaction du client", "satisfaction", required=True),
            Field("outcome", "Case outcome", "Résultat du dossier", "case_outcome", required=True),
            Field("stillEmployed", "Still employed", "Toujours employé", "flag"),
        ),
        many=True,
    ),
    Screen(
        "ServicePlan.FollowUp",
        "Follow-ups",
        "Suivis",
        (
            Field("month", "Month", "Mois", required=True),
            Field("date", "Date", "Date", "day", required=True),
            Field("status", "Status", "Statut", "follow_up_status", required=True),
            Field("outcome", "Outcome", "Résultat"),
        ),
        many=True,
    ),
    Screen(
        "Referral",
        "Referral",
        "Aiguillage",
        (
            Field("number", "Referral number", "Numéro de l'aiguillage", required=True),
            Field("state", "State", "État", "state"),
            Field("service", "Referred to", "Aiguillé vers", "service", required=True),
            Field("timing", "Referral timing", "Moment de l'aiguillage", "referral_timing"),
            Field("formal", "Formal", "Officiel", "flag"),
            Field("Reason", "Reason", "Motif"),
        ),
    ),
)
