const call = { payload: msg.payload, url: `${env.get("BENCH_SINK")}/upsert`, headers: { "content-type": "application/json" } };
msg.payload = {};
return [call, msg];
