"""Incidents: alarms that have one cause told as one, with who works on it and all that happened."""
