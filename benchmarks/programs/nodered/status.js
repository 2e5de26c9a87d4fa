msg.payload = { running: flow.get("running") === true, since: flow.get("since") || "" };
return msg;
