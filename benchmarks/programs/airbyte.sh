# A platform keeps the last state message that the destination let through.
set -o pipefail
here=$(dirname "$0"); cd "$BENCH_STATE" || exit 1
echo '{}' >config.json
cat >catalog.json <<'END'
{"streams": [{"stream": {"name": "records", "json_schema": {}, "source_defined_cursor": true,
  "supported_sync_modes": ["full_refresh", "incremental"], "default_cursor_field": ["updated_at"]},
  "sync_mode": "incremental", "cursor_field": ["updated_at"], "primary_key": [["id"]],
  "destination_sync_mode": "append_dedup"}]}
END
last=$(grep '"STATE"' messages.jsonl 2>/dev/null | tail -n 1)
if [ -n "$last" ]; then
  echo "$last" | "$BENCH_PYTHON" -c 'import json, sys; print(json.dumps([json.load(sys.stdin)["state"]]))' >state.json
fi
if [ -s state.json ]; then set -- --state state.json; else set --; fi
"$BENCH_PYTHON" "$here/airbyte_source.py" read --config config.json --catalog catalog.json "$@" |
  "$BENCH_PYTHON" "$here/airbyte_destination.py" write --config config.json --catalog catalog.json >>messages.jsonl
