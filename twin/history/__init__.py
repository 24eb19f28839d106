"""What was: every reading kept, any past moment, roll-ups by the hour and day."""
