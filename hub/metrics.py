"""Metrics; apart from logs, because only a hub that runs on needs their library."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Metrics:
    """Prometheus metrics of one hub, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.runs = Counter(
            "hub_runs", "Runs of streams", ["instance", "stream", "outcome"], registry=self.registry
        )
        self.changes = Counter(
            "hub_changes", "Accepted changes", ["instance", "stream"], registry=self.registry
        )
        self.deliveries = Counter(
            "hub_deliveries", "Deliveries by outcome", ["target", "status"], registry=self.registry
        )
        self.complete = Gauge(
            "hub_stream_complete_timestamp_seconds",
            "When the stream was last read completely",
            ["instance", "stream"],
            registry=self.registry,
        )
        self.waiting = Gauge(
            "hub_objects_waiting",
            "Objects ahead of their target",
            ["target"],
            registry=self.registry,
        )
        self.holds = Gauge("hub_holds_open", "Holds that wait for a person", registry=self.registry)

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self.registry)
