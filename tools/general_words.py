"""Writes the list of general words by which in-house terms are told: `detectors/data/general_words.txt`.

    python tools/general_words.py ../shared/training > detectors/data/general_words.txt

Acronyms that the world knows, in capitals. In small letters short words that general texts have, so that one in
capitals is no acronym, and stems of words that the bundled tokenizer shatters although general texts have them. All
other general words are the tokenizer's own whole words.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from detectors.text import terms
from monitor.providers.vocabulary import WORD, bundled_pieces, shattered

CASED = ("hotpot_1k", "nq_oracle", "squadshifts_amazon_reviews", "squadshifts_new_wiki", "squadshifts_reddit")
SMALL = ("squad_sentences_nqg",)  # all in small letters
# Those that are words as well, or that prose has too rarely.
WORLD = """AD ADHD AI AIDS AM ATM BC CFO CPU CTO DIY ETA EU FAQ GB GHZ GPS HIV HTML ID IPO KB KG KM IQ IT LCD LED MB
    MHZ MRI NGO OK OPEC PC PDF PHD PM QR RAM ROM RPM SOS UFO UK UN URL US USB UVA UVB WHO WIFI WW""".split()
ACRONYM_PASSAGES, SHORT_PASSAGES = 5, 3
ACRONYM_SHARE = 0.7  # of the passages with the word, those that have it in capitals


def passages(training: Path, sources: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for source in sources:
        for line in (training / f"{source}.jsonl").read_text(encoding="utf-8").splitlines():
            passage = json.loads(line)["passage"]
            if passage not in seen:
                seen.add(passage)
                yield passage


def acronyms(frequencies: Counter[str], whole: set[str]) -> set[str]:
    """In capitals nearly always, and frequent here or with a piece of its own in the tokenizer."""
    found = {word for word in frequencies if re.fullmatch("[A-Z]{2,6}", word)}
    return {
        word
        for word in found
        if frequencies[word] >= (2 if word.lower() in whole else ACRONYM_PASSAGES)
        and frequencies[word]
        >= ACRONYM_SHARE * sum(frequencies[form] for form in (word, word.lower(), word.capitalize()))
    }


def documents_with(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in set(WORD.findall(text)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training", type=Path)
    training = parser.parse_args().training
    cased, small = (documents_with(passages(training, sources)) for sources in (CASED, SMALL))
    whole, pieces = bundled_pieces()
    short = {
        word
        for word, passages in (cased + small).items()
        if re.fullmatch("[a-z]{2,6}", word) and passages >= SHORT_PASSAGES and word not in whole
    }
    stems = set(terms(" ".join(shattered((word for word in cased | small if word.islower()), whole, pieces))))
    print("\n".join([*sorted(acronyms(cased, whole).union(WORLD)), *sorted(stems | short)]))


if __name__ == "__main__":
    main()
