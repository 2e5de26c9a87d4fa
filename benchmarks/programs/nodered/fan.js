const { items, next_page } = msg.payload, batch = Number(env.get("BENCH_BATCH")), sink = env.get("BENCH_SINK");
if (!items.length) { flow.set("running", false); return null; }
flow.set("next", next_page);
flow.set("last", items[items.length - 1].updated_at);
const calls = [];
for (let at = 0; at < items.length; at += batch) {
  calls.push({
    payload: batch > 1 ? items.slice(at, at + batch) : items[at],
    url: batch > 1 ? `${sink}/bulk` : `${sink}/upsert`,
    headers: { "content-type": "application/json" },
  });
}
flow.set("left", calls.length);
return [calls];
