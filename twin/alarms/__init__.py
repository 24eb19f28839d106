"""Alarms after ISA-18.2 / IEC 62682: states, rules, evaluation, journal, figures."""
