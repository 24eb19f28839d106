"""Alarms that other systems report: their payloads, and what their labels mean on this campus."""
