"""Lifts that stand still, and kiosks in the hall that say so: a package of somebody else."""
