"""The people in the demo: a directory, shops without one, one leaver, one hold."""
