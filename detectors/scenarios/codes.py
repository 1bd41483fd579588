"""Identifiers: what designates one exact thing by its characters, in any language. Defined in docs/scenarios.md."""

from detectors.scenarios.rule import DIGIT, MARK, Rule, any_of, rule

_BEGIN, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_YEAR = r"(?:1\d|20)\d\d"
# Words before a number that make no name of it. At the head of a sentence they have a capital, as names do.
_BEFORE_NUMBERS = any_of(
    """From In On At By To Of Above Below Over Under After Before Since Until Between About Around The These Those And
    Or Is Are Was What Which Who How Post Pre Top Name World_War War Channel Stage Phase Part Chapter Page Class Type
    Grade Level Step Day Week Month Year Round Tier Group Game Season Vitamin Super_Bowl"""
)
_MONTH = any_of("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec") + "[a-z]*"
_NUMBERED = any_of(
    """[Aa]rticle [Ss]ection [Ii]nvoice [Oo]rder [Tt]icket [Cc]ontract [Cc]ase [Ff]orm [Mm]odel [Vv]ersion [Ff]light
    [Ee]rror [Cc]ode [Ii]d ID [Pp]art_[Nn]umber [Aa]rea_code_is [Pp]atent [Rr]oom [Ii]ssue PR RFC ISO IEC DIN
    [Nn]umber xbox iphone iPhone windows [a-z]+virus"""
)
_JOINT = "-_/.#:"

IDENTIFIER = rule(
    "identifier",
    [DIGIT, MARK],
    rf"""(?=[A-Za-z0-9]+[{_JOINT}])(?=[A-Za-z0-9{_JOINT}]*\d)(?=[A-Za-z0-9{_JOINT}]*[A-Za-z])[A-Za-z0-9]+(?:[{_JOINT}]+[A-Za-z0-9]+)+{_END}
    [A-Za-z0-9]*(?:[A-Z]\d|\d[A-Z])[A-Za-z0-9]*{_END}
    [a-z]{{1,3}}\d{{1,5}}[a-z]?{_END}
    (?:\d{{3,}}-\d{{3,}}(?:-\d+)*|\d{{2,}}-\d{{4,}}|\d{{6,}}|\d+\.\d+\.\d+(?:\.\d+)*){_END}
    {_NUMBERED}\s(?:[Nn]o\.?\s|[Nn]umber\s|#)?(?:[A-Z]+\s)?\d+(?:-\d+)*[A-Za-z]?{_END}
    [A-Z][A-Za-z]+\s\d{{1,4}}[a-z]?(?!-\d){_END}
    [A-Za-z0-9]+(?:_[A-Za-z0-9]+)+{_END}
    (?:[\w.+-]+@[\w-]+\.[\w.-]+|https?://\S+|www\.[\w.-]+|[\w-]+\.(?:com|org|net|io)){_END}
    (?:#|[Nn](?:o\.?|r\.?)\s?)\d{{2,}}""",
    # Digits beside letters that are words of the language, dates, times, quantities and scores.
    rf"""\d+(?:st|nd|rd|th|s|am|pm|[kcmd]?m|[km]?g|m?l|[KMGT]i?[Bb]|[kKMG]?W|[kMG]?Hz|m?Ah|k?Wh|mph|mpg|[kKDGxX]){_END}
    (?:\d+-[a-z]+(?:-[a-z]+)*|[a-z]+-\d\d?|\d+/\d+(?:/\d+)?|\d\d?:\d\d\S*|\d{{4}}-\d\d-\d\d(?:T\S*)?){_END}
    (?:{_YEAR}\s?-\s?\d+|(?:[Mm]id|[Ll]ate|[Ee]arly)-\d+s?|(?:AD|BC|BCE|CE) \d+){_END}
    (?:(?:CO|H|O|NO|SO|N|CH)\d[A-Z]?|[BDK]\d\d?|MP[34]|F1|V\d\d?|A[345]|[Ww][Ww](?:\d|I+)|[Qq][1-4]|G\d\d?){_END}
    (?:[Cc][Oo][Vv][Ii][Dd]-?19|P2P|B2[BC]|[Oo]mega-\d|[Tt]ype-\d){_END}
    (?:{_BEFORE_NUMBERS}|{_MONTH})\s\d+{_END}
    [A-Z][A-Za-z]+\s{_YEAR}s?{_END}""",
    begin=_BEGIN,
    cased=True,
)
RULES: tuple[Rule, ...] = (IDENTIFIER,)
