"""Reads the fact tables: plain text blocks, so that writing an article looks like writing, not like programming.

A block is a head line ``# key | field | field``, the body, and any number of lines ``? a question it answers``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WRAPPED_CHINESE = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])")


@dataclass(frozen=True)
class Entry:
    """One block: its key, the further fields of its head line, its body and the questions that it answers."""

    key: str
    fields: tuple[str, ...]
    body: str
    questions: tuple[str, ...]


def parse_entries(table: str) -> tuple[Entry, ...]:
    """Read all blocks of a table, in order."""
    return tuple(_parse_block(block) for block in table.strip().split("\n# "))


def parse_rows(table: str) -> tuple[tuple[str, ...], ...]:
    """Read one row a line, cells parted by ``|``."""
    return tuple(tuple(cell.strip() for cell in line.split("|")) for line in table.strip().splitlines())


def parse_words(table: str) -> frozenset[str]:
    """Read the words of a text, parted by white space."""
    return frozenset(table.split())


def _parse_block(block: str) -> Entry:
    head, *lines = block.removeprefix("# ").splitlines()
    key, *fields = (cell.strip() for cell in head.split("|"))
    body = " ".join(line.strip() for line in lines if line and not line.startswith("? "))
    body = _WRAPPED_CHINESE.sub("", body)
    questions = tuple(line.removeprefix("? ").strip() for line in lines if line.startswith("? "))
    return Entry(key, tuple(fields), body, questions)
