"""Identifiers: what designates one exact thing by its characters, in any language. Defined in docs/scenarios.md."""

from detectors.scenarios.rule import DIGIT, MARK, Rule, rule

_BEGIN, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_YEAR = r"(?:1\d|20)\d\d"

# Digits beside letters that are words of the language, dates, times, quantities and scores.
_ORDINARY = rf"""{_BEGIN}(?:
    \d+(?:st|nd|rd|th|s|am|pm|[kcmd]?m|[km]?g|m?l|[KMGT]i?[Bb]|[kKMG]?W|[kMG]?Hz|m?Ah|k?Wh|mph|mpg|[kKDGxX])
    | \d+-[a-z]+(?:-[a-z]+)* | [a-z]+-\d\d? | \d+/\d+(?:/\d+)? | \d\d?:\d\d\S* | \d{{4}}-\d\d-\d\d(?:T\S*)?
    | {_YEAR}\s?-\s?\d+ | [Mm]id-\d+s? | [Ll]ate-\d+s? | [Ee]arly-\d+s? | (?:AD|BC|BCE|CE)\ \d+
    | (?:CO|H|O|NO|SO|N|CH)\d[A-Z]? | [BDK]\d\d? | MP[34] | F1 | V\d\d? | A[345] | [Ww][Ww](?:\d|I+) | [Qq][1-4] | G\d\d?
    | [Cc][Oo][Vv][Ii][Dd]-?19 | P2P | B2[BC] | [Oo]mega-\d | [Tt]ype-\d
    | (?:From|In|On|At|By|To|Of|Above|Below|Over|Under|After|Before|Since|Until|Between|About|Around|The|These|Those|And|Or|Is
        |Are|Was|What|Which|Who|How|Post|Pre|Top|Name|World\ War|War|Channel|Stage|Phase|Part|Chapter|Page|Class|Type|Grade
        |Level|Step|Day|Week|Month|Year|Round|Tier|Group|Game|Season|Vitamin|Super\ Bowl|{_MONTH})\s\d+
    | [A-Z][A-Za-z]+\s{_YEAR}s?
    ){_END}"""

# What is numbered, before its number.
_NUMBERED = r"""(?:[Aa]rticle|[Ss]ection|[Ii]nvoice|[Oo]rder|[Tt]icket|[Cc]ontract|[Cc]ase|[Ff]orm|[Mm]odel|[Vv]ersion|[Ff]light
    |[Ee]rror|[Cc]ode|[Ii]d|ID|[Pp]art\ [Nn]umber|[Aa]rea\ code\ is|[Pp]atent|[Rr]oom|[Ii]ssue|PR|RFC|ISO|IEC|DIN|[Nn]umber
    |xbox|iphone|iPhone|windows|[a-z]+virus)"""
IDENTIFIER = rule(
    "identifier",
    [DIGIT, MARK],
    rf"""{_BEGIN}(?:
        (?=[A-Za-z0-9]+[-_/.\#:])(?=[A-Za-z0-9-_/.\#:]*\d)(?=[A-Za-z0-9-_/.\#:]*[A-Za-z])
          [A-Za-z0-9]+(?:[-_/.\#:]+[A-Za-z0-9]+)+                       # INV-2041, v2.1, X.25
        | [A-Za-z0-9]*(?:[A-Z]\d|\d[A-Z])[A-Za-z0-9]*                   # E4012, RX20b
        | [a-z]{{1,3}}\d{{1,5}}[a-z]?                                     # c5
        | \d{{3,}}-\d{{3,}}(?:-\d+)* | \d{{2,}}-\d{{4,}} | \d{{6,}}           # 88-1023, 20418873
        | \d+\.\d+\.\d+(?:\.\d+)*                                       # 10.0.0.1
        | {_NUMBERED}\s(?:[Nn]o\.?\s|[Nn]umber\s|\#)?(?:[A-Z]+\s)?\d+(?:-\d+)*[A-Za-z]?
        | [A-Z][A-Za-z]+\s\d{{1,4}}[a-z]?(?!-\d)                         # Boeing 747
        | [A-Za-z0-9]+(?:_[A-Za-z0-9]+)+                                # get_user
        | [\w.+-]+@[\w-]+\.[\w.-]+ | https?://\S+ | www\.[\w.-]+ | [\w-]+\.(?:com|org|net|io)
        ){_END}
    | (?:\#|{_BEGIN}[Nn](?:o\.?|r\.?)\s?)\d{{2,}}                         # no. 4711""",
    _ORDINARY,
    cased=True,
)
RULES: tuple[Rule, ...] = (IDENTIFIER,)
