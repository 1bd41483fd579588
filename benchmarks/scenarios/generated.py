"""Queries made from templates, in English and Chinese: what belongs to a scenario, and what only looks like it.

They were written with the rules in sight: they show what the rules are meant to do, and are no estimate of how well
they
do on queries of the world.
"""

from collections.abc import Iterator
from itertools import product

THINGS = {
    "English": ("invoice", "router", "warranty", "coffee machine", "travel policy"),
    "Chinese": ("发票", "路由器", "保修", "咖啡机", "差旅制度"),
}
TEMPLATES: dict[str, dict[str, tuple[str, str]]] = {  # belongs | near misses, one template a line
    "English": {
        "negation": (
            """{0} without a receipt
            every {0} except the blue one
            {0} that is not covered
            why doesn't the {0} work
            which {0} has no fees
            anything other than a {0}
            lead-free {0}
            {0} lacking a label""",
            """{0} no. 5
            not only the {0}
            {0} of a non-profit
            whether or not a {0} is needed
            no one answers about the {0}
            a {0} and nothing else""",
        ),
        "identifier": (
            """{0} INV-2041
            {0} with error E4012
            {0} #88123
            rx-2041 {0}
            {0} 88-1023
            version 2.1.4 of the {0}
            {0} under section 14
            get_total of the {0}""",
            """{0} of 2019
            a 5kg {0}
            3D {0}
            the 2nd {0}
            {0} for World War 2
            {0} at 10:30
            {0} in the 1960s""",
        ),
        "numeric": (
            """{0} over $500
            {0} for less than 20 euros
            {0} of at least 3 kg
            {0} within 14 days
            {0} between 10 and 20 percent
            {0} < 40""",
            """how many {0} types are there
            {0} over the river
            {0} of 2019
            the most common {0}
            two cats and a {0}""",
        ),
        "temporal": (
            """latest {0}
            {0} since 2020
            {0} before the merger
            current {0}
            {0} of last month
            {0} on March 3
            {0} in the 19th century""",
            """when was the {0} made
            named after a {0}
            after all a {0}
            the following {0}
            {0} for low current transistors""",
        ),
        "multi_hop": (
            """supervisor of the signer of the {0}
            difference between a {0} and a lamp
            compare the {0} with the lamp
            which is older, the {0} or the lamp
            audit of the plant that makes the {0}
            how many contracts mention a {0}
            who is two levels above the owner of the {0}""",
            """owner of the {0}
            the name of the {0} that won
            how many {0} types are there
            a better {0}
            capital of France""",
        ),
        "combinatorial": (
            """{0} with both wifi and gps
            either a {0} or a lamp
            {0} AND lamp
            {0} as well as a lamp
            {0}, lamp, chair
            {0} and lamp""",
            """research and development of the {0}
            pros and cons of a {0}
            black and white {0}
            {0} between noon and midnight
            more and more {0}""",
        ),
        "fine_grained": (
            """is there a {0} in the picture
            what colour is the {0}
            black {0}
            someone holding a {0}
            a {0} on the table
            which side of the {0}""",
            """when was there a {0}
            who wrote the {0}
            black market {0}
            does the {0} matter
            {0} on the internet""",
        ),
        "cross_lingual": ("""{0} 怎么用\n重置 {0}""", """{0} für alle\n{0} → help"""),
        "polysemy": ("""pool\nthe bank\nclaims\na crane""", """swimming pool\ninsurance claim\n{0}"""),
    },
    "Chinese": {
        "negation": (
            """不含{0}的方案
            没有{0}怎么办
            除了{0}以外的选择
            非{0}类费用
            无{0}报销
            未提交{0}""",
            """不同的{0}
            非常好的{0}
            不锈钢{0}
            无线{0}
            有没有{0}
            不仅是{0}
            未来的{0}
            无锡的{0}""",
        ),
        "identifier": (
            """{0}编号HT-2023-0815
            错误E4012的{0}
            {0}INV20418
            {0}#88123""",
            """2020年的{0}
            5kg的{0}
            3D{0}
            第2个{0}""",
        ),
        "numeric": (
            """超过100万元的{0}
            价格低于50元的{0}
            {0}三天以内
            至少3公斤的{0}
            500元以上的{0}""",
            """2020年的{0}
            第三天的{0}
            多少种{0}
            二年级的{0}""",
        ),
        "temporal": (
            """最新的{0}
            2020年之后的{0}
            今年的{0}
            上个月的{0}
            目前的{0}""",
            """什么时候有{0}
            新{0}
            {0}前天线""",
        ),
        "multi_hop": (
            """{0}和台灯的区别
            {0}签署人的上司的电话
            {0}和台灯哪个更贵
            有多少份合同提到{0}""",
            """{0}的价格
            比较好的{0}
            多少种{0}""",
        ),
        "combinatorial": (
            """{0}和台灯
            {0}或者台灯
            {0}以及台灯
            {0} 台灯 椅子""",
            """和平{0}
            {0}和台灯的区别
            饱和{0}
            涉及{0}""",
        ),
        "fine_grained": (
            """红色的{0}
            图里有没有{0}
            桌子上的{0}
            拿着{0}的人
            {0}是什么颜色""",
            """网上的{0}
            {0}的作者
            红包{0}
            戴尔{0}""",
        ),
        "cross_lingual": ("""{0}怎么连router\nrefund需要{0}吗""", """{0}的APP\n{0}A款\nDNA{0}"""),
        "polysemy": ("""苹果\n小米""", """苹果{0}\n{0}"""),
    },
}


def generated() -> Iterator[tuple[str, str, bool, str]]:
    """Language, scenario, whether the query belongs to it, and the query, without repeats."""
    seen: set[tuple[str, str, str]] = set()
    for language, scenarios in TEMPLATES.items():
        for name, kinds in scenarios.items():
            for belongs, templates in zip((True, False), kinds, strict=True):
                for template, thing in product(templates.splitlines(), THINGS[language]):
                    query = template.strip().format(thing)
                    if (language, name, query) not in seen:
                        seen.add((language, name, query))
                        yield language, name, belongs, query
