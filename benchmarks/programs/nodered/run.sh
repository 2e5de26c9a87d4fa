# Starts Node-RED; `serve` until it is stopped, else one sync and then a polite end.
here=$(dirname "$0"); at=http://127.0.0.1:$BENCH_HOOK_PORT
"$BENCH_NODE" "$BENCH_NODE_RED" -s "$here/settings.js" & node=$!
if [ "$1" = serve ]; then trap 'kill $node' TERM; wait $node; exit; fi
until curl -sf "$at/status" >/dev/null; do kill -0 $node || exit 1; sleep 0.05; done
curl -s -X POST "$at/sync" >/dev/null
while curl -s "$at/status" | grep -q '"running":true'; do sleep 0.05; done
kill $node; wait $node
grep -q '"running": *false' "$BENCH_STATE"/context/context/*/flow.json
