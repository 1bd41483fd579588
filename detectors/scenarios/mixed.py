"""Words of two scripts in one query, or a script that the corpus does not have."""

import re

from detectors.scenarios.rule import CJK

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
# Latin words that Chinese has taken over.
TAKEN_OVER = """app apps ktv dna rna wifi ceo cfo cto cpu gpu gps pdf usb vip it ai gdp cpi atm tv led cd dvd ok qq nba
    ppt excel word ip id pc ui hr pm vr ar suv xl ic""".split()
_LATIN = SCRIPTS["latin"]
_LATIN_WORD = re.compile(
    rf"(?<![{_LATIN}\d-])(?!(?:{'|'.join(TAKEN_OVER)})(?![{_LATIN}]))[{_LATIN}][{_LATIN}'’-]*[{_LATIN}](?![\w_-]*\d)",
    re.IGNORECASE,
)
_LETTERS = "".join(letters for name, letters in SCRIPTS.items() if name not in ("latin", "cjk"))
_OTHER = re.compile(f"[{CJK}]|[{_LETTERS}]{{2}}")
_WORDS = {name: re.compile(rf"[{letters}]{{2,}}") for name, letters in SCRIPTS.items()}


def scripts(text: str) -> set[str]:
    """The scripts of which `text` has a word.

    >>> sorted(scripts("退款 policy"))
    ['cjk', 'latin']
    """
    asked = ["latin"] if text.isascii() else SCRIPTS
    return {name for name in asked if _WORDS[name].search(text)}


def mixed(query: str) -> str | None:
    """The Latin word that stands in a query of another script; None where there is none, or only one taken over.

    >>> mixed("如何重置 router 密码"), mixed("DNA检测")
    ('router', None)
    """
    if not _OTHER.search(query):
        return None
    word = _LATIN_WORD.search(query)
    return word.group() if word else None
