// Interop: the lab service and its caller on @nats-io/transport-node and @nats-io/services, written
// from docs/wire-protocol.md alone. "call URL" calls a service, "serve URL" is one until it is
// killed, "discover URL" looks at two services with the services client.
import { type NatsConnection, connect } from "@nats-io/transport-node";

import { callAll } from "./caller.js";
import { discoverAll } from "./discover.js";
import { serve } from "./service.js";

// Each ends with how many checks failed; `serve` goes on.
const verbs = new Map<string, (nc: NatsConnection) => Promise<number | void>>([
  ["call", callAll],
  ["serve", serve],
  ["discover", discoverAll],
]);

const [verb = "", url] = process.argv.slice(2);
const run = verbs.get(verb);
if (run === undefined || url === undefined) {
  console.log("typescript-peer call|serve|discover URL");
  process.exit(2);
}
try {
  const nc = await connect({ servers: url });
  const failed = await run(nc);
  if (failed !== undefined) {
    await nc.close();
    process.exit(failed > 0 ? 1 : 0);
  }
  console.log("ready");
} catch (err) {
  console.log(`cannot ${verb}:`, err);
  process.exit(2);
}
