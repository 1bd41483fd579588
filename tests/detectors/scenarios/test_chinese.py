"""Chinese: an example of each scenario, and words that only hold a cue's character."""

import pytest

from detectors.scenarios import classify


@pytest.mark.parametrize(
    ("query", "scenario", "words"),
    [
        ("不含糖的饮料", "negation", "不"),
        ("没有发票怎么报销", "negation", "没"),
        ("除了苹果以外的水果", "negation", "除了苹果以外"),
        ("非会员能否退款", "negation", "非"),
        ("无糖可乐", "negation", "无"),
        ("未付款的订单", "negation", "未"),
        ("最新的报销制度", "temporal", "最新"),
        ("2020年之后签署的合同", "temporal", "2020年"),
        ("上个月的账单", "temporal", "上个月"),
        ("金额超过100万元的合同", "numeric", "超过100万元"),
        ("价格低于五十元的耳机", "numeric", "低于五十元"),
        ("三天以内送到", "numeric", "三天以内"),
        ("红色的汽车", "fine_grained", "红色的"),
        ("戴帽子的男性", "fine_grained", "戴帽子的男性"),
        ("图里有没有猫", "fine_grained", "图里有"),
        ("桌子上的耳机", "fine_grained", "桌子上的"),
        ("借记卡和信用卡的区别", "multi_hop", "区别"),
        ("签署人的上司是谁", "multi_hop", "签署人的上司"),
        ("有多少份合同提到违约金", "multi_hop", "有多少份合同"),
        ("苹果和西瓜", "combinatorial", "和"),
        ("西瓜 芒果", "combinatorial", "西瓜 芒果"),
        ("如何重置 router 密码", "cross_lingual", "router"),
        ("苹果", "polysemy", "苹果"),
    ],
)
def test_a_scenario(query: str, scenario: str, words: str) -> None:
    assert classify(query)[scenario] == words


@pytest.mark.parametrize(
    "query",
    [
        "如何重置密码",
        "不同的方案",
        "不锈钢水杯",
        "非常好吃的面",
        "无锡酒店",
        "无线网络设置",
        "未来的计划",
        "是不是会员价",
        "和平饭店",
        "饱和脂肪",
        "涉及费用",
        "网上的课程",
        "新员工入职流程",
        "第三天的行程",
        "二年级课本",
        "比较好的酒店",
        "红包退回",
        "与客服的对话",
    ],
)
def test_an_ordinary_query(query: str) -> None:
    assert classify(query) == {}
