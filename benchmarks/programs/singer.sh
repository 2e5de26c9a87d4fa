# A runner keeps the last state that the target printed, and hands it to the tap.
set -o pipefail
here=$(dirname "$0"); cd "$BENCH_STATE" || exit 1
if [ -s states.jsonl ]; then tail -n 1 states.jsonl >state.json; fi
if [ -s state.json ]; then set -- --state state.json; else set --; fi
"$BENCH_PYTHON" "$here/singer_tap.py" "$@" | "$BENCH_PYTHON" "$here/singer_target.py" >>states.jsonl
