"""Source and sink on loopback, fast enough to be nobody's bottleneck."""
