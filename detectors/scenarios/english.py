"""Rules for English words: negation, time and quantity. What they follow is defined in docs/scenarios.md."""

from detectors.scenarios.rule import DIGIT, Rule, any_of, rule

NEGATION = rule(
    "negation",
    """not cannot without except excluding exclude excludes neither never none nobody nothing lack lacks lacking
    lacked absence fail fails failed failing failure non free no other besides apart aside instead rather opposed all
    every""",
    r"""(?:not|cannot|neither|never|none|nobody|nothing|without|except|excluding|excludes?|absence|besides|instead)\b
    (?:lack(?:s|ed|ing)?|fail(?:s|ed|ing|ure)? to|other than|rather than|apart from|aside from|as opposed to|all but)\b
    no [a-z]+
    non[- ][a-z]{2,}
    [a-z]+-free\b
    (?:every|all)\b[^.?!]{1,24}\bbut one\b""",
    r"""not (?:only|just because)
    not (?:so|too|very) \w+ ago
    (?:whether|if|or|may or may) not\b
    not\s?[?]?$
    never[- ](?:ending|mind|land|again)
    nothing (?:but|else|burger)
    without (?:a trace|borders|delay|fail)\b
    no (?:one|doubt|matter|wonder|problem|match|idea|country|way)\b
    (?:dr\.?|mr\.?|yes or|yes and) no\b
    non[- ](?:profit|fiction|stop|linear|core|recurring|trivial|governmental|hodgkin|stick|verbal|fungible|disclosure)
    (?:toll|duty|tax|hands|royalty|care)-free\b
    (?:for lack|would rather|all but one of)\b""",
)
CONTRACTED = rule(
    "negation",
    "t",
    r"\w*n\s?['’]\s?t\b",
    # Didn't a study show ...: the speaker thinks that it did.
    r"(?<!.)(?:do|is|was|are|did|has|does|have|were|would|could|should|wo|ca)n\s?['’]\s?t\b",
)

_YEAR = r"(?:1[1-9]|20)\d\d"
_MONTHS = "january february march april may june july august september october november december"
_MONTH = any_of(_MONTHS)
_LENGTH_OF_TIME = "(?:second|minute|hour|day|week|month|year)s?"
_UNIT = (
    any_of(
        """percent per_cent million billion trillion thousand k?g kilograms? grams? tons? tonnes? lbs? pounds? ounces?
        k?m cm mm (?:kilo|centi|milli)?met(?:er|re)s? miles? feet foot inch(?:es)? yards? lit(?:er|re)s? gallons?
        dollars? usd eur euros? yuan yen rmb cents? degrees? celsius fahrenheit k?v volts? (?:kilo|mega|giga)?watts?
        [mk]?w k?wh m?ah [kmg]?hz [kmgt]b(?:ps|it/s|/s)? bytes? bits? horsepower newtons? joules? k?calories"""
        f" {_LENGTH_OF_TIME}"
    )
    + r"\b"
)
DATE = rule(
    "temporal",
    [DIGIT],
    rf"""(?<![.,$€£#/-]){_YEAR}s?\b(?!-(?!{_YEAR}\b|\d\d\b)\d)
    (?:mid|late|early|post|pre)-{_YEAR}s?\b
    (?:mid-?)?[1-9]0s\b
    q[1-4]\b
    \d\d?(?:st|nd|rd|th)? (?:of )?{_MONTH}\b
    {_MONTH} \d\d?\b""",
    rf"""act of {_YEAR}
    {_YEAR}\s?(?:[%°]|-?\w+power|{_UNIT})""",
)
RECENCY = rule(
    "temporal",
    f"""latest newest recent recently lately current currently now today nowadays yesterday tomorrow outdated date ago
    century centuries earliest oldest first last this past next previous upcoming coming as in since until by
    {_MONTHS}""",
    rf"""(?:latest|newest|recent|recently|lately|current|currently|nowadays|today|yesterday|tomorrow|earliest|outdated)\b
    (?:now|century|centuries|up[- ]to[- ]date|as of|not (?:so|too|very) long ago)\b
    (?:this|last|past|next|previous|upcoming|coming) (?:\w+ )?(?:years?|months?|weeks?|days?|quarters?|century|night)\b
    (?:this|last|past|next|previous|upcoming|coming) (?:\w+ )?(?:summer|winter|spring|autumn|fall)\b
    (?:oldest|first|last) (?:contract|invoice|version|release|report|order|ticket|record|update|audit|entry)
    (?:in|since|until|by|last) {_MONTH}\b""",
    r"""current (?:relationships?|transistors?|systems?|density|flow|source|voltage)
    (?:voltage|high|low|electric|alternating|direct|ac|dc) current\b
    (?:wh|th)\w+ century\b
    as of (?:what|which)\b""",
)
ORDER = rule(
    "temporal",
    "since before after until during prior following subsequent post pre",
    rf"""since (?:the|version|release|mid|\d|\w+ing)\b
    until (?:the|version|\d)
    (?:before|after|prior to|subsequent to|following the) \w+
    post[- ](?:war|{_YEAR})
    pre-(?:war|world)
    during (?:the )?(?:[\w-]+ ){{0,3}}?(?:world|wars?|reign|era|dynasty|revolution|crisis|pandemic|depression)\b
    during (?:the )?(?:[\w-]+ ){{0,3}}?(?:presidency|occupation|uprising|empire|times?|period|{_YEAR})\b""",
    r"""(?:named|look|looks|looked|looking|known|called|ask|sought) after\b
    after (?:all|effects?|which|whom|what|care)\b
    (?:prior to|before|during) (?:which|what)\b""",
)

_NUMERALS = "two three four five six seven eight nine ten twenty thirty forty fifty hundred"
_SPELT = rf"(?:{any_of(_NUMERALS)}|(?:one|a)(?= (?:hundred|thousand|[mb]illion)))\b"
_MORE_THAN = (
    any_of("more less fewer greater larger longer shorter older younger higher lower heavier lighter cheaper") + " than"
)
_COMPARED = rf"(?:{_MORE_THAN}|over|under|above|below|at least|at most|up to|exceed(?:s|ing)?|within)"
FIGURE = rule(
    "numeric",
    [DIGIT],
    rf"""[$€£¥]\s?\d[\d,.]*
    [<>≤≥]=?\s*[$€£]?\d[\d,.]*
    (?<![\w.,-])\d[\d,.]*(?:\s?[%°]|[\s-]?{_UNIT})
    (?:{_COMPARED}|between) [$€£]?\d[\d,.]*""",
    rf"""(?:over|under|above|below|up to|within|between) {_YEAR}\b(?! {_UNIT})
    \d+ of the\b
    {_YEAR}\s?[-–]\s?\d+
    \d+[- ](?:day|year)s?['’]? war\b
    \d+ {_LENGTH_OF_TIME} ago\b""",
    begin=r"(?:\b|(?=[$€£¥<>≤≥]))",
)
SPELT_FIGURE = rule(
    "numeric",
    f"{_NUMERALS} thousand million billion trillion percent",
    rf"""{_COMPARED} {_SPELT}
    {_SPELT}[\s-]{_UNIT}""",
    rf"\w+(?:[- ](?:day|year)s?['’]? war| {_LENGTH_OF_TIME} ago| of the)\b",
)
RULES: tuple[Rule, ...] = (NEGATION, CONTRACTED, DATE, RECENCY, ORDER, FIGURE, SPELT_FIGURE)
