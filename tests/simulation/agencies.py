"""What people do in their agencies' own systems. Each kind of system says how it is done there.

An act is one small change of one system. What a system itself refuses (a closed case, a locked database, a folder that
is away) does not happen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from tests.simulation import at_cms, at_harts
from tests.simulation.world import AGENCIES, KINDS, World

Act = Callable[[World, str], None]

ACTS: Mapping[str, Mapping[str, Act]] = {  # what is done -> how, by kind of system; some kinds do not know it
    "register": {"cms": at_cms.register_client, "harts": at_harts.register_client},
    "sign": {"cms": at_cms.sign_consent, "harts": at_harts.sign_consent},
    "refer": {"cms": at_cms.refer, "harts": at_harts.refer},
    "change consent": {"cms": at_cms.change_consent, "harts": at_harts.change_consent},
    "change client": {"cms": at_cms.change_client, "harts": at_harts.change_client},
    "change referral": {"cms": at_cms.change_referral, "harts": at_harts.change_referral},
    "answer": {"cms": at_cms.answer, "harts": at_harts.answer},
    "reject": {"cms": at_cms.reject},
    "close case": {"cms": at_cms.close_case},
    "delete": {"cms": at_cms.delete},
    "hide": {"cms": at_cms.hide_entry, "harts": at_harts.hide_file},
    "show": {"cms": at_cms.show_entry, "harts": at_harts.show_file},
    "cut log": {"cms": at_cms.cut_log},
    "hand in": {"harts": at_harts.hand_in},
    "take in": {"harts": at_harts.take_in},
    "hear": {"harts": at_harts.hear},
    "same again": {"harts": at_harts.hand_in_again},
    "number again": {"harts": at_harts.use_number_again},
}


def act(world: World, what: str, agency: str = "") -> bool:
    """One act of an agency, a random one unless it is named; False where its system would not have it."""
    how = ACTS[what]
    able = {name: world.bustle[name] for name in AGENCIES if KINDS[name] in how}
    who = agency or world.dice.choices(list(able), list(able.values()))[0]
    try:
        how[KINDS[who]](world, who)
    except (sqlite3.Error, OSError):
        return False
    return True
