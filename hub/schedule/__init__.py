"""When to read and deliver: embedded in one process; Apache Airflow is planned."""
