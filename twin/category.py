"""The one table of the names of categories of spaces, buildings and equipment: key -> Chinese and English.

``models3d/categories.py`` tells a room's category from its name in a file. A category that is not here still works and
shows as its key.
"""

from __future__ import annotations

from types import MappingProxyType

CATEGORIES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "office": ("办公室", "Office"),
        "meeting": ("会议室", "Meeting room"),
        "laboratory": ("实验室", "Laboratory"),
        "classroom": ("教室", "Classroom"),
        "lecture-hall": ("报告厅", "Lecture hall"),
        "library": ("阅览室", "Library"),
        "bedroom": ("宿舍", "Bedroom"),
        "living": ("起居室", "Living room"),
        "dining": ("餐厅", "Dining"),
        "kitchen": ("厨房", "Kitchen"),
        "toilet": ("卫生间", "Toilet"),
        "corridor": ("走廊", "Corridor"),
        "lobby": ("门厅", "Lobby"),
        "stair": ("楼梯间", "Stair"),
        "lift": ("电梯", "Lift"),
        "shaft": ("管井", "Shaft"),
        "storage": ("库房", "Storage"),
        "plant": ("设备用房", "Plant room"),
        "data": ("数据机房", "Data room"),
        "control": ("控制室", "Control room"),
        "workshop": ("车间", "Workshop"),
        "exhibition": ("展厅", "Exhibition"),
        "sports": ("运动场馆", "Sports"),
        "medical": ("医务室", "Medical"),
        "retail": ("商业", "Retail"),
        "parking": ("停车", "Parking"),
        "outdoor": ("室外", "Outdoor"),
        "roof": ("屋面", "Roof"),
        "storey": ("整层", "Whole storey"),
        # buildings, beside the words above
        "teaching": ("教学楼", "Teaching building"),
        "administration": ("行政楼", "Administration"),
        "dormitory": ("宿舍楼", "Dormitory"),
        "residential": ("住宅", "Residential"),
        "worship": ("宗教建筑", "Place of worship"),
        # equipment and groups
        "equipment": ("设备", "Equipment"),
        "access-point": ("无线接入点", "Access point"),
        "meter": ("电表", "Meter"),
        "switch": ("交换机", "Switch"),
        "router": ("路由器", "Router"),
        "internet": ("互联网出口", "Internet"),
        "mains": ("市电", "Mains"),
        "transformer": ("变压器", "Transformer"),
        "switchboard": ("配电柜", "Switchboard"),
        "ups": ("不间断电源", "UPS"),
        "ahu": ("空调机组", "Air handler"),
        "service": ("服务", "Service"),
        "link": ("链路", "Link"),
        "zone": ("分区", "Zone"),
        "other": ("其他", "Other"),
    }
)


def category_name(key: str, language: str) -> str:
    """The category in ``zh`` or (for any other language) English; the key itself when the table lacks it."""
    zh, en = CATEGORIES.get(key, (key, key))
    return zh if language == "zh" else en
