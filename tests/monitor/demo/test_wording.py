from __future__ import annotations

from random import Random

from monitor.demo.wording import rephrase, tag_line


def test_identifiers_survive_every_rephrasing() -> None:
    rng = Random(1)
    for _ in range(500):
        assert "INV-104882" in rephrase("has the money for INV-104882 arrived", rng)


def test_typing_slips_are_occasional() -> None:
    rng = Random(2)
    wordings = [rephrase("warranty conditions abroad", rng).lower() for _ in range(2000)]
    slips = sum(not wording.endswith("warranty conditions abroad") for wording in wordings)
    assert 0.03 < slips / len(wordings) < 0.1


def test_only_questions_get_a_question_mark() -> None:
    rng = Random(3)
    assert not any(rephrase("refund policy", rng).endswith("?") for _ in range(200))
    assert any(rephrase("how long is it valid", rng).endswith("?") for _ in range(200))


def test_tags_hold_words_that_the_text_lacks() -> None:
    line = tag_line("Tags", ["restore a deleted spreadsheet"], "Get back a deleted file.", Random(4), share=1.0)
    assert line.startswith(" Tags: ")
    assert set(line.removeprefix(" Tags: ").removesuffix(".").split(", ")) == {"restore", "spreadsheet"}
    assert tag_line("Tags", ["deleted"], "deleted", Random(4)) == ""
