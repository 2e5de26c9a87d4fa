"""The store: tables, queries, migrations. Callers pass a transaction in and never see SQL."""
