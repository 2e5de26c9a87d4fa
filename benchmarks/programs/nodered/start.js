flow.set("running", true);
flow.set("from", flow.get("since") || "");
msg.url = `${env.get("BENCH_SOURCE")}/records?per_page=100&page=1&since=${encodeURIComponent(flow.get("from"))}`;
msg.payload = "";
return msg;
