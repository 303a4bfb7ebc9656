// Interop: the lab service and its caller on @nats-io/transport-node and @nats-io/services, written from
// docs/wire-protocol.md alone. "main.mjs call URL" calls a service, "main.mjs serve URL" is one until it is
// killed, "main.mjs discover URL" looks at two services with the services client.
import { connect } from "@nats-io/transport-node";

import { callAll } from "./caller.mjs";
import { discoverAll } from "./discover.mjs";
import { serve } from "./service.mjs";

const [verb, url] = process.argv.slice(2);
const verbs = { call: callAll, serve, discover: discoverAll };
if (!(verb in verbs) || !url) {
  console.log("main.mjs call|serve|discover URL");
  process.exit(2);
}
try {
  const nc = await connect({ servers: url });
  const failed = await verbs[verb](nc);
  if (verb !== "serve") {
    await nc.close();
    process.exit(failed > 0 ? 1 : 0);
  }
  console.log("ready");
} catch (err) {
  console.log(`cannot ${verb}:`, err);
  process.exit(2);
}
