"""Polysemy: a query that rests on one word of several unrelated senses. A list, no more: it knows no other words."""

AMBIGUOUS = frozenset(
    """apple bank bar bark base bass bat battery bill block board bolt bond book boot bow bowl box branch break
    bridge bug cabinet capital card case cast cell change channel charge chest chip claim class clip club coach code
    column command company compound conduct conductor console contract cookie cookies court crane credit cross
    current date deck delivery depression diamond dock draft drill drive driver duck exchange express fair fan field
    figure file filter fire flat fly foil fork form frame gear general grade ground hearing host interest iris issue
    jaguar jam java joint kernel key kite lead leaf leave letter lie light line list litter lock log mail march mark
    mass match memory mercury mine mint model mold mole monitor mouse nail net node note notice novel nut nuts
    oracle orange order organ pad palm park party patient pen pension phase pipe pit pitch plague plane plant plaque
    plate plot point pole policy pool port post pound press pressure prime programme proof pupil python race rack
    radio rail rate record reel release relay return ring rock root row ruby rule ruler safari saw scale school
    scope seal season second sentence service set settlement shell shift shower sign sink slip socket soil sole
    solution spring square stable stack staff stage stamp star statement station stem stick stock story strike
    string strip suit switch table tablet tank tape tender term terminal thread tick tie tip title toast token track
    trade train transfer trial trip trunk type vessel virus volume wage watch wave web well window yard""".split()
)
AMBIGUOUS_CHINESE = frozenset(
    """苹果 小米 华为 杜鹃 包袱 东西 意思 窗口 病毒 菜单 端口 平台 水分 背景 算账 后门
    黄牛 运动 结构 算盘 火星 水星 长城 金星 老虎 处理 出口 对象 句柄 线程 池 总线""".split()
)
_ARTICLES = ("the ", "a ", "an ")


def polysemous(query: str) -> str | None:
    """The one word of `query`, but for an article, where it is of the list.

    >>> polysemous("The pool"), polysemous("swimming pool")
    ('pool', None)
    """
    word = query.strip(" ?？.!").lower()
    for article in _ARTICLES:
        word = word.removeprefix(article)
    singular = word.removesuffix("s")
    known = word in AMBIGUOUS or singular in AMBIGUOUS or word in AMBIGUOUS_CHINESE
    return word if known else None
