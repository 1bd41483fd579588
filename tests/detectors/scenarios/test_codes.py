"""Identifiers, in any language: what designates one thing, and digits that do not."""

import pytest

from detectors.scenarios import classify


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("pay INV-2041", "INV-2041"),
        ("rx-20b toner", "rx-20b"),
        ("E4012 on start", "E4012"),
        ("No. 4711", "No. 4711"),
        ("parcel #4711", "#4711"),
        ("parcel 88-1023", "88-1023"),
        ("release v2.1.4", "v2.1.4"),
        ("host 10.0.0.1", "10.0.0.1"),
        ("article 34 of the treaty", "article 34"),
        ("Boeing 747", "Boeing 747"),
        ("what does get_user_id do", "get_user_id"),
        ("mail to ann@acme.org", "ann@acme.org"),
        ("see https://acme.org/x", "https://acme.org/x"),
        ("account 20418873", "20418873"),
        ("合同编号HT-2023-0815", "HT-2023-0815"),
    ],
)
def test_an_identifier(query: str, words: str) -> None:
    assert classify(query)["identifier"] == words


@pytest.mark.parametrize(
    "query",
    [
        "well-known recipes",
        "in 2020",
        "the 1960s",
        "a 5kg parcel",
        "3D films",
        "vitamin B12",
        "COVID-19 rules",
        "omega-3 oil",
        "type-2 diabetes",
        "at 10:30",
        "on 2024-08-01",
        "2012-13",
        "the 2nd of May",
        "May 2021",
        "World War 2",
        "Chapter 5",
        "won 3-0",
        "4-cylinder engines",
        "5G masts",
        "12 monkeys",
        "From 9 to 5",
    ],
)
def test_what_is_no_identifier(query: str) -> None:
    assert "identifier" not in classify(query)
