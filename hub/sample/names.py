"""Invented names and places. No real people: family names are double, given names are drawn apart from them.

Names shorter than :data:`TELLING` letters do not stand here: found in sealed bytes, one would mean nothing.
"""

from __future__ import annotations

FILLER = "FNU"  # "first name unknown", where a single name stands
TELLING = 6  # letters from which a name found in a hundred megabytes of random bytes is no chance


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN = _words(
    """
    Abebech Adaeze Alejandra Alimatou Amélie Anoush Bahareh Bereket Boureima Camille Céleste Chidinma Daniyar Delphine
    Dmytro Eleanor Emmanuel Étienne Farhad Fatoumata Florence Gabriela Genevieve Giuliana Habiba Haregewoin Ignacio
    Isabelle Jasmine Jérôme Kateryna Khadija Laurence Leopold Lwazi-Ann Maryam Mireille Mthunzi Nasreen Nathalie
    Noémie Oksana Olumide Patience Philippe Rahmatou Rosalind Sébastien Samira Shirin Solomon Temesgen Tigist Valérie
    Wilhelmina Xiomara Yasmin Yevhen Zainab Zélie-Ann
    """
)

FAMILY_FIRST = _words(
    """
    Abdirahman Adeyemi Alvarado Arslan Asante Bahrami Bekele Benhaddou Boateng Castellano Chaudhry Contreras Dubois
    Echeverri Farouk Ferreira Gebremariam Ghorbani Haddad Hailemichael Herrera Hossain Ibekwe Iskander Jaramillo
    Kamara Karimov Kovalenko Lozano Mahlangu Mansour Mthembu Melnyk Mukherjee Nakamura Ndiaye Nwachukwu Obafemi Okafor
    Ospina Palomino Petrenko Qureshi Rahimi Restrepo Sandoval Sankoh Shevchuk Siddiqui Tesfaye Traoré Uwimana Valdivia
    Weldemichael Yilmaz Yohannes Zamora Zelenko Zerihun Zubair
    """
)

FAMILY_SECOND = _words(
    """
    Archambault Beaulieu Bellechasse Birchall Boisvert Brightwater Carmichael Charbonneau Chartrand Clearbrook
    Desrosiers Duquette Evergreen Fairbanks Ferncliffe Gauthier Giroux Greenhalgh Grandmaison Hathersage Hawthorne
    Heatherington Kingfisher Labrecque Lachance Larkspur Latulippe Lavallée Lemieux Lighthall Longpré Marchbanks
    Meadowcroft Montpetit Northcott Oakeshott Ouellette Paquette Pennyfeather Pinewood Quesnel Ravenhill Robitaille
    Sainte-Foy Sandercock Silverthorn Stonehouse Summerhayes Tanguay Thibodeau Thistlewood Tremblay Underhill Vaillant
    Villeneuve Waterhouse Westwood Whitcombe Winterbourne Yellowlees
    """
)

BEFORE_FAMILY = ("", "Al-", "Ben-", "Van-")  # more families from the same lists

STREETS = _words("Heron Willow Juniper Cedarbrae Foundry Lantern Orchard Quarry Tamarack Windmill")
POSTAL_CODES = ("M5V 2T6", "M4B 1B3", "L5B 3C1", "K1P 5M7", "L8P 4R5", "N6A 3K7", "M1B 2W3", "L4W 5N5")
AREA_CODES = (416, 647, 437, 905, 289, 365, 705, 249, 613, 343, 519, 226, 548, 807)

# home language (ISO 639-3), country of origin (ISO 3166 alpha-3)
ORIGINS = (
    ("amh", "ETH"), ("tir", "ERI"), ("som", "SOM"), ("ara", "SYR"), ("prs", "AFG"), ("fas", "IRN"), ("ukr", "UKR"),
    ("spa", "COL"), ("por", "BRA"), ("fra", "COD"), ("hat", "HTI"), ("urd", "PAK"), ("ben", "BGD"), ("yor", "NGA"),
    ("tur", "TUR"), ("tgl", "PHL"),
)  # fmt: skip
