"""What a client is asked and told on paper: the consent form and its receipt (consent rules 1.5, F-17, F-18, F-23).

- ``texts.py``: the wordings, by version and language tag; one that was released never changes and is found again.
- ``offer.py``: what a form may ask: what the agreement, the purposes and their profiles allow, for one recipient.
- ``form.py``: the form as a page that prints. Nothing is ticked; a sensitive category has a box of its own.
- ``receipt.py``: what a record says, for the person it is about.

Pure: no store, no clock, no file but texts and templates. Who may ask, and that a look is an entry of the log, is
``hub/desk/forms.py``'s. The hub knows nobody's name: it is written by hand.
"""
