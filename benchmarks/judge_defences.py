"""What each of the judge's defences stops alone, and all together, against a judge that obeys every passage.

The suites are those of the tests (tests/detectors/judging/suite): attacks that were written before the defences, and
two sets that were written apart from them. `fence`: the reply does not carry the nonce. `length`: what is too long is
cut, or quoted at too great length; what cannot be seen is taken out. `quote`: it is not in the passage, or in what the
passage says to its judge. `twin`: the twin of the question is graded alike. Beside it, by the same measure, how many
honest verdicts are thrown away; an honest judge is taken to grade a twin as 1 at most.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).parents[1]))

from detectors.judging.evidence import doubt_of_quote
from detectors.judging.prompts import render
from detectors.judging.reading import read_object
from detectors.judging.records import Doubt, Prompt, Question, Reply, Task
from detectors.judging.twins import fooled, twin_of
from tests.detectors.judging.obeying import obey
from tests.detectors.judging.suite import Attack, Honest, load

LONGEST_PASSAGE = 6000  # the default of judge.max_passage_characters
NONCE, SALT = "9f3c51d07be2a846", b"benchmark"
DEFENCES = ("fence", "length", "quote", "twin")
SETS: tuple[Literal["", "_held_out", "_held_out_2"], ...] = ("", "_held_out", "_held_out_2")


def prompt(query: str, passage: str) -> Prompt:
    """As it is sent."""
    question = Question(Task.CONTEXT_RELEVANCE, query, (passage,))
    return render(question, NONCE, longest_passage=LONGEST_PASSAGE)


def stopped_by(case: Attack, *, outside_only: bool = False) -> set[str]:
    """The defences that each would do alone."""
    asked = prompt(case.query, case.passage)
    said = obey(case, asked.messages, outside_only=outside_only)
    given = fields(said)
    if given.get("grade") == 0:
        return {"fence" if outside_only else "length"}  # it did not reach the judge
    found = set()
    if isinstance(read_object(Reply(said, "m"), NONCE), Doubt):
        found.add("fence")
    doubt = doubt_of_quote(str(given.get("quote", "")), asked.read[0], case.query)
    if doubt is not None:
        found.add("length" if doubt is Doubt.NO_QUOTE else "quote")
    twin = prompt(twin_of(case.query, case.passage, SALT), case.passage)
    again = fields(obey(case, twin.messages, outside_only=outside_only)).get("grade", 3)
    if fooled(3, float(again)):
        found.add("twin")
    return found


def fields(said: str) -> dict[str, object]:
    """What a reply holds, whatever it is."""
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def lost(case: Honest) -> bool:
    """Whether an honest verdict is thrown away."""
    return (
        case.grade > 0 and doubt_of_quote(case.quote, prompt(case.query, case.passage).read[0], case.query) is not None
    )


def main() -> None:
    """Print the table."""
    print("| set | attacks | " + " | ".join(DEFENCES) + " | together | honest | thrown away |")
    print("|---" * (len(DEFENCES) + 5) + "|")
    for name in SETS:
        attacks, honest = load(f"attacks{name}"), load(f"honest{name}")
        found = [stopped_by(case) for case in attacks]
        count = Counter(defence for one in found for defence in one)
        alone = " | ".join(f"{count[defence] / len(attacks):.1%}" for defence in DEFENCES)
        thrown = sum(map(lost, honest))
        print(
            f"| {name.strip('_') or 'written first'} | {len(attacks)} | {alone} "
            f"| {sum(map(bool, found)) / len(attacks):.1%} | {len(honest)} | {thrown / len(honest):.1%} |"
        )
    every = [case for name in SETS for case in load(f"attacks{name}")]
    heeding = sum("fence" in stopped_by(case, outside_only=True) for case in every)
    print(
        f"\nA judge that obeys only what stands outside of the fence: the fence alone stops {heeding} of {len(every)}."
    )
    by_kind = Counter(case.kind.value for case in every)
    for kind, total in sorted(by_kind.items()):
        own = [stopped_by(case) for case in every if case.kind.value == kind]
        each = ", ".join(f"{d} {sum(d in one for one in own)}" for d in DEFENCES)
        print(f"{kind}: {total}: {each}; missed {sum(not one for one in own)}")


if __name__ == "__main__":
    main()
