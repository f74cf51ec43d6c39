"""What is wrong with a call, in our words. The parser's own text repeats what was typed, which may be anything.

What stands in the answer is the program's own: names of commands and options, their help, their example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

NOTHING = "nothing"


class Wrong(NamedTuple):
    """The four parts of an error of ours."""

    where: str
    got: str
    expected: str
    next_step: str


class Called(NamedTuple):
    """The command that was called, as far as its words are words of ours.

    Args:
        path: its words, with ``hub`` before them.
        command: the parser's object for it.
        rest: what was typed behind them.
    """

    path: str
    command: Any
    rest: Sequence[str]

    @property
    def help(self) -> str:
        """What shows its help."""
        return f"`{self.path} --help`"


def called(root: Any, argv: Sequence[str]) -> Called:
    """Follow the words of a call through the commands. Groups take no options, so the words come first."""
    path, command, rest = ["hub"], root, list(argv)
    while rest and (inner := commands_of(command).get(rest[0])):
        path.append(rest.pop(0))
        command = inner
    return Called(" ".join(path), command, rest)


def commands_of(command: Any) -> Mapping[str, Any]:
    """What stands below a command; nothing, if it is no group."""
    return getattr(command, "commands", {})


def wrong(error: Exception, call: Called) -> Wrong:
    """What a parser's error says of a call."""
    kind, param = type(error).__name__, getattr(error, "param", None)
    if kind == "MissingParameter":
        return _missing(call, set(getattr(getattr(error, "ctx", None), "params", ())))
    if param is not None:
        return _unusable(call, param)
    if kind == "NoSuchOption":
        return _no_option(call, getattr(error, "possibilities", None) or ())
    if kind == "BadOptionUsage":
        return _half_an_option(call, str(getattr(error, "option_name", "")))
    if commands_of(call.command):
        return _no_command(call)
    names = [_name(param) for param in call.command.params if param.param_type_name == "argument"]
    expected = f"no more than {' and '.join(names)}" if names else "options alone"
    return Wrong(call.path, "more words than it takes", expected, f"put quotes around what has spaces; {call.help}")


def _missing(call: Called, given: set[str]) -> Wrong:
    """What is required and was not given: all of it, so that nobody learns of it one by one."""
    missing = [param for param in call.command.params if param.required and param.name not in given]
    where = f"{call.path}: {', '.join(map(_name, missing))}"
    expected = _said(missing[0]) if len(missing) == 1 else "a value for each"
    return Wrong(where, NOTHING, expected, _for_example(call))


def _unusable(call: Called, param: Any) -> Wrong:
    described = param.type_descriptor
    where = f"{call.path}: {_name(param)}"
    if described.is_path:
        return Wrong(where, "what is not there, is of another kind or may not be read", _said(param), call.help)
    least, most = described.parameter_info.min, described.parameter_info.max
    within = {(True, True): f", {least} to {most}", (True, False): f", {least} or more"}
    kind = f"a whole number{within.get((least is not None, most is not None), '')}"
    return Wrong(where, "what it cannot be", f"{kind}: {_said(param)}", call.help)


def _no_option(call: Called, near: Sequence[str]) -> Wrong:
    own = [name for param in call.command.params for name in param.opts if name.startswith("-")]
    like = [name for name in near if name in own]
    expected = " or ".join(like) if like else f"one of {', '.join(own)}" if own else "no option but --help"
    return Wrong(call.path, "an option that it does not have", expected, call.help)


def _half_an_option(call: Called, name: str) -> Wrong:
    for param in call.command.params:
        if name in param.opts and getattr(param, "is_flag", False):
            return Wrong(f"{call.path}: {name}", "a value", "none: it is a switch", call.help)
        if name in param.opts:
            return Wrong(f"{call.path}: {name}", NOTHING, f"{_said(param)}, behind it", call.help)
    return Wrong(call.path, "an option that is not whole", "its options", call.help)


def _no_command(call: Called) -> Wrong:
    names = list(commands_of(call.command))
    expected = f"one of {', '.join(names)}"
    if not call.rest:
        return Wrong(call.path, NOTHING, expected, call.help)
    near = [f"`{call.path} {name}`" for name in get_close_matches(call.rest[0], names)]
    meant = f"perhaps {' or '.join(near)}; " if near else ""
    return Wrong(call.path, "a word that it does not know", expected, f"{meant}{call.help}")


def _name(param: Any) -> str:
    """As the help shows it: the long form of an option, an argument in capitals."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return str(param.metavar or param.name).upper()


def _said(param: Any) -> str:
    """What the help says of it, as a part of a sentence."""
    text = (param.help or "a value").strip().rstrip(".")
    return text[0].lower() + text[1:] if not text[1:2].isupper() else text


def _for_example(call: Called) -> str:
    example = (call.command.epilog or "").removeprefix("Example: ")
    return f"for example `{example}`; {call.help}" if example else call.help
