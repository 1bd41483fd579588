"""Rules for English words: negation, time and quantity. What they follow is defined in docs/scenarios.md."""

from detectors.scenarios.rule import DIGIT, Rule, rule

_NUMERALS = "two three four five six seven eight nine ten twenty thirty forty fifty hundred"
_SCALES = "hundred thousand million billion trillion percent"
_SPELT = rf"(?:{'|'.join(_NUMERALS.split())}|(?:one|a)(?=\ (?:hundred|thousand|[mb]illion)))\b"
_UNIT = r"""(?:percent|per\ cent|[mb]illion|trillion|thousand|k?g|kilograms?|grams?|tons?|tonnes?|lbs?|pounds?|ounces?
    |k?m|cm|mm|(?:kilo|centi|milli)?met(?:er|re)s?|miles?|feet|foot|inch(?:es)?|yards?|lit(?:er|re)s?|gallons?|dollars?
    |usd|eur|euros?|yuan|yen|rmb|cents?|degrees?|celsius|fahrenheit|k?v|volts?|(?:kilo|mega|giga)?watts?|[mk]?w|k?wh|m?ah
    |[kmg]?hz|[kmgt]b(?:ps|it/s|/s)?|bytes?|bits?|horsepower|newtons?|joules?|k?calories|seconds?|minutes?|hours?|days?
    |weeks?|months?|years?)\b"""
_OF_TIME = r"(?:second|minute|hour|day|week|month|year)s?"
_MONTH = r"(?:(?:jan|febr)uary|march|april|may|june|july|august|(?:septem|octo|novem|decem)ber)"
_YEAR = r"(?:1[0-9]|20)\d\d"

_NEGATION_CUES = """not cannot without except excluding exclude excludes neither never none nobody nothing lack lacks lacking
    lacked absence fail fails failed failing failure non free no other besides apart aside instead rather opposed all every"""
NEGATION = rule(
    "negation",
    _NEGATION_CUES,
    r"""\b(?:not\b | cannot\b | neither\b | never\b | none\b | nobody\b | nothing\b | without\b | except\b | excluding\b
        | excludes?\b | absence\b | besides\b | instead\b | lack(?:s|ed|ing)?\b | fail(?:s|ed|ing|ure)?\ to\b
        | non[-\ ][a-z]{2,} | no\ [a-z]+ | (?:other|rather)\ than\b | (?:apart|aside)\ from\b | as\ opposed\ to\b
        | all\ but\b | (?:every|all)\b[^.?!]{1,24}\bbut\ one\b | [a-z]+-free\b)""",
    r"""\b(?:not\ (?:only|just\ because|(?:so|too|very)\ \w+\ ago) | (?:whether|if|or|may\ or\ may)\ not\b | not\s?[?]?$
        | never[-\ ](?:ending|mind|land|again) | nothing\ (?:but|else|burger) | without\ (?:a\ trace|borders|delay|fail)\b
        | (?:toll|duty|tax|hands|royalty|care)-free\b | for\ lack\b | would\ rather\b | (?:dr\.?|mr\.?|yes\ (?:or|and))\ no\b | all\ but\ one\ of
        | no\ (?:one|doubt|matter|wonder|problem|match|idea|country|way)\b
        | non[-\ ](?:profit|fiction|stop|linear|core|recurring|trivial|governmental|hodgkin|stick|verbal|fungible
            |disclosure))""",
)
CONTRACTED = rule(
    "negation",
    "t",
    r"\b\w+n\s?['’]\s?t\b",
    r"^(?:do|is|was|are|did|has|does|have|were|would|could|should|wo|ca)n\s?['’]\s?t\b",  # Didn't a study show ...
)
DATE = rule(
    "temporal",
    [DIGIT],
    rf"""(?<![\w.,$€£\#/-]){_YEAR}s?\b(?!-(?!{_YEAR}\b|\d\d\b)\d) | \b(?:mid|late|early|post|pre)-{_YEAR}s?\b
    | \b(?:(?:mid-?)?[1-9]0s | q[1-4] | \d\d?(?:st|nd|rd|th)?\ (?:of\ )?{_MONTH} | {_MONTH}\ \d\d? )\b""",
    rf"\bact\ of\ {_YEAR} | {_YEAR}\s?(?:[%°]|-?\w+power)",
)
RECENCY = rule(
    "temporal",
    """latest newest recent recently lately current currently now today nowadays yesterday tomorrow outdated date ago century
    centuries earliest oldest first last this past next previous upcoming coming as in since until by january february march
    april may june july august september october november december""",
    rf"""\b(?:latest | newest | recent | recently | lately | current | currently | nowadays | today | yesterday | tomorrow
        | earliest | outdated | now | century | centuries | up[-\ ]to[-\ ]date | as\ of | not\ (?:so|too|very)\ long\ ago
        | (?:this|last|past|next|previous|upcoming|coming)\ (?:\w+\ )?(?:years?|months?|weeks?|days?|quarters?|summer|winter
            |spring|autumn|fall|night|century)
        | (?:oldest|first|last)\ (?:contract|invoice|version|release|report|order|ticket|record|update|audit|entry)s?
        | (?:in|since|until|by|last)\ {_MONTH} )\b""",
    r"""\b(?:current\ (?:relationships?|transistors?|systems?|density|flow|source|voltage) | as\ of\ (?:what|which)\b
        | (?:voltage|high|low|electric|alternating|direct|ac|dc)\ current\b | (?:wh|th)\w+\ century\b)""",
)
ORDER = rule(
    "temporal",
    "since before after until during prior following subsequent post pre",
    rf"""\b(?:since\ (?:the|version|release|mid|\d|\w+ing)\b | until\ (?:the|version|\d) | (?:before|after)\ \w+
        | (?:prior|subsequent)\ to\ \w+ | following\ the\ \w+ | post[-\ ](?:war|{_YEAR}) | pre-(?:war|world)
        | during\ (?:the\ )?(?:[\w-]+\ ){{0,3}}?(?:world|wars?|reign|era|dynasty|revolution|crisis|pandemic|depression
            |presidency|occupation|uprising|empire|times?|period|{_YEAR})\b)""",
    r"""\b(?:(?:named|look|looks|looked|looking|known|called|ask|sought)\ after\b | the\ following\b
        | after\ (?:all|effects?|which|whom|what|care)\b | (?:prior\ to|before)\ (?:which|what)\b | during\ wh\w+)""",
)
MORE_THAN = (
    r"(?:more|less|fewer|greater|larger|longer|shorter|older|younger|higher|lower|heavier|lighter|faster|slower|cheaper)\ than"
)
FIGURE = rule(
    "numeric",
    [DIGIT],
    rf"""[$€£¥]\s?\d[\d,.]* | [<>≤≥]=?\s*[$€£]?\d[\d,.]* | (?<![\w.,-])\d[\d,.]*(?:\s?[%°]|[\s-]?{_UNIT})
    | \b(?:{MORE_THAN}|over|under|above|below|at\ least|at\ most|up\ to|exceed(?:s|ing)?|within|between)\ [$€£]?\d[\d,.]*""",
    rf"""\b(?:over|under|above|below|up\ to|within|between)\ {_YEAR}\b(?!\ {_UNIT}) | \b\d+\ of\ the\b | {_YEAR}\s?[-–]\s?\d+
    | \b\d+[-\ ](?:day|year)s?['’]?\ war\b | \b\d+\ {_OF_TIME}\ ago\b""",
)
SPELT_FIGURE = rule(
    "numeric",
    f"{_NUMERALS} {_SCALES}",
    rf"""\b(?:(?:{MORE_THAN}|over|under|above|below|at\ least|at\ most|up\ to|within)\ {_SPELT} | {_SPELT}[\s-]{_UNIT})""",
    rf"\b\w+(?:[-\ ](?:day|year)s?['’]?\ war|\ {_OF_TIME}\ ago|\ of\ the)\b",
)
RULES: tuple[Rule, ...] = (NEGATION, CONTRACTED, DATE, RECENCY, ORDER, FIGURE, SPELT_FIGURE)
