"""Names of the demo campus in Chinese and English: uses of rooms, blocks, departments and what they study.

The public facts are those of the campus that the demo imitates (48 buildings in four blocks, numbered mega-structures,
mechanical engineering in number 2, law in the humanities building); which other department sits where is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Group = Literal["laboratory", "dormitory", "office", "teaching", "rest", "circulation", "service"]


@dataclass(frozen=True, slots=True)
class Use:
    """What a room is for: its words, the share of the campus's mix it counts to, and whether things are plugged in.

    ``category`` is the key of the product's table of categories (models3d/categories.py), which is coarser.
    """

    key: str
    category: str
    zh: str
    en: str
    group: Group
    plugged: bool = True


USES: MappingProxyType[str, Use] = MappingProxyType(
    {
        c.key: c
        for c in (
            Use("laboratory", "laboratory", "实验室", "Laboratory", "laboratory"),
            Use("instrument", "laboratory", "仪器室", "Instrument room", "laboratory"),
            Use("preparation", "laboratory", "准备间", "Preparation room", "laboratory"),
            Use("dormitory", "bedroom", "宿舍", "Dormitory room", "dormitory"),
            Use("office", "office", "办公室", "Office", "office"),
            Use("meeting", "meeting", "会议室", "Meeting room", "office"),
            Use("classroom", "classroom", "教室", "Classroom", "teaching"),
            Use("seminar", "meeting", "研讨室", "Seminar room", "teaching"),
            Use("study", "library", "自习室", "Study room", "teaching"),
            Use("reading", "library", "阅览室", "Reading room", "rest"),
            Use("stacks", "library", "书库", "Book stacks", "rest"),
            Use("canteen", "dining", "餐厅", "Dining hall", "rest"),
            Use("kitchen", "kitchen", "厨房", "Kitchen", "rest"),
            Use("sports", "sports", "运动场馆", "Sports hall", "rest"),
            Use("auditorium", "lecture-hall", "报告厅", "Auditorium", "rest"),
            Use("exhibition", "exhibition", "展厅", "Exhibition hall", "rest"),
            Use("server", "data", "机房", "Machine room", "rest"),
            Use("clinic", "medical", "诊室", "Consulting room", "rest"),
            Use("shop", "retail", "服务用房", "Service counter", "rest"),
            Use("common", "living", "活动室", "Common room", "rest"),
            Use("storage", "storage", "储藏室", "Storage", "rest", plugged=False),
            Use("plant", "plant", "设备机房", "Plant room", "service"),
            Use("ventilation", "plant", "空调机房", "Air-handling room", "service"),
            Use("electrical", "plant", "配电间", "Electrical room", "service"),
            Use("comms", "data", "弱电间", "Communications room", "service"),
            Use("laundry", "storage", "洗衣房", "Laundry", "service"),
            Use("toilet", "toilet", "卫生间", "Toilet", "service", plugged=False),
            Use("shaft", "shaft", "管井", "Shaft", "service", plugged=False),
            Use("corridor", "corridor", "走廊", "Corridor", "circulation", plugged=False),
            Use("lobby", "lobby", "门厅", "Entrance hall", "circulation", plugged=False),
            Use("stairs", "stair", "楼梯间", "Stairs", "circulation", plugged=False),
            Use("lift", "lift", "电梯", "Lift", "circulation", plugged=False),
            Use("atrium", "lobby", "中庭", "Atrium", "circulation", plugged=False),
        )
    }
)

BLOCKS: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "edu": ("教育板块", "Education"),
        "res": ("科研板块", "Research"),
        "tra": ("转化孵化板块", "Transfer and incubation"),
        "ser": ("综合服务板块", "Services"),
    }
)

# Number of the mega-structure -> department (zh, en) and what its laboratories are named after.
DEPARTMENTS: MappingProxyType[int, tuple[str, str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        1: ("公共教学", "General teaching",
            (("大学物理", "Physics"), ("化学基础", "Chemistry"), ("工程训练", "Workshop"))),
        2: ("机械工程", "Mechanical engineering",
            (("精密加工", "Machining"), ("机器人", "Robotics"), ("增材制造", "Additive manufacturing"),
             ("转子动力学", "Rotor dynamics"))),
        3: ("电气工程", "Electrical engineering",
            (("高电压", "High voltage"), ("电机", "Electrical machines"), ("电力电子", "Power electronics"))),
        4: ("能源与动力", "Energy and power",
            (("热工", "Heat engineering"), ("制冷", "Refrigeration"), ("燃烧", "Combustion"), ("流体", "Fluids"))),
        5: ("电子与信息", "Electronics and information",
            (("微波", "Microwave"), ("信号处理", "Signal processing"), ("通信网络", "Communication networks"))),
        6: ("材料科学", "Materials science",
            (("电子显微", "Electron microscopy"), ("金属强度", "Strength of metals"), ("陶瓷", "Ceramics"))),
        7: ("化学工程", "Chemical engineering",
            (("反应工程", "Reaction engineering"), ("分离", "Separation"), ("催化", "Catalysis"))),
        8: ("生命科学", "Life science",
            (("分子生物", "Molecular biology"), ("生物医学工程", "Biomedical engineering"), ("细胞", "Cell"))),
        9: ("计算机", "Computer science",
            (("系统结构", "Architecture"), ("人工智能", "Artificial intelligence"), ("网络安全", "Network security"))),
        10: ("航天航空", "Aerospace", (("飞行器结构", "Airframe"), ("风洞", "Wind tunnel"), ("振动", "Vibration"))),
        11: ("物理学", "Physics", (("光学", "Optics"), ("凝聚态", "Condensed matter"), ("低温", "Cryogenics"))),
        12: ("化学", "Chemistry",
            (("有机合成", "Organic synthesis"), ("分析", "Analysis"), ("电化学", "Electrochemistry"))),
        13: ("土木建筑", "Civil engineering",
            (("结构", "Structures"), ("岩土", "Soil mechanics"), ("建筑环境", "Building physics"))),
        14: ("先进制造", "Advanced manufacturing",
            (("微纳制造", "Micro and nano"), ("装备", "Equipment"), ("快速成形", "Rapid prototyping"))),
        15: ("储能科学", "Energy storage", (("电池", "Battery"), ("氢能", "Hydrogen"), ("储热", "Heat storage"))),
        16: ("前沿交叉", "Frontier research",
            (("量子", "Quantum"), ("脑科学", "Brain science"), ("智能材料", "Smart materials"))),
        17: ("企业研发", "Company research", (("联合研发", "Joint development"), ("中试", "Pilot plant"))),
        18: ("创新创业", "Start-ups", (("创客", "Maker"), ("样机", "Prototype"))),
        19: ("产业研究", "Industrial research", (("检测", "Testing"), ("半导体", "Semiconductor"))),
        20: ("未来技术", "Future technology", (("自动驾驶", "Automated driving"), ("智慧能源", "Smart energy"))),
        21: ("数学与统计", "Mathematics and statistics",
            (("数据科学", "Data science"), ("计算数学", "Numerical mathematics"))),
    }
)  # fmt: skip


def room_names(use: str, topic: tuple[str, str] | None = None) -> dict[str, str]:
    """What is written on the door: the words of its use, a laboratory with what it studies in front."""
    row = USES[use]
    if topic is None or row.group != "laboratory":
        return {"zh": row.zh, "en": row.en}
    return {"zh": f"{topic[0]}{row.zh}", "en": f"{topic[1]} {row.en.lower()}"}


def storey_names(level: int) -> dict[str, str]:
    """``level`` 1 is the ground floor, as Chinese buildings count."""
    return {"zh": f"{level} 层", "en": f"{level}F"}
