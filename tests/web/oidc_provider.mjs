// An identity provider that others wrote (npm `oidc-provider`), on loopback, until its input ends.
// Arguments: the folder with node_modules, the hub's address, the client's secret.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";

const [home, hub, secret] = process.argv.slice(2);
const entry = createRequire(path.join(home, "x.js")).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(entry));
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "intranet-hub",
      client_secret: secret,
      redirect_uris: [`${hub}/me/callback`],
      post_logout_redirect_uris: [`${hub}/me/left`],
    }],
    pkce: { required: () => true },
    claims: { openid: ["sub"], profile: ["employee"], email: ["email", "email_verified"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, employee: id, email: `${id}@elsewhere.example`, email_verified: true }),
    }),
    cookies: { keys: ["loopback"] },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
process.stdin.on("end", () => process.exit(0)).resume();
