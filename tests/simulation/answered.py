"""Files of a HARTS site: each line is answered, by one final word, and the word is true. Files to it leave nothing.

What became of a line is read in the store and held against the answers that the site has kept, in the sample's words.
"""

from __future__ import annotations

from contextlib import closing

from hub.sample.harts import Ack, Said
from tests.simulation.harts_site import HartsSite
from tests.simulation.world import World, system_of

TAKEN = {("OK", ""), ("WARN", "W02")}  # accepted, or there already


def every_line_is_answered(world: World) -> None:
    """Hold what HARTS was told against what happened.

    Raises:
        AssertionError: the first file or line whose answer is none, is not true, or was changed after it was final.
    """
    for name, site in world.sites.items():
        with closing(world.store()) as db:
            rows = db.execute(
                "SELECT i.record_key, i.state, h.rejection FROM inbox i LEFT JOIN handover h USING (envelope_id)"
                " WHERE i.system = ? ORDER BY i.rowid",
                (system_of(name),),
            )
            states = {row["record_key"]: (row["state"], row["rejection"]) for row in rows}
        for file in site.handed:
            _one_final_word(file, site.answers_to(file))
        for file in site.lying():
            _is_true(site, file, site.answer_to(file), states)
        for file in site.done:
            _is_true(site, file, site.answers_to(file)[-1], states)
        for folder in (site.centre.from_harts, site.centre.to_harts):
            left = [path.name for path in (folder / ".spool").glob("*.DAT")]
            assert not left, f"{left[0]} is left in the spool"


def _one_final_word(file: str, answers: list[Ack]) -> None:
    """A file that was taken in is not refused later; what is settled stays as it was."""
    taken = [answer for answer in answers if not answer.code]
    assert taken == answers[len(answers) - len(taken) :], f"{file} was taken in, and then refused"
    settled = next((place for place, answer in enumerate(taken) if answer.settled), len(taken))
    changed = [answer for answer in taken[settled:] if answer.lines != taken[settled].lines]
    assert not changed, f"{file} was settled, and then answered otherwise: {_difference(taken[settled], changed[0])}"
    for line in range(len(taken[0].lines) if taken else 0):
        words = [(answer.lines[line].result, answer.lines[line].code) for answer in taken]
        errors = [place for place, word in enumerate(words) if word[0] == "ERR"]
        assert not errors or len(set(words[errors[0] :])) == 1, f"{file}: an error was no last word: {words}"


def _is_true(site: HartsSite, file: str, answer: Ack | None, states: dict[str, tuple[str, str | None]]) -> None:
    assert answer is not None, f"{file} has no answer"
    assert not answer.code, f"{file} is refused: {answer.code}"
    keys, again = site.sources(file), site.spoken_of_again(file)
    for said in answer.lines:
        if said.line in keys:
            state, rejection = states.get(keys[said.line], ("", None))
            word = (said.result, said.code)
            true = word == ("OK", "") if state == "delivered" else word not in TAKEN
            there = word[1] == "W02" and (not state or said.line in again)  # already, or said anew by another line
            true = true or there or (rejection is not None and word == ("ERR", rejection))
            assert true, f"{file} line {said.line} is {state or 'no message'}, and was answered {word}"


def _difference(one: Ack, other: Ack) -> list[tuple[Said, Said]]:
    return [pair for pair in zip(one.lines, other.lines, strict=True) if pair[0] != pair[1]]
