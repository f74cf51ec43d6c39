"""The command line ``hub``: its root, and what the commands are handed.

Arguments and printing are in ``hub/commands/``, rules in the rooms.
"""

from __future__ import annotations

import resource
from collections.abc import Callable

import typer

from hub.commands.tools import Tools
from hub.commands.words import Root

EXIT_CODES = (
    "Exit codes: 0 done, 1 refused or findings, 2 wrong usage, 3 integrity broken, 4 unavailable now, 130 interrupted."
)


def main() -> None:
    """Run the command line. A process that dies leaves no memory behind (design §5)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    command_line(real_tools)()


def command_line(given: Tools | Callable[[], Tools]) -> typer.Typer:
    """All commands, handed what they need.

    Args:
        given: their tools, or what makes them for the first command that asks.
    """
    app = typer.Typer(
        cls=Root,
        help="Agencies exchange referrals through a gate that asks the client's consent.",
        epilog=EXIT_CODES,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,  # they would print the values of variables
        invoke_without_command=True,
        context_settings={"help_option_names": ["--help", "-h"]},
    )

    @app.callback(epilog=EXIT_CODES, invoke_without_command=True)
    def root(ctx: typer.Context) -> None:
        """Agencies exchange referrals through a gate that asks the client's consent."""
        ctx.obj = given
        if ctx.invoked_subcommand is None:
            typer.echo(ctx.get_help())

    return app


def real_tools() -> Tools:
    """The world as it is. Loading it takes a second: whoever asks for help does not wait."""
    from hub import toolbox  # noqa: PLC0415

    return toolbox.real_tools()


if __name__ == "__main__":
    main()
