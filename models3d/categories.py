"""What a room is for, told from its name: the one table that every loader and the demo share.

A key is lower-case English with hyphens and is what ``Space.category`` holds. ``room_category`` looks for words of
the table in a name in Chinese, English, German or any other language listed; the row whose longest word matches wins,
so that 'storage' in 'storage of the laboratory' does not beat a longer, more exact word. Codes of standards are no
names: an unknown name is ``other``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from twin.category import CATEGORIES as NAMES

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Category:
    """A use of a room: its ``key``, its names for the interface, and the words that give it away in a file's names.

    ``words`` are lower case. A word in Latin letters matches whole words and their plural ('office', 'offices', not
    'officer'); one that ends in ``*`` matches the beginning of a word; one that starts with ``*`` the end of a word
    (German compounds), both any part of it; a word with CJK characters matches anywhere.
    """

    key: str
    zh: str
    en: str
    words: tuple[str, ...]


def _category(key: str, words: str) -> Category:
    zh, en = NAMES[key]
    return Category(key, zh, en, tuple(words.split(", ")) if words else ())


CATEGORIES: tuple[Category, ...] = (
    _category("office",
        "office, workstation, open office, administration, admin, reception desk, study, cubicle, copy, "
        "print, buero, büro, *büro, *buero, arbeitszimmer, bureau, oficina, ufficio, 办公, 工位, 值班, 秘书, "
        "财务, 行政, 文印, 打印, 执勤, 事務"),
    _category("meeting",
        "meeting, conference, conf, boardroom, seminar, huddle, besprechung*, sitzung*, réunion, 会议, 洽谈, "
        "讨论, 研讨, 接待, 会客, 贵宾, 会議"),
    _category("laboratory",
        "laboratory, laboratories, lab, labor, *labor, clean room, cleanroom, fume hood, vivarium, "
        "instrument, cold room, dark room, darkroom, laboratoire, 实验, 试验, 洁净, 检测, 测试, 分析室, "
        "仪器, 暗室, 实训, 実験"),
    _category("classroom",
        "classroom, class room, class, teaching, training, tutorial, kindergarten, nursery, klassenraum, "
        "klassenzimmer, unterricht*, computer lab, aula, 教室, 多媒体, 培训, 课室, 琴房, 画室"),
    _category("lecture-hall",
        "lecture, lecture hall, auditorium, theatre, theater, hörsaal, hoersaal, amphitheatre, cinema, "
        "assembly, 报告厅, 阶梯教室, 礼堂, 剧场, 剧院, 影院, 演播, 观众厅, 讲堂"),
    _category("library",
        "library, reading room, reading, book stack, bibliothek, bibliothèque, 图书, 阅览, 书库, 自习, 档案, "
        "資料室"),
    _category("bedroom",
        "bedroom, bed room, dormitory, dorm, guest room, master bedroom, schlafzimmer, kinderzimmer, "
        "gästezimmer, chambre, 宿舍, 寝室, 卧室, 客房, 休息室, 公寓, 寝"),
    _category("living",
        "living, living room, lounge, family room, break, break room, staff room, common room, wohnen, "
        "wohnzimmer, aufenthaltsraum, 起居, 客厅, 活动室, 茶歇, 母婴, 休闲"),
    _category("dining",
        "dining, cafeteria, canteen, restaurant, cafe, café, coffee, mensa, essen, esszimmer, bar, 餐厅, "
        "食堂, 咖啡, 就餐, 餐饮, 茶室"),
    _category("kitchen",
        "kitchen, kitchenette, pantry, servery, tea room, küche, kueche, *küche, teeküche, cuisine, 厨房, "
        "备餐, 茶水, 开水, 操作间, 洗碗"),
    _category("toilet",
        "toilet, wc, restroom, rest room, washroom, lavatory, bathroom, bath, shower, men, mens, women, "
        "womens, powder room, bad, dusche, toilettes, sanitär*, 卫生间, 厕所, 洗手间, 盥洗, 男厕, 女厕, "
        "淋浴, 浴室, 无障碍卫, 便所"),
    _category("corridor",
        "corridor, hallway, hall, passage, passageway, circulation, aisle, gallery, flur, *flur, gang, "
        "galerie, couloir, pasillo, 走廊, 走道, 过道, 通道, 连廊, 外廊, 内廊, 廊道, 廊下"),
    _category("lobby",
        "lobby, foyer, entrance, entry, entrance hall, vestibule, atrium, reception, waiting, eingang*, "
        "windfang, empfang, diele, elevator lobby, 门厅, 大厅, 大堂, 前厅, 中庭, 前室, 入口, 门斗, 等候, "
        "候梯, 合用前室"),
    _category("stair",
        "stair, stairs, staircase, stairway, stairwell, treppe*, *treppe, treppenhaus, escalator, ramp, "
        "escalier, 楼梯, 梯间, 扶梯, 坡道, 階段"),
    _category("lift",
        "lift, elevator, elev, lift shaft, elevator shaft, aufzug*, fahrstuhl, ascenseur, 电梯, 货梯, 客梯, "
        "消防梯"),
    _category("shaft",
        "shaft, riser, chase, duct, schacht, *schacht, void, 管井, 竖井, 水井, 电井, 风井, 井道, 烟道, "
        "管道井, 强电井, 弱电井, 强电间, 弱电间"),
    _category("storage",
        "storage, store, storeroom, store room, stock, closet, warehouse, archive, janitor, custodian, "
        "cleaner, lager, *lager, abstellraum, keller*, wardrobe, cloakroom, locker, changing, umkleide*, "
        "utility, laundry, 库房, 储藏, 仓库, 储物, 杂物, 库, 清洁间, 更衣, 保洁, 洗衣, 工具间, 样品, 药品"),
    _category("plant",
        "plant, plant room, plantroom, mechanical, mech, boiler, chiller, pump, pump room, ahu, hvac, "
        "heating, *technik*, haustechnik, electrical, elec, switchgear, switch room, transformer, "
        "substation, generator, meter, fan room, equipment, sprinkler, battery, ups, hausanschluss*, "
        "heizung*, hwr, 设备, 机房, 泵房, 水泵, 配电, 变电, 空调机, 风机, 锅炉, 制冷, 冷冻, 换热, 发电, "
        "电池, 消防控制, 新风, 排风, 排烟, 水箱, 报警阀, 配电间, 変電"),
    _category("data",
        "server, server room, data, data center, data centre, telecom, telecommunication*, tele, tel, comms, "
        "it, idf, mdf, hub room, network, ict, edv, computing, rack, serverraum, 数据机房, 网络机房, "
        "信息机房, 数据中心, 服务器, 弱电机房, 网络, 通信, 算力, 计算中心, 超算, 智算, 进线间"),
    _category("control",
        "control, control room, security, guard, monitoring, leitwarte, 监控, 控制室, 中控, 安防, 保安, "
        "门卫, 指挥"),
    _category("workshop",
        "workshop, werkstatt, fabrication, maker, makerspace, garage workshop, loading, loading dock, "
        "receiving, 车间, 加工, 维修, 工坊, 创客, 装卸, 卸货, 中试"),
    _category("exhibition",
        "exhibition, exhibit, museum, showroom, display, ausstellung*, 展厅, 展览, 展示, 陈列, 博物"),
    _category("sports",
        "sport, sports, gym, gymnasium, fitness, pool, court, turnhalle, sporthalle, 体育, 健身, 球馆, 运动, "
        "游泳, 球场, 瑜伽, 舞蹈"),
    _category("medical",
        "medical, clinic, first aid, exam room, patient, nurse, surgery, treatment, consult*, ward, 医务, "
        "诊室, 病房, 治疗, 护士, 药房, 急救, 诊断, 心理咨询"),
    _category("retail",
        "shop, retail, supermarket, kiosk, laden, post office, bank, 商铺, 商店, 超市, 便利店, 商业, 快递, "
        "邮局"),
    _category("parking",
        "parking, car park, carpark, garage, garagen, tiefgarage, bicycle, bike, 车库, 停车, 自行车, 非机动车"),
    _category("outdoor",
        "outdoor, terrace, balcony, patio, courtyard, loggia, garden, deck, veranda, porch, terrasse, "
        "balkon, 室外, 露台, 阳台, 平台, 庭院, 屋顶花园, 天井, 花园"),
    _category("roof",
        "roof, roof space, attic, loft, dach*, dachboden, 屋面, 屋顶, 阁楼, 夹层"),
    _category(OTHER, ""),
)  # fmt: skip
"""Every category, the table that the module's docstring speaks of; 'other' stands last."""

BY_KEY: dict[str, Category] = {category.key: category for category in CATEGORIES}
"""Every category by its key."""

_LATIN = re.compile(r"[^\W\d_]+", re.UNICODE)
_CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-Z])")
_CJK = re.compile(r"[぀-ヿ㐀-鿿豈-﫿]")


def _tables() -> tuple[dict[tuple[str, ...], str], list[tuple[str, str, str]], list[tuple[str, str]]]:
    phrases: dict[tuple[str, ...], str] = {}
    affixes: list[tuple[str, str, str]] = []
    cjk: list[tuple[str, str]] = []
    for category in CATEGORIES:
        for word in category.words:
            if _CJK.search(word):
                cjk.append((word, category.key))
            elif "*" in word:
                affixes.append((word.strip("*"), category.key, word))
            else:
                phrases[tuple(word.split())] = category.key
    return phrases, affixes, cjk


_PHRASES, _AFFIXES, _CJK_WORDS = _tables()
_LONGEST_PHRASE = max(len(phrase) for phrase in _PHRASES)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _latin_hits(text: str) -> list[tuple[int, int, str]]:
    """(length of the match, place of its end, key) of every word and phrase of the table in ``text``."""
    words = [word.lower() for word in _LATIN.findall(_CAMEL.sub(" ", text))]
    hits = []
    for size in range(1, min(_LONGEST_PHRASE, len(words)) + 1):
        for start in range(len(words) - size + 1):
            phrase = tuple(words[start : start + size])
            key = _PHRASES.get(phrase) or _PHRASES.get((*phrase[:-1], _singular(phrase[-1])))
            if key:
                hits.append((sum(map(len, phrase)), start + size, key))
    for at, word in enumerate(words):
        for affix, key, pattern in _AFFIXES:
            if fnmatchcase(word, pattern) and word != affix:
                hits.append((len(affix), at + 1, key))
    return hits


@lru_cache(maxsize=4096)
def room_category(*names: str) -> str:
    """The category of a room that is called by ``names``, best name first; ``other`` when no name tells.

    In Latin letters the longest match of the first name that has one wins, and of two equally long ones the later;
    in Chinese the last one, because the head of a compound stands last: '实验楼走廊' is a corridor.
    """
    for name in names:
        chinese = [(name.rfind(word) + len(word), len(word), key) for word, key in _CJK_WORDS if word in name]
        hits = chinese or _latin_hits(name)
        if hits:
            return max(hits)[2]
    return OTHER
