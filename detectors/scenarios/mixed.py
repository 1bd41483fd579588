"""Words of two scripts in one query, or a script that the corpus does not have."""

import re

from detectors.scenarios.rule import CJK, WIDE, Rule, rule

SCRIPTS = {
    "latin": r"A-Za-zÀ-ɏ",
    "cjk": CJK,
    "cyrillic": r"Ѐ-ӿ",
    "greek": r"Ͱ-Ͽ",
    "hebrew": r"֐-׿",
    "arabic": r"؀-ۿ",
    "devanagari": r"ऀ-ॿ",
    "thai": r"฀-๿",
}
# Latin words that Chinese has taken over, by the letter.
TAKEN_OVER = """app apps ktv dna rna wifi ceo cfo cto cpu gpu gps pdf usb vip it ai gdp cpi atm tv led cd dvd ok qq nba ppt
    excel word ip id pc ui hr pm vr ar suv xl ic 3d 4s""".split()
_OTHERS = "".join(letters for name, letters in SCRIPTS.items() if name != "latin")
_LATIN = SCRIPTS["latin"]
_WORD = rf"(?<![{_LATIN}])(?!(?:{'|'.join(TAKEN_OVER)})(?![{_LATIN}]))[{_LATIN}][{_LATIN}'’-]*[{_LATIN}]"
MIXED: Rule = rule("cross_lingual", [WIDE], rf"[{_OTHERS}][^\n]*?{_WORD} | {_WORD}[^\n]*?[{_OTHERS}]")
RULES: tuple[Rule, ...] = (MIXED,)
_WORDS = {name: re.compile(rf"[{letters}]{{2,}}") for name, letters in SCRIPTS.items()}


def scripts(text: str) -> set[str]:
    """The scripts of which `text` has a word.

    >>> sorted(scripts("退款 policy"))
    ['cjk', 'latin']
    """
    return {name for name, word in _WORDS.items() if word.search(text)}
