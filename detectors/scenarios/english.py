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
    r"""\bnot\ (?:only|just\ because|(?:so|too|very)\ \w+\ ago) | \b(?:whether|if|or)\ not\b | \bmay\ or\ may\ not\b | \bnot\s?[?]?$
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
        this last past next previous upcoming earliest oldest first since before after until during prior following subsequent post pre
        as ago century""".split()],
    rf"""(?<![\w.,$€£\#/-]){_YEAR}s?\b(?!-(?!{_YEAR}\b|\d\d\b)\d) | \b(?:mid|late|early|post|pre)-{_YEAR}s?\b
    | \b(?:mid-?)?[1-9]0s\b | \bcentur(?:y|ies)\b | \bq[1-4]\b
    | \b(?:latest|newest|recent|recently|lately|current|currently|nowadays|today|yesterday|tomorrow|earliest|outdated|now)\b
    | \b(?:oldest|first|last)\ (?:contract|invoice|version|release|report|order|ticket|record|update|audit|entry)s?\b
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
    rf"""\b(?:over|under|above|below|up\ to|within|between)\ (?:{_YEAR}|\w+\ of\ the)\b | {_YEAR}\s?[-–]\s?\d+ | \w+[-\ ](?:day|year)s?['’]?\ war\b | {_NUMBER}\s(?:[a-z]+)\ ago\b""",
)
DETAIL = rule(
    "fine_grained",
    "there does colour color shape material size side",
    r"""(?:^|[.?!,]\ )(?:is|are|was|were)\ there\ (?:an?|any)\b | ^does\ .{1,60}\ (?:contain|include|mention|have\ an?)\b
    | \bwh(?:at|ich)\ (?:\S+\ ){0,5}?(?:colou?r|shape|material|size|side)\b""",
    r"\b(?:is|are)\ there\ (?:an?|any)\ (?:difference|relationship|way|use|established)",
)
_PLACE = r"""(?:air|background|balcony|beach|bed|bench|boat|bridge|ceiling|chair|classroom|community|corner|couch|desk|door|entrance
    |fence|fields?|floor|foreground|forest|garden|grass|grassland|ground|house|kitchen|lake|lawn|left|living\ room|market|meadow
    |mountains?|ocean|park|photo|picture|pool|rain|right|river|road|roof|room|sea|shelf|shore|sky|snow|sofa|stage|street|supermarket
    |table|top|tree|wall|water|window|woods|yard)"""
SCENE = rule(
    "fine_grained",
    [SHORT, *"wearing holding carrying wear dressed photo picture image video room".split()],
    rf"""\b(?:wearing|holding|carrying)\ \w+ | ^(?:photo|picture|image|video)s?\ of\b | \bin\ (?:the|which)\ (?:photo|picture|image|video|room)\b | \bwho\ wear\b | \bdressed\ in\ \w+ | ^(?:(?:an?|the|two|three|there\ is)\ )*(?:[\w-]+\ )?{_COLOUR}(?:-\w+)?\ [a-z]+(?:\ [a-z,]+){{0,3}}$
    | ^(?:[\w-]+\ ){{1,5}}(?:on|beside|under|behind|by|near|in|inside|next\ to)\ (?:the|an?)\ (?:\w+\ )?{_PLACE}\s?\.?$
    | ^(?:[\w-]+\ ){{1,5}}(?:beside|next\ to|under|behind)\ (?:the|an?)\ \w+\s?\.?$""",
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
_ROLE = r"""(?:supervisor|superior|manager|boss|head|mother|father|parents?|wife|husband|spouse|son|daughter|brother|sister|author
    |director|founder|ceo|owner|successor|predecessor|employer|birthplace|hometown|nationality|mayor|teacher|designer|creator)"""
_WHO = r"""(?:signer|signatory|supervisor|superior|manager|boss|author|director|founder|owner|mother|father|wife|husband|inventor
    |writer|singer|actor|actress|president|ceo|creator|applicant|successor|predecessor)"""
CHAIN = rule(
    "multi_hop",
    "of many s levels",
    rf"""\b(?!name|kind|type|sort|part|parts|one|number|list|groups?|members?|results?|role|effects?|end|case|some|most|any|use|impact
        |all|many|none|each|percent|percentage|majority|rest|because|out|amount|in|on|as|meaning|definition|example)
      [a-z]+\ (?:of|for|at)\ (?:the|an?)\ (?:\w+\ )?[a-z]+(?<!way)\ (?:that|who|whose|which|where)\b
    | \bof\ who(?:m?ever)?\ \w+ed\b | \b{_ROLE}\ of\ (?:the\ )?(?:\w+\ )?{_WHO}\b | \b{_WHO}['’]s\ {_ROLE}\b
    | \b[a-z]+\ of\ [^.?!]{{1,40}}['’]s\ {_ROLE}\b | \blevels?\ above\b
    | \bwh(?:o|at|ich|ere)\b[^.?!]{{0,24}}\ do(?:es)?\ the\ {_ROLE}\ of\b
    | \bwho\ (?:supplies|audits|heads|manages|leads|signed|owns|runs|approved)\ the\ \w+\ (?:of|for|at)\b
    | \bhow\ many\ (?:of\ (?:our|the|my)\ )?(?:\w+\ )?(?:contracts|invoices|documents|reports|tickets|customers|orders|incidents
        |articles|emails|claims|policies|suppliers|papers|audits|records|files|devices|sites)\ (?!did|are\ there|does|has|were|can)""",
)
OPERATORS = rule("combinatorial", "and or", r"(?<=\S\s)(?:AND|OR)(?:\sNOT)?(?=\s\S)", flags=re.NOFLAG)
JOINED = rule(
    "combinatorial",
    "both either and or also well along plus",
    r"""\b(?:both|either)\b[^.?!]{2,80}?\b(?:and|or)\b | \bas\ well\ as\b | \balong\ with\b | (?<=\s)plus(?=\s\w)
    | [\w'’.)]+\s?,?\ and\ [\w'’]+""",
    r"""\b(?:between|among|besides|except|other\ than|apart\ from|rather\ than)\b[^.?!,]*?\band\b | ^compare\b.* | \bcomparisons?\ .*
    | \b(?:which|who)\b[^?]*\b(?:older|earlier|better|larger|bigger|higher)\b.*
    | \b(?:black\ and\ white | research\ and\ development | tom\ and\ jerry | pros?\ and\ cons? | terms\ and\ conditions
        | rock\ and\ roll | bed\ and\ breakfast | food\ and\ drinks? | supply\ and\ demand | law\ and\ order | peace\ and\ quiet
        | salt\ and\ pepper | arts?\ and\ crafts? | up\ and\ running | back\ and\ forth | (?:more|again|time)\ and\ \w+
        | hide\ and\ seek | fish\ and\ chips | mac\ and\ cheese | trial\ and\ error | dungeons\ and\ dragons | sex\ and\ the
        | diversity\ and\ inclusion | (?:ethics|sustainability|environmental|compliance)\ and\ \w+ | culture\ and\ tourism
        | romeo\ and\ juliet | (?:north|south|east|west)\ and\ \w+ | now\ and\ then | health\ and\ safety | by\ and\ large
        | young\ and\ old | nutrition\ and\ dietetics | internet\ and\ society | question\ and\ answer | each\ and\ every)\b
    | [\w'’.)]+\s?,?\ and\ (?:so|not|then|its|other|any|more|less|most|a\ half|the\ (?:like|other)|(?!need|red\b|bed\b|seed|weed|spring|ring|king|wing|thing)\w+(?:ed|ing))\b""",
)
LISTED = rule("combinatorial", [SHORT], r"^(?!wh|how)\w+(?:\ \w+)?,\s?(?:\w+(?:\ \w+)?,\s?)*(?:with\ )?\w+(?:\ \w+)?\.?$")

RULES: tuple[Rule, ...] = (NEGATION, TEMPORAL, NUMERIC, DETAIL, SCENE, COMPARISON, CHAIN, OPERATORS, JOINED, LISTED)
