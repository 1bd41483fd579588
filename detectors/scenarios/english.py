"""The rules for English queries. The definitions that they follow are in docs/scenarios.md."""

import re

from detectors.scenarios.rule import DIGIT, SHORT, Rule, rule

_SMALL = "two three four five six seven eight nine ten twenty thirty forty fifty hundred"
_NUMBER = rf"(?:\d[\d,.]*|(?:(?:one|a)(?=\ (?:hundred|thousand|million|billion))|{'|'.join(_SMALL.split())})\b)"
_UNIT = r"""(?:percent|per\ cent|[mb]illion|trillion|thousand|k?g|kilograms?|grams?|tons?|tonnes?|lbs?|pounds?|ounces?
    |k?m|cm|mm|(?:kilo|centi|milli)?met(?:er|re)s?|miles?|feet|foot|inch(?:es)?|yards?|lit(?:er|re)s?|gallons?|dollars?
    |usd|eur|euros?|yuan|yen|rmb|cents?|degrees?|celsius|fahrenheit|k?v|volts?|(?:kilo|mega|giga)?watts?|[mk]?w|k?wh|m?ah
    |[kmg]?hz|[kmgt]b(?:ps|it/s|/s)?|bytes?|bits?|horsepower|newtons?|joules?|k?calories|seconds?|minutes?|hours?|days?
    |weeks?|months?|years?)\b"""
_MONTH = r"(?:(?:jan|febr)uary|march|april|may|june|july|august|(?:septem|octo|novem|decem)ber)"
_YEAR = r"(?:1[0-9]|20)\d\d"
_COLOUR = r"(?:black|white|red|blue|green|yellow|pink|purple|brown|gr[ae]y|golden|silver)"

NEGATION = rule(
    "negation",
    """not t cannot without except excluding exclude excludes neither nor never none nobody nothing lack lacks lacking lacked
    absence fail fails failed failing failure non free no other besides apart aside instead rather opposed but""",
    r"""\bnot\b | n\s?['’]\s?t\b | \b(?:cannot|neither|never|none|nobody|nothing|without|except|excluding|excludes?|absence)\b
    | \black(?:s|ed|ing)?\b | \bfail(?:s|ed|ing|ure)?\ to\b | \bnon[-\s][a-z]\w+ | \b\w+-free\b | \bno\ [a-z]+
    | \b(?:other|rather)\ than\b | \bbesides\b | \b(?:apart|aside)\ from\b | \binstead\b | \bas\ opposed\ to\b
    | \ball\ but\b | \b(?:every|all)\b[^.?!]{1,24}\bbut\ one\b""",
    r"""\bnot\ (?:only|just\ because|(?:so|too|very)\ \w+\ ago) | \b(?:whether|if|or)\ not\b | \bnot\s?[?]?$
    | ^(?:do|is|was|are|did|has|does|have|were|would|could|should|wo|ca)n\s?['’]\s?t\b       # Didn't a study show ...
    | \bnever[-\s](?:ending|mind|land|again) | \bnothing\ (?:but|else) | \bwithout\ (?:a\ trace|borders|delay|fail)\b
    | \bfor\ lack\b | \bnon[-\s](?:profit|fiction|stop|linear|core|recurring|trivial|governmental|hodgkin|stick|verbal
        |fungible|disclosure)\w* | \b(?:toll|duty|tax|hands|royalty|care)-free\b | \bwould\ rather\b
    | \b(?:dr\.?|mr\.?|yes\ (?:or|and))\ no\b | \bno\ (?:one|doubt|matter|wonder|problem|match|idea|country|way)\b
    | \ball\ but\ one\ of""",
)
TEMPORAL = rule(
    "temporal",
    [DIGIT, *"""latest newest recent recently lately currently current now today nowadays yesterday tomorrow outdated date
        this last past next previous upcoming earliest since before after until during prior following subsequent post pre
        as ago century""".split()],
    rf"""(?<![\w.,$€£\#/-]){_YEAR}s?\b | (?<=-){_YEAR}s?\b
    | \b(?:mid-?)?[1-9]0s\b | \bcentur(?:y|ies)\b | \bq[1-4]\b
    | \b(?:latest|newest|recent|recently|lately|current|currently|nowadays|today|yesterday|tomorrow|earliest|outdated|now)\b
    | \bup[-\ ]to[-\ ]date\b | \bas\ of\b | \bnot\ (?:so|too|very)\ long\ ago\b
    | \b(?:this|last|past|next|previous|upcoming|coming)\ (?:\w+\ )?(?:years?|months?|weeks?|days?|quarters?|summer|winter
        |spring|autumn|fall|night|century)\b
    | \b{_MONTH}\ \d{{1,2}}\b | \b\d{{1,2}}(?:st|nd|rd|th)?\ (?:of\ )?{_MONTH}\b | \b(?:in|since|until|by|last)\ {_MONTH}\b
    | \bsince\ (?:the|version|release|\d|\w+ing)\b | \buntil\ (?:the|version|\d)
    | \b(?:before|after|prior\ to|subsequent\ to)\ \w+ | \bfollowing\ the\ \w+
    | \bpost[-\ ](?:war|{_YEAR}) | \bpre-(?:war|world)
    | \bduring\ (?:the\ )?(?:[\w-]+\ ){{0,3}}?(?:world|wars?|reign|era|dynasty|revolution|crisis|pandemic|depression
        |presidency|occupation|uprising|empire|times?|period|{_YEAR})\b""",
    rf"""\bact\ of\ {_YEAR} | {_YEAR}\s?(?:[%°]|-?\w+power) | \b(?:named|look|looks|looked|looking|known|called|ask|sought)\ after\b
    | \bafter\ (?:all|effects?|which|whom|what|care)\b | \bprior\ to\ (?:which|what)\b | \b(?:before|after)\ (?:which|what)\b
    | \bcurrent\ (?:relationships?|transistors?|systems?|density|flow|source|voltage) | \b(?:voltage|high|low|electric|alternating|direct
        |ac|dc)\ current\b | \bthe\ following\b | \bduring\ wh\w+ | \b(?:wh|th)\w+\ century\b | \bas\ of\ (?:what|which)\b""",
)
NUMERIC = rule(
    "numeric",
    [DIGIT, *"$ € £ ¥ % < > ≤ ≥ percent million billion thousand".split(), *_SMALL.split()],
    rf"""[$€£¥]\s?\d[\d,.]* | [<>≤≥]=?\s*[$€£]?\d[\d,.]* | (?<![\w-])\d[\d,.]*\s?[%°]
    | (?<![\w.-]){_NUMBER}(?:\s|-)?{_UNIT}
    | \b(?:more|less|fewer|greater|larger|longer|shorter|older|younger|higher|lower|heavier|lighter|faster|slower|cheaper)
      \ than\ [$€£]?{_NUMBER}
    | \b(?:over|under|above|below|at\ least|at\ most|up\ to|exceed(?:s|ing)?|within)\ [$€£]?{_NUMBER}
    | \bbetween\ [$€£]?{_NUMBER}\ and\ [$€£]?{_NUMBER}""",
    rf"""\b(?:over|under|above|below|up\ to|within|between)\ (?:{_YEAR}|\w+\ of\ the)\b | {_YEAR}\s?[-–]\s?\d+ | {_NUMBER}\s(?:[a-z]+)\ ago\b""",
)
DETAIL = rule(
    "fine_grained",
    "there does colour color shape material size side wearing holding carrying wear dressed contain contains",
    r"""\b(?:is|are|was|were)\ there\ (?:an?|any)\b | ^does\ .{1,60}\ (?:contain|include|mention|have\ an?)\b
    | \bwh(?:at|ich)\ (?:\S+\ ){0,5}?(?:colou?r|shape|material|size|side)\b | \b(?:wearing|holding|carrying)\ \w+
    | \bpeople\ who\ wear\b | \bdressed\ in\ \w+""",
    r"\b(?:is|are)\ there\ (?:an?|any)\ (?:difference|relationship|way|use|established)",
)
SCENE = rule(
    "fine_grained",
    [SHORT],
    rf"""^(?:(?:an?|the|two|three|there\ is)\ )*(?:[\w-]+\ )?{_COLOUR}(?:-\w+)?\ [a-z]+(?:\ [a-z,]+){{0,3}}$
    | ^(?:[\w-]+\ ){{1,5}}(?:on|beside|under|behind|by|near|in)\ (?:the|an?)\ (?:\w+\ )?[a-z]+\s?\.?$""",
    rf"""^(?:what|which|who\w*|when|where|why|how|is|are|was|does|do|did|can|please)\b.* | \b{_COLOUR}\ (?:house|tea|sea|cross|hole|board|paper|\w*berries|sox|list
        |market|card|friday|cell|cells|wine|meat)\b""",
)
COMPARISON = rule(
    "multi_hop",
    """compare compared comparison comparisons comparing difference differences differ differs versus vs similarities preferable
    older younger earlier later better bigger larger higher taller more faster cheaper""",
    r"""\bcompare\b | \bcompar(?:ed|ing|isons?)\ (?:[\w-]+\ ){0,3}?(?:with|to|between|of)\b | \bdifferences?\ between\b
    | \bdiffers?\ from\b | \bversus\b | \bvs\b | \bsimilarities\ (?:between|of)\b | \bpreferable\ to\b
    | \b(?:which|who|what|whether)\b[^.?!]{0,40}\b(?:older|younger|earlier|later|better|bigger|larger|higher|taller|more|faster
        |cheaper)\b[^.?!]{1,80}\bor\b
    | \bwhich\ (?:of\ the\ two|one|company)\b[^.?!]*\b(?:earlier|later|more|higher|larger|lower|older)\b""",
)
_ROLE = r"""(?:supervisor|manager|boss|head|mother|father|parents?|wife|husband|spouse|son|daughter|brother|sister|author|director
    |founder|ceo|owner|successor|predecessor|employer|capital|birthplace|hometown|nationality|mayor|president|teacher|designer
    |creator|writer|population|headquarters|chair(?:man|woman)?|leader|e-?mail|phone|address)"""
_WHO = r"""(?:signer|signatory|supervisor|manager|author|director|founder|owner|mother|father|wife|husband|inventor|writer|singer
    |actor|actress|president|ceo|creator|applicant|successor|predecessor)"""
CHAIN = rule(
    "multi_hop",
    "of who many whose s",
    rf"""\b{_ROLE}\ (?:of|for)\ (?:the|an?)\ (?:\w+\ ){{0,2}}?(?:{_WHO}\b|(?:\w+\ )?(?:that|who|which|where|whose)\b)
    | \b{_WHO}['’]s\ {_ROLE}\b
    | \bhow\ many\ (?:of\ (?:our|the|my)\ )?(?:\w+\ )?(?:contracts|invoices|documents|reports|tickets|customers|orders|incidents
        |articles|cases|emails|claims|policies|suppliers|papers|audits|records|files|devices|sites)\ (?!did|are\ there|does|has|were\ there|can)""",
)
OPERATORS = rule("combinatorial", "and or", r"(?<=\S\s)(?:AND|OR)(?:\sNOT)?(?=\s\S)", flags=re.NOFLAG)
JOINED = rule(
    "combinatorial",
    "both either and or also well along plus",
    r"""\b(?:both|either)\b[^.?!]{2,80}?\b(?:and|or)\b | \bas\ well\ as\b | \balong\ with\b | (?<=\s)plus(?=\s\w)
    | [\w'’.)]+\s?,?\ and\ [\w'’]+""",
    r"""\b(?:between|among|besides|except|other\ than|apart\ from|rather\ than)\b[^.?!,]*?\band\b | ^compare\b.* | \bcomparisons?\ .*
    | \b(?:which|who)\b[^?]*\b(?:older|earlier|better|larger|bigger|higher)\b.*
    | \b(?:black|research|tom|pros?|terms|rock|bed|food|supply|law|peace|salt|arts?|science|up|back|more|again|time|mind|hide
        |fish|mac|bread|trinidad|bosnia|trial|hit|dungeons|diversity|ethics|sustainability|sex|each|environmental|electric
        |culture|romeo|north|south|east|west|now|hundred|safety|question|so|then|yes|by|hardware|nutrition|internet|house|duke
        |king|young|compliance)\ (?:&|and|or)\ [\w'’]+
    | \band\ (?:so|not|then|its|other|any|more|less|most|a\ half|the\ (?:like|other)|\w+(?:ed|ing))\b""",
)
LISTED = rule("combinatorial", [SHORT], r"^(?!wh|how)\w+(?:\ \w+)?,\s?(?:\w+(?:\ \w+)?,\s?)*(?:with\ )?\w+(?:\ \w+)?\.?$")

RULES: tuple[Rule, ...] = (NEGATION, TEMPORAL, NUMERIC, DETAIL, SCENE, COMPARISON, CHAIN, OPERATORS, JOINED, LISTED)
