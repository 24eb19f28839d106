"""TLS towards an MQTT broker: the files that it needs, and why it failed, in words for an operator."""

from __future__ import annotations

import ssl
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Tag

from datasources.contract import MisconfiguredError, SourceError
from datasources.folder_file import KeyFile

_ALERTS = {
    "CERTIFICATE_REQUIRED": "it asks for a certificate of ours: set 'tls.cert' and 'tls.key'",
    "HANDSHAKE_FAILURE": "it asks for a certificate of ours, or allows no way of encryption that we have",
    "UNKNOWN_CA": "it does not know the authority of our certificate ('tls.cert')",
    "CERTIFICATE_EXPIRED": "our certificate ('tls.cert') has expired",
    "CERTIFICATE_REVOKED": "our certificate ('tls.cert') was revoked",
    "BAD_CERTIFICATE": "it does not accept our certificate ('tls.cert')",
    "UNSUPPORTED_CERTIFICATE": "it does not accept our certificate ('tls.cert'): its purpose is another",
    "ACCESS_DENIED": "it does not let our certificate ('tls.cert') in",
    "PROTOCOL_VERSION": "it speaks no version of TLS that we accept (1.2 or 1.3)",
}
"""What the other side says of us (RFC 8446, section 6.2), by the end of OpenSSL's name for it."""


class Tls(BaseModel):
    """TLS: the system's authorities or ``ca`` (a file); ``cert`` and ``key`` (files) where the broker asks for ours."""

    model_config = ConfigDict(extra="forbid")
    ca: KeyFile = ""
    cert: KeyFile = ""
    key: KeyFile = ""
    check_name: bool = True

    def context(self) -> ssl.SSLContext:
        """The context; MisconfiguredError names the file that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            if self.cert:
                context.load_cert_chain(self.cert, self.key or None)
        except (OSError, ssl.SSLError) as error:
            named = ", ".join(part for part in (self.ca, self.cert, self.key) if part)
            raise MisconfiguredError(f"TLS files {named} cannot be used: {error}") from None
        context.check_hostname = self.check_name
        return context


def _form(written: object) -> str:
    return "switch" if isinstance(written, bool) else "files"


TlsSetting = Annotated[Annotated[Tls, Tag("files")] | Annotated[bool, Tag("switch")], Discriminator(_form)]
"""True, False, or the files; a mistake in the files is not told as one of the switch too."""


def failure(where: str, error: ssl.SSLError) -> SourceError:
    """What a failed handshake means; trying again is useless where somebody must change something."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return MisconfiguredError(f"{where}: its certificate is not accepted: {error.verify_message}")
    reason = str(error.reason or error)
    for name, words in _ALERTS.items():
        if reason.endswith(name):
            return MisconfiguredError(f"{where}: {words}")
    if "WRONG_VERSION_NUMBER" in reason:
        return MisconfiguredError(f"{where} does not speak TLS: set 'port' to the one that does, or leave 'tls' out")
    return SourceError(f"{where}: TLS failed: {reason.replace('_', ' ').lower()}")
