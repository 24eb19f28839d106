"""Passwords: argon2id, the rules for new ones, and a check that takes as long for a name that nobody has."""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 512
AT_ONCE = 2
"""Checks that run beside one another: each takes 64 MiB."""

_COMMON_TEXT = """
    password passwort password1 password12 password123 password1234 passw0rd passw0rd1234 qwertyuiop
    qwertyuiop12 qwerty123456 qwertyqwerty 1234567890 123456789012 1234567890123 123123123123 111111111111
    000000000000 666666666666 888888888888 administrator admin1234567 adminadminadmin letmeinletmein
    iloveyou1234 iloveyouiloveyou woaini1314520 woaini520520 5201314520131 1q2w3e4r5t6y 1qaz2wsx3edc
    qazwsxedcrfv abcdefghijkl abcd12345678 abc123456789 a12345678901 aa1234567890 zxcvbnmasdfg asdfghjklqwe
    changemechangeme welcome12345 campustwin12 digitaltwin1 monkeymonkey dragondragon sunshine1234
    princess1234 football1234 trustno1trust correcthorsebatterystaple
"""
_COMMON = frozenset(_COMMON_TEXT.split())


def plain(text: str) -> str:
    """A password as it is hashed: composed signs, so that every keyboard types the same."""
    return unicodedata.normalize("NFKC", text)


def weakness(password: str, name: str) -> str:
    """Why a new password is refused, as a key of the texts; '' where it is not."""
    text = plain(password)
    if len(text) < SHORTEST:
        return "password.short"
    if len(text) > LONGEST:
        return "password.long"
    low = text.casefold()
    own = plain(name).casefold().partition("@")[0]
    if len(own) >= 3 and own in low:
        return "password.name"
    if low in _COMMON or len(set(low)) < 5 or low in "0123456789" * 60 or low in "abcdefghijklmnopqrstuvwxyz" * 25:
        return "password.common"
    return ""


class Passwords:
    """Hashes and checks. ``hasher`` is another one in tests, where 64 MiB a check would only cost time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobody = self._hasher.hash("a name that nobody has")

    def hash(self, password: str) -> str:
        """The hash of a password, with its salt and costs in it."""
        with self._turns:
            return self._hasher.hash(plain(password))

    def fits(self, password: str, known: str | None) -> bool:
        """Whether it is the password of ``known``; without one as much work is done for nothing."""
        with self._turns:
            try:
                self._hasher.verify(known or self._nobody, plain(password)[: LONGEST + 1])
            except (VerificationError, InvalidHashError):
                return False
        return known is not None

    def outdated(self, known: str) -> bool:
        """Whether the hash was made with other costs than are used now."""
        return self._hasher.check_needs_rehash(known)
