"""What a person at a desk does beside the road: connect, configure, file and withdraw consents, say who somebody is.

Every change names its worker and is an audit entry. Nothing here releases content: a hand-over that is tried again and
a consent that is filed go the road of ``hub.exchange``, through its gate.

    who            in whose name a command acts, and who may do what
    configure      agencies, systems, sites, services, agreements, workers
    sharing        one connection, one agency
    consents       withdraw, forbid, lift, look, try again: by an agency's own numbers
    consent_file   a discloser's consents as CSV (``consent_lines`` reads a line)
    incidents      what went wrong: open, look, assess, tell, close
    people         whose record is it? resolve a question, list look-alikes
"""
