from time import process_time

import pytest

from detectors.text import contains_identifier, fold, fold_numbers, identifiers, passage, terms, text_key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The running shoes were returned", ["run", "shoe", "return"]),  # stop words out, Snowball stems
        ("REFUND Refund refund", ["refund", "refund", "refund"]),  # repeats stay: BM25 counts them
        ("a I x", []),  # words of one letter are none
        ("e5 v2", ["e5", "v2"]),
        ("88-1023", ["88", "1023"]),
        ("naïve café", ["naïv", "café"]),
        ("东京", ["东京"]),
        ("退", ["退"]),  # one character alone is kept: it is a word
        ("refund退款政策", ["refund", "退款", "款政", "政策"]),
        ("🙂 🙂", []),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("invoice INV-2041, please", ["inv-2041"]),
        ("1,500 and 1500 are one number", ["1500"]),
        ("1,50 is no thousand", ["50"]),
        ("12,345,678 units", ["12345678"]),
        ("what is step 5", []),  # one character would be found everywhere
        ("version 2.1.", ["2.1"]),
        ("(RX-20b)", ["rx-20b"]),
        ("due 2024/05/17 at 10:30", ["2024/05/17", "10:30"]),
        ("\uff21\uff22\uff0d\uff11\uff12", ["ab-12"]),  # full width, as Chinese keyboards give it
        ("请问订单88-1023的退款", ["88-1023"]),  # no spaces around it
        ("...2020", ["2020"]),
        ("--", []),
        ("X1 then x1", ["x1"]),
    ],
)
def test_identifiers(text: str, expected: list[str]) -> None:
    assert identifiers(text) == expected


@pytest.mark.parametrize(
    ("text", "identifier", "held"),
    [
        ("order 88-1023", "88-1023", True),
        ("88-1023", "88-1023", True),
        ("(88-1023)", "88-1023", True),
        ("order 88-1023.", "88-1023", True),
        ("order 88-1023. Next", "88-1023", True),
        ("order: 88-1023, paid", "88-1023", True),
        ("order 88-10234", "88-1023", False),
        ("order 188-1023", "88-1023", False),
        ("order 88-1023-4", "88-1023", False),  # a longer identifier that begins alike
        ("order 88-1023_4", "88-1023", False),
        ("188-1023 and 88-1023", "88-1023", True),  # the second occurrence counts
        ("订单88-1023的退款", "88-1023", True),
        ("", "88-1023", False),
    ],
)
def test_contains_identifier(text: str, identifier: str, held: bool) -> None:
    assert contains_identifier(text, identifier) is held


def test_an_identifier_that_a_text_spells_otherwise_is_found() -> None:
    """Case, width and thousands' commas make no difference."""
    asked = identifiers("Inv-2041 for 1500")
    text = fold_numbers("INV-2041: a total of 1,500 EUR")
    assert all(contains_identifier(text, identifier) for identifier in asked)


def test_fold_makes_texts_that_read_alike_alike() -> None:
    assert fold("  \uff32efund\n\tPolicy ﬁx ") == "refund policy fix"


def test_passage_is_title_full_stop_text() -> None:
    assert passage("Refunds", "Five days.") == "Refunds. Five days."
    assert passage(None, "Five days.") == "Five days."
    assert passage("", "Five days.") == "Five days."


def test_text_key_ignores_what_fold_ignores_and_nothing_else() -> None:
    assert text_key("Five  days") == text_key("five days\n")
    assert text_key("five days") != text_key("five day")
    assert text_key("\ud83d").startswith("text-")  # half a surrogate pair, as some JSON holds


@pytest.mark.parametrize("text", ["-" * 500_000, "a-" * 250_000, "退" * 500_000, "1" * 500_000, "a" * 500_000])
def test_long_texts_take_linear_time(text: str) -> None:
    """A hostile text, or a table's rule of dashes, may be megabytes long; by the square of it would take minutes."""
    start = process_time()
    identifiers(text)
    terms(text)
    contains_identifier(fold_numbers(text), "11")
    assert process_time() - start < 5


def test_what_is_left_of_contractions_is_no_term() -> None:
    """`doesn` is in few documents, and would be the query's rarest term."""
    assert terms("why doesn't it work, won't it") == ["work"]


@pytest.mark.parametrize(
    ("text", "identifier", "held"),
    [
        ("order:88-1023 was refunded", "88-1023", True),
        ("see (rx-20b), please", "rx-20b", True),
        ("it costs 10.25 in all", "25", False),
        ("order 88-1023", "1023", False),
        ("order 1023-88", "1023", False),
        ("model x-1023", "1023", True),
        ("in 2021.", "2021", True),
    ],
)
def test_an_identifier_is_held_as_a_whole_or_not_at_all(text: str, identifier: str, held: bool) -> None:
    assert contains_identifier(text, identifier) is held
