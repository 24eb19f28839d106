"""Webhook bodies as the three systems document them, with what differs between alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BEGAN = "2026-11-28T03:00:00.123456789Z"
NEVER = "0001-01-01T00:00:00Z"


def alert(
    name: str = "LinkDown", status: str = "firing", *, fingerprint: str = "00aa11bb22cc33dd", began: str = BEGAN,
    labels: Mapping[str, str] | None = None, **annotations: str,
) -> dict[str, Any]:  # fmt: skip
    """One alert as Alertmanager and Grafana tell it."""
    return {
        "status": status, "labels": {"alertname": name, "severity": "critical", **(labels or {})},
        "annotations": {"summary": f"{name} happened", **annotations}, "startsAt": began,
        "endsAt": NEVER if status == "firing" else "2026-11-28T04:00:00Z",
        "generatorURL": "http://prometheus:9090/graph", "fingerprint": fingerprint,
    }  # fmt: skip


def alertmanager(*alerts: Mapping[str, Any], status: str = "firing") -> dict[str, Any]:
    """A notification of Alertmanager, version 4."""
    return {
        "version": "4", "groupKey": "{}:{alertname=\"LinkDown\"}", "truncatedAlerts": 0, "status": status,
        "receiver": "twin", "groupLabels": {"alertname": "LinkDown"}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093", "alerts": list(alerts),
    }  # fmt: skip


def grafana(*alerts: Mapping[str, Any], status: str = "firing") -> dict[str, Any]:
    """A notification of Grafana's unified alerting."""
    more = {
        "silenceURL": "http://grafana/alerting/silence/new",
        "dashboardURL": "",
        "panelURL": "",
        "values": {"B": 44.2},
    }
    return {
        "receiver": "twin", "status": status, "orgId": 1, "version": "1", "groupKey": "{}", "truncatedAlerts": 0,
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://grafana/",
        "title": "[FIRING:1]", "state": "alerting", "message": "**Firing**",
        "alerts": [{**each, **more} for each in alerts],
    }  # fmt: skip


def librenms(state: int = 1, **more: object) -> dict[str, Any]:
    """What the body of docs/how-to/connect-alertmanager.md becomes; its templates write entities."""
    return {
        "alert_id": "17", "state": str(state), "severity": "critical",
        "title": "Alert for device sw-1 - Port &amp; link",
        "hostname": "sw-1.example.edu", "sysName": "sw-1", "rule": "Port &gt; 80 %", "device_id": "4",
        "timestamp": "2026-11-28 11:00:00", **more,
    }  # fmt: skip
