"""The commands that write the documentation and keep it true."""
