"""Identifiers: what designates one exact thing by its characters, in any language."""

import re

from detectors.scenarios.rule import DIGIT, Rule, rule

_NO_CASE = re.NOFLAG
_BEGIN, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"

# Digits beside letters that are words of the language, dates, times, quantities and scores.
_ORDINARY = rf"""{_BEGIN}(?:
    \d+(?:st|nd|rd|th|s|am|pm|[kmcd]?m|[km]?g|m?l|[KMGT]i?[Bb]|[kKMG]?W|[kMG]?Hz|m?Ah|k?Wh|mph|mpg|k|D|G|K|x|X|oth)
    | \d+-(?:[a-z]+)(?:-[a-z]+)* | [a-z]+-\d+ | \d+/\d+(?:/\d+)? | \d\d?:\d\d\S* | \d{{4}}-\d\d-\d\d(?:T\S*)? | (?:1\d|20)\d\d\s?-\s?\d+ | (?:[Mm]id|[Ll]ate|[Ee]arly)-\d+s? | (?:AD|BC|BCE|CE)\ \d+
    | (?:CO|H|O|NO|SO|N|CH)\d[A-Z]?[a-z]? | [BDK]\d\d? | MP[34] | F1 | V\d\d? | A[345] | WW[12I]+ | ww[12i]+ | Q[1-4] | q[1-4] | G\d\d? | [Cc][Oo][Vv][Ii][Dd]-?19 | P2P | B2[BC]
    | [Oo]mega-[369] | [Tt]ype-[12] | 24/7
    | (?:From|In|On|At|By|To|Of|Above|Below|Over|Under|After|Before|Since|Until|Between|About|Around|The|These|Those|And|Or|Is|Are|Was|What|Which|Who|How|Post|Pre
        |Top|Name|World\ War|War|Channel|Stage|Phase|Part|Chapter|Page|Class|Type|Grade|Level|Step|Day|Week|Month|Year|Round|Tier|Group|Game|Season|Vitamin|Super\ Bowl|{_MONTH})\s\d+
    | [A-Z][A-Za-z]+\s(?:1[0-9]|20)\d\ds?
    ){_END}"""

IDENTIFIER = rule(
    "identifier",
    [DIGIT, *"_ @ com org net io http https www".split()],
    rf"""{_BEGIN}(?:
        (?=[A-Za-z0-9]+[-_/.\#:])(?=[^\s\u4e00-\u9fff]*\d)(?=[^\s\u4e00-\u9fff]*[A-Za-z])[A-Za-z0-9]+(?:[-_/.\#:]+[A-Za-z0-9]+)+  # INV-2041, v2.1
        | (?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]*(?:[A-Z]\d|\d[A-Z])[A-Za-z0-9]*                     # E4012
        | (?=[a-z]+\d)[a-z]{{1,3}}\d{{1,5}}[a-z]?                                                         # c5
        | \d{{3,}}-\d{{3,}}(?:-\d+)* | \d{{2,}}-\d{{4,}}                                                    # 88-1023
        | \d{{6,}}                                                                                      # 20418873
        | \d+\.\d+\.\d+(?:\.\d+)*                                                                       # 10.0.0.1
        | (?:[Aa]rticle|[Ss]ection|[Ii]nvoice|[Oo]rder|[Tt]icket|[Cc]ontract|[Cc]ase|[Ff]orm|[Mm]odel|[Vv]ersion|[Ff]light|[Ee]rror|[Cc]ode|[Ii]d|ID|[Pp]art\s[Nn]umber|[Aa]rea\scode\sis
            |[Pp]atent|[Rr]oom|[Ii]ssue|PR|RFC|ISO|EN|IEC|DIN|[Nn]umber|xbox|iphone|windows|[a-z]+virus)\s(?:[Nn]o\.?\s|[Nn]umber\s|\#)?(?:[A-Z]+\s)?\d+[A-Za-z]?
        | [A-Z][A-Za-z]+\s\d{{1,4}}[a-z]?(?!-\d)
        | [A-Za-z0-9]+(?:_[A-Za-z0-9]+)+
        | [\w.+-]+@[\w-]+\.[\w.-]+ | https?://\S+ | (?:www\.)[\w.-]+ | [\w-]+\.(?:com|org|net|io)
        ){_END}
    | (?:\#|{_BEGIN}[Nn](?:o\.?|r\.?)\s?)\d{{2,}}                                                        # no. 4711""",
    _ORDINARY,
    flags=_NO_CASE,
)
RULES: tuple[Rule, ...] = (IDENTIFIER,)
