"""Connector `csv`: people from a file that HR, a roster or a partner puts down."""
