"""Whether a command line is one that `leadline` takes."""

import tomllib
from typing import Any

import typer.main
from typer.core import TyperGroup

from monitor.cli import app
from tests.monitor.kit import ROOT


def accepted(words: list[str]) -> dict[str, Any]:
    """The arguments as the command would get them; the command is not run.

    Raises
    ------
    KeyError, UsageError
        Where there is no such command, or it has no such option.
    """
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    program, name, *arguments = words
    assert program.rpartition("/")[2] in scripts
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    command = group.commands[name]
    context = command.make_context(name, arguments)
    return {key: str(value) for key, value in context.params.items()}
