"""The benchmark's source and sink, as plug-ins of the hub."""
