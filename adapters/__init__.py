"""One folder per kind of agency system. See README.md for how to add one."""
