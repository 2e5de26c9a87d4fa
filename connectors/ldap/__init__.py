"""Directories: Active Directory and OpenLDAP."""
