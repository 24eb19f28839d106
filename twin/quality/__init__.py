"""Findings of the checks of the data: stale, stuck, spiking, mis-scaled, doubled; one file a check, one engine."""
