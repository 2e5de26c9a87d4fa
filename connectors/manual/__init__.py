"""Disturbances that a person types in by hand."""
