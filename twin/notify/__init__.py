"""Who is told of alarms and incidents, of which, when; and what waits to be told."""
