"""The engine: one file per step of the data's way; the runner composes them."""
