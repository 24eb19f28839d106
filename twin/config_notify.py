"""``notify`` of campus.yaml: who is told of alarms, by which channel, when."""

from __future__ import annotations

import re
import string
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from twin.alarms.rule_form import Priority, Seconds, Words
from twin.alarms.schedule import EVERY_DAY, WHOLE_DAY, Schedule, hours, weekdays
from twin.config_accounts import Url
from twin.config_hooks import Secret
from twin.mistake import nearest
from twin.secret import SecretRef

ChannelType = Literal["webhook", "alertmanager", "email", "dingtalk", "wecom", "feishu"]
GROUPS = ("dingtalk", "wecom", "feishu")
"""Robots of groups that people read: their addresses hold a key."""
PLACEHOLDERS = (
    "campus", "text", "priority", "place", "since", "lasted", "cause", "consequence", "consequences", "action",
    "respond", "owner", "link", "origin",
)  # fmt: skip

_NEEDS: dict[str, tuple[str, ...]] = {
    "webhook": ("url",), "alertmanager": ("url",), "dingtalk": ("url",), "wecom": ("url",), "feishu": ("url",),
    "email": ("host", "sender", "to"),
}  # fmt: skip
_MAY: dict[str, tuple[str, ...]] = {
    "webhook": ("secret",), "alertmanager": ("secret",), "dingtalk": ("secret", "mention", "template"),
    "wecom": ("mention", "template"), "feishu": ("secret", "template"),
    "email": ("port", "security", "user", "password", "template"),
}  # fmt: skip


def _address(value: object) -> object:
    """An address, or where it stands."""
    if isinstance(value, dict):
        if set(value) not in ({"env"}, {"file"}):
            raise ValueError("write the address itself, {env: NAME} or {file: PATH}")
        return SecretRef.model_validate(value)
    if value is None or isinstance(value, SecretRef):
        return value
    text = str(value)
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.fragment:
        raise ValueError(f"'{text}' is no address: write it as https://pager.example.edu/alarms")
    if parts.username or parts.password:
        raise ValueError("the address holds a name or a password: write {env: NAME} or {file: PATH} instead")
    return text


def _mail(text: str) -> str:
    if not re.fullmatch(r"[^\s<>@,;\"]+@[^\s<>@,;\"]+", text):
        raise ValueError(f"'{text}' is no mail address: write it as noc@example.edu")
    return text


def _template(text: str) -> str:
    try:
        names = [name for _, name, form, turn in string.Formatter().parse(text) if name is not None or form or turn]
    except ValueError as error:
        raise ValueError(f"braces in '{text[:60]}' do not match ({error})") from None
    for name in names:
        if name not in PLACEHOLDERS:
            raise ValueError(f"'{{{name}}}' is no placeholder; {nearest(str(name), PLACEHOLDERS)}")
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TemplateEntry(_Strict):
    """The words of a message about one alarm or incident, in place of those of the product."""

    zh: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_template)]
    en: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_template)]


class LimitEntry(_Strict):
    """So many messages in so long; what is more comes together in one."""

    messages: Annotated[int, Field(ge=1, le=1000)] = 15
    per: Annotated[Seconds, Field(ge=1, le=86_400)] = 60.0


class ChannelEntry(_Strict):
    """One way to people or programs. Which keys it has depends on ``type``."""

    type: ChannelType
    url: Annotated[SecretRef | str | None, BeforeValidator(_address)] = None
    secret: Secret | None = None
    host: Annotated[str | None, Field(min_length=1, max_length=253)] = None
    port: Annotated[int | None, Field(ge=1, le=65_535)] = None
    security: Literal["starttls", "tls", "none"] | None = None
    user: str | None = None
    password: Secret | None = None
    sender: Annotated[str | None, Field(alias="from"), AfterValidator(lambda v: v and _mail(v))] = None
    to: Annotated[
        tuple[Annotated[str, AfterValidator(_mail)], ...], BeforeValidator(lambda v: [v] if isinstance(v, str) else v),
        Field(max_length=100),
    ] = ()  # fmt: skip
    mention: Words = ()
    language: Literal["zh", "en", "both"] = "zh"
    template: TemplateEntry | None = None
    limit: LimitEntry = Field(default_factory=LimitEntry)

    @model_validator(mode="after")
    def _fits(self) -> ChannelEntry:
        for name in _NEEDS[self.type]:
            if not getattr(self, name):
                raise ValueError(f"a channel of type {self.type} needs '{_shown(name)}': add it")
        own = {*_NEEDS[self.type], *_MAY[self.type], "type", "language", "limit"}
        for name in sorted(self.model_fields_set - own):
            known = sorted(_shown(each) for each in own)
            raise ValueError(f"a channel of type {self.type} has no '{_shown(name)}'; known are: {', '.join(known)}")
        if self.type in GROUPS and not isinstance(self.url, SecretRef):
            raise ValueError(
                f"the address of a {self.type} robot holds its key: write url: {{env: NAME}} or {{file: PATH}}"
            )
        if (self.user is None) is not (self.password is None):
            raise ValueError("give both user and password, or neither")
        if self.password is not None and self.security == "none":
            raise ValueError("security: none would send the password for anybody to read: write starttls or tls")
        return self

    @property
    def people(self) -> bool:
        """Whether people read what it brings."""
        return self.type in GROUPS or self.type == "email"


def _shown(name: str) -> str:
    return "from" if name == "sender" else name


class HoursEntry(_Strict):
    """When a route holds, in the campus's time; ``vacation`` as in the rules of alarms."""

    days: Annotated[frozenset[int], BeforeValidator(lambda v: weekdays(v) if isinstance(v, str) else v)] = EVERY_DAY
    hours: Annotated[tuple[tuple[int, int], ...], BeforeValidator(lambda v: hours(v) if isinstance(v, str) else v)] = (
        WHOLE_DAY
    )
    vacation: Literal["any", "never", "only"] = "any"

    def record(self) -> Schedule:
        """The schedule."""
        return Schedule(self.days, self.hours, self.vacation)


class RouteEntry(_Strict):
    """What goes to which channels: all that is given must fit; without ``priorities`` only what is critical or high.

    ``wait`` is how long an alarm has to stand unacknowledged before anybody is told; ``ended``: also that it is over.
    """

    to: Annotated[Words, Field(min_length=1)]
    priorities: Annotated[
        tuple[Priority, ...], BeforeValidator(lambda v: [v] if isinstance(v, str) else v), Field(min_length=1)
    ] = (1, 2)
    buildings: Words = ()
    rules: Words = ()
    owners: Words = ()
    during: HoursEntry | None = None
    wait: Annotated[Seconds, Field(le=86_400)] = 40.0
    ended: bool = True
    simulated: bool = False


class NotifyEntry(_Strict):
    """``notify`` of campus.yaml. ``url`` is the address in links (that of ``accounts`` otherwise), ``give_up`` how long
    a message is tried, ``keep_days`` how long it is remembered."""

    channels: dict[str, ChannelEntry] = Field(default_factory=dict)
    routes: tuple[RouteEntry, ...] = ()
    url: Url | None = None
    give_up: Annotated[Seconds, Field(ge=60)] = 86_400.0
    keep_days: Annotated[int, Field(ge=1, le=4000)] = 90

    @model_validator(mode="after")
    def _known(self) -> NotifyEntry:
        for route in self.routes:
            for name in route.to:
                if name not in self.channels:
                    raise ValueError(f"there is no channel '{name}'; {nearest(name, self.channels)}")
        return self
