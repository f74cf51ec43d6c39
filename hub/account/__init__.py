"""Who got what about me, and why? Entries of the log in, disclosures out (consent rules 4.4, shared model 11).

- ``disclosure.py``: which entries tell of a disclosure, and what of it its reader may see.
- ``page.py``: as a page that prints, in plain words (``words/``), English or French.
- ``fhir.py``: as AuditEvents in the shapes of IHE BALP, and Provenance.

Pure: no store, no clock, no file but its own words and template. Who may ask, and that each look is an entry of the
log, is ``hub/desk/accounting.py``'s.
"""

from hub.account.disclosure import Disclosure, Fate, Ground, Reader, disclosures
from hub.model.directory import RELAY

__all__ = ["RELAY", "Disclosure", "Fate", "Ground", "Reader", "disclosures"]
