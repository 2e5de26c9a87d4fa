"""What each program is told by its environment."""

import os
from pathlib import Path

SOURCE = os.environ["BENCH_SOURCE"]
SINK = os.environ["BENCH_SINK"]
STATE = Path(os.environ["BENCH_STATE"])
BATCH = int(os.environ["BENCH_BATCH"])
AT_ONCE = int(os.environ["BENCH_AT_ONCE"])
JSON = {"content-type": "application/json"}
