"""Contract suites and fakes for authors of connectors and targets, shipped as a pytest plug-in."""
