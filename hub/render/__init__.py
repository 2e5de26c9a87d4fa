"""Pure rendering: typed objects in, HTML and JSON out. No I/O after import, no clock."""
