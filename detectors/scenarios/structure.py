"""Rules for how an English query is built: details, comparisons, chains, conditions. Defined in docs/scenarios.md."""

from detectors.scenarios.rule import ANYWHERE, SHORT, SHORT_WORDS, UPPER, Rule, any_of, rule

_QUESTION = r"^(?:what|which|who\w*|when|where|why|how|is|are|was|does|do|did|can|please)\b.*"
_COLOURS = "black white red blue green yellow pink purple brown gray grey golden silver"
_COLOUR = any_of(_COLOURS)
_PLACE = any_of(
    """air background balcony beach bed bench boat bridge ceiling chair classroom community corner couch desk door
    entrance fence fields? floor foreground forest garden grass grassland ground house kitchen lake lawn left
    living_room market meadow mountains? ocean park photo picture pool rain right river road roof room sea shelf shore
    sky snow sofa stage street supermarket table top tree wall water window woods yard"""
)
DETAIL = rule(
    "fine_grained",
    "there does colour color shape material size side",
    r"""(?<!\w )(?:is|are|was|were) there (?:an?|any)\b
    (?<!.)does .{1,60} (?:contain|include|mention|have an?)\b
    wh(?:at|ich) (?:\S+ ){0,5}?(?:colou?r|shape|material|size|side)\b""",
    r"(?:is|are) there (?:an?|any) (?:difference|relationship|way|use|established)",
)
SEEN = rule(
    "fine_grained",
    "wearing holding carrying wear dressed photo picture image video room",
    r"""(?:wearing|holding|carrying|dressed in) \w+
    who wear\b
    in (?:the|which) (?:photo|picture|image|video|room)\b
    (?<!.)(?:photo|picture|image|video)s? of\b""",
    r"^(?:what|who\w*|when|where|why|how)\b.*",
)
COLOURED = rule(
    "fine_grained",
    f"{_COLOURS} fleshed",
    rf"^(?:(?:an?|the|two|three|there is) )*(?:[\w-]+ )?{_COLOUR}(?:-\w+)? [a-z]+(?: [a-z,]+){{0,3}}$",
    rf"""{_QUESTION}
    .*\b{_COLOUR} (?:house|tea|sea|cross|hole|board|paper|\w*berries|sox|list|market|card|friday|cells?|wine|meat)\b""",
)
SCENE = rule(
    "fine_grained",
    "on beside under behind by near in inside next",
    rf"""^(?:[\w-]+ ){{1,5}}(?:on|beside|under|behind|by|near|in|inside|next to) (?:the|an?) (?:\w+ )?{_PLACE}\s?\.?$
    ^(?:[\w-]+ ){{1,5}}(?:beside|next to|under|behind) (?:the|an?) \w+\s?\.?$""",
    _QUESTION,
)

_BETTER = any_of("older younger earlier later better bigger larger higher lower taller more faster cheaper")
COMPARISON = rule(
    "multi_hop",
    """compare compared comparison comparisons comparing difference differences differ differs versus vs similarities
    preferable older younger earlier later better bigger larger higher lower taller more faster cheaper""",
    rf"""(?:compare|differences? between|differs? from|versus|vs|similarities between|similarities of|preferable to)\b
    compar(?:ed|ing|isons?) (?:[\w-]+ ){{0,3}}?(?:with|to|between|of)\b
    wh(?:ich|o|at|ether)\b[^.?!]{{0,40}}\b{_BETTER}\b[^.?!]{{1,80}}\bor\b
    which (?:of the two|one|company)\b[^.?!]*\b{_BETTER}\b""",
)
_ROLES = """supervisor superior manager boss head mother father parent parents wife husband spouse son daughter
    brother sister author director founder ceo owner successor predecessor employer birthplace hometown nationality
    mayor teacher designer creator"""
_ROLE = any_of(_ROLES)
_WHO = any_of(
    """signer signatory supervisor superior manager boss author director founder owner mother father wife husband
    inventor writer singer actor actress president ceo creator applicant successor predecessor"""
)
RELATIVES = rule(
    "multi_hop",
    f"{_ROLES} levels whoever whomever signed supplies audits",
    rf"""{_ROLE} of (?:the )?(?:\w+ )?{_WHO}\b
    {_WHO}['’]s {_ROLE}\b
    [a-z]+ of [^.?!]{{1,40}}['’]s {_ROLE}\b
    levels? above\b
    of who(?:m?ever)? \w+ed\b
    wh(?:o|at|ich|ere)\b[^.?!]{{0,24}} do(?:es)? the {_ROLE} of\b
    who (?:supplies|audits|heads|manages|leads|signed|owns|runs|approved) the \w+ (?:of|for|at)\b""",
)
CHAIN = rule(
    "multi_hop",
    "that who whose which where",
    r"[ ](?:of|for|at) (?:the|an?) (?:[a-z]+ )?[a-z]+(?<!way) (?:that|who|whose|which|where)\b",
    any_of(
        r"""\bname \bkind \btype \bsort \bparts? \bone \bnumber \blist \bgroups? \bmembers? \bresults? \brole
        \beffects? \bend \bcase \bsome \bmost \bany \buse \bimpact \ball \bmany \bnone \beach \bpercent \bpercentage
        \bmajority \brest \bbecause \bout \bamount \bin \bon \bas \bmeaning \bdefinition \bexamples? \binstance \bterm
        \bword"""
    )
    + r" (?:of|for|at) (?:the|an?)\b",
    begin=ANYWHERE,
)
_RECORDS = """contracts invoices documents reports tickets customers orders incidents articles emails claims policies
    suppliers papers audits records files devices sites"""
COUNT = rule(
    "multi_hop",
    _RECORDS,
    rf"how many (?:of (?:our|the|my) )?(?:\w+ )?{any_of(_RECORDS)} (?!did|are there|does|has|were|can)",
)

OPERATORS = rule("combinatorial", [UPPER], r"(?<=\S\s)(?:AND|OR)(?:\sNOT)?(?=\s\S)", cased=True)
BOTH = rule(
    "combinatorial",
    "both either well along plus",
    r"""(?:both|either)\b[^.?!]{2,80}?\b(?:and|or) \w+
    (?:as well as|along with)\b
    (?<=\s)plus(?=\s\w)""",
    r"^compare\b.*",
)
# Fixed pairs and names; an asterisk stands for any word.
_PAIRS = """black-white research-development tom-jerry pros-cons terms-conditions rock-roll bed-breakfast food-drink
    supply-demand law-order up-running back-forth more-more again-again fish-chips trial-error sex-the
    now-then health-safety young-old question-answer internet-society electric-magnetic ethics-*
    compliance-* sustainability-* environmental-* north-* south-* culture-*"""
_FIXED = "|".join(
    rf"(?<=\b{first} and ){second}".replace("*", r"\w+")
    for first, _, second in (pair.partition("-") for pair in _PAIRS.split())
)
_NOT_JOINED = rf"""\b(?i:between|among|besides|except|other than|apart from|rather than)\b[^.?!,]*? and\b
    (?i:^compare)\b.*
    \bcomparisons? .*
    \b(?i:which|who)\b[^?]*\b{_BETTER}\b.*
    [ ](?i:and (?:{_FIXED}))\b"""
JOINED = rule(
    "combinatorial",
    ["and"],
    r"[ ]and [\w'’]+",
    # In a longer question "and" mostly goes on with something else.
    rf"""^(?:wh\w+|how|is|are|was|do|does|did|can|based|in|if|after) (?:\S+ ){{{SHORT_WORDS - 1}}}.*
    {_NOT_JOINED}
    [ ]and (?:so|not|then|its|other|any|more|less|most|a half|the like|the other)\b
    [ ]and (?!need|red\b|bed\b|seed|weed|spring|ring|king|wing|thing)\w+(?:ed|ing)\b""",
    begin=ANYWHERE,
)
NAMES_JOINED = rule(
    "combinatorial", ["and"], r"(?<=[\w.)])[ ]and [A-Z][\w'’]+", _NOT_JOINED, begin=ANYWHERE, cased=True
)
LISTED = rule("combinatorial", [SHORT], r"^(?!wh|how)\w+(?: \w+)?,\s?(?:\w+(?: \w+)?,\s?)*(?:with )?\w+(?: \w+)?\.?$")

RULES: tuple[Rule, ...] = (
    *(DETAIL, SEEN, COLOURED, SCENE, COMPARISON, RELATIVES, CHAIN, COUNT),
    *(OPERATORS, BOTH, JOINED, NAMES_JOINED, LISTED),
)
