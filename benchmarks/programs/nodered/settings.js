// Node-RED as it comes, with a context store on disk so that the position outlives it.
const state = process.env.BENCH_STATE;
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.BENCH_HOOK_PORT),
  httpAdminRoot: "/admin",
  userDir: `${state}/nodered`,
  flowFile: "flows.json",
  contextStorage: {
    default: { module: "localfilesystem", config: { dir: `${state}/context`, flushInterval: 1 } },
  },
  logging: { console: { level: "warn" } },
  telemetry: { enabled: false },
};
