"""Logs of libraries: heard, and not all day long."""

import logging

from monitor.logs import QUIET_SECONDS, Seldom


def record(message: str, *arguments: object, name: str = "kafka.net") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "file", 1, message, arguments, None)


def test_the_same_message_is_let_through_once_a_minute() -> None:
    """Whatever its arguments; another one, or another library's, is not the same."""
    now = [0.0]
    seldom = Seldom(lambda: now[0])
    assert seldom.filter(record("connection %s lost", 1))
    assert not seldom.filter(record("connection %s lost", 2))
    assert seldom.filter(record("connection %s lost", 2, name="other"))
    assert seldom.filter(record("no node"))
    now[0] = QUIET_SECONDS
    assert seldom.filter(record("connection %s lost", 3))


def test_what_it_remembers_is_bounded() -> None:
    """A library that formats its messages itself does not fill the memory."""
    seldom = Seldom(lambda: 0.0)
    assert all(seldom.filter(record(f"message {i}")) for i in range(5000))
    assert len(seldom._said) <= 1000
