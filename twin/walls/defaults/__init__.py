"""The walls that a campus has before anybody wrote one."""
