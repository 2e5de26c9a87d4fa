const left = flow.get("left") - 1;
flow.set("left", left);
if (left > 0) { return null; }
flow.set("since", flow.get("last"));
const page = flow.get("next");
if (!page) { flow.set("running", false); return null; }
return { payload: "", url: `${env.get("BENCH_SOURCE")}/records?per_page=100&page=${page}&since=${encodeURIComponent(flow.get("from"))}` };
