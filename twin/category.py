"""The one table of categories of buildings, spaces and equipment: key -> Chinese and English.

Loaders map what a file says to these keys; a category that is not here still works and shows as its key.
"""

from __future__ import annotations

from types import MappingProxyType

CATEGORIES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        # spaces
        "office": ("办公室", "Office"),
        "laboratory": ("实验室", "Laboratory"),
        "classroom": ("教室", "Classroom"),
        "lecture-hall": ("报告厅", "Lecture hall"),
        "meeting": ("会议室", "Meeting room"),
        "reading-room": ("阅览室", "Reading room"),
        "dormitory": ("宿舍", "Dormitory"),
        "corridor": ("走廊", "Corridor"),
        "lobby": ("门厅", "Lobby"),
        "atrium": ("中庭", "Atrium"),
        "stairs": ("楼梯间", "Stairs"),
        "lift": ("电梯", "Lift"),
        "shaft": ("管井", "Shaft"),
        "toilet": ("卫生间", "Toilet"),
        "bathroom": ("浴室", "Bathroom"),
        "bedroom": ("卧室", "Bedroom"),
        "living-room": ("起居室", "Living room"),
        "kitchen": ("厨房", "Kitchen"),
        "canteen": ("食堂", "Canteen"),
        "storage": ("储藏室", "Storage"),
        "workshop": ("工坊", "Workshop"),
        "gym": ("体育馆", "Gym"),
        "exhibition": ("展厅", "Exhibition"),
        "machine-room": ("机房", "Machine room"),
        "network-room": ("弱电间", "Network room"),
        "electrical-room": ("配电间", "Electrical room"),
        "plant": ("设备机房", "Plant room"),
        "parking": ("停车场", "Parking"),
        "outdoor": ("室外", "Outdoor"),
        "open-area": ("开放区域", "Open area"),
        "storey": ("整层", "Whole storey"),
        # buildings
        "teaching": ("教学楼", "Teaching building"),
        "research": ("科研楼", "Research building"),
        "library": ("图书馆", "Library"),
        "administration": ("行政楼", "Administration"),
        "museum": ("博物馆", "Museum"),
        "residential": ("住宅", "Residential"),
        "service": ("服务楼", "Service building"),
        # equipment
        "equipment": ("设备", "Equipment"),
        "access-point": ("无线接入点", "Access point"),
        "meter": ("电表", "Meter"),
        "switch": ("交换机", "Switch"),
        "zone": ("分区", "Zone"),
        "other": ("其他", "Other"),
    }
)


def category_name(key: str, language: str) -> str:
    """The category in ``zh`` or (for any other language) English; the key itself when the table lacks it."""
    zh, en = CATEGORIES.get(key, (key, key))
    return zh if language == "zh" else en
