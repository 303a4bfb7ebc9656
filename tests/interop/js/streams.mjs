// One side of a stream as docs/wire-protocol.md has it: numbers on messages and ends, errors, controls.
import { createInbox, headers } from "@nats-io/transport-node";

const EMPTY = new Uint8Array(0);

// An error that goes to the other side, or that came from there.
export class Refusal extends Error {
  constructor(code, text, data) {
    super(`${code}: ${text}`);
    Object.assign(this, { code, text, data: data ?? EMPTY });
  }
}

export function withHeaders(pairs) {
  const h = headers();
  for (const [name, value] of Object.entries(pairs)) h.set(name, value);
  return h;
}

// What a message says of a failure, or undefined.
export function refusalIn(m) {
  if (m.headers?.code === 503) return new Refusal("UNAVAILABLE", "nobody listens");
  const code = m.headers?.get("Nats-Service-Error-Code");
  return code ? new Refusal(code, m.headers.get("Nats-Service-Error"), m.data) : undefined;
}

export class Stream {
  constructor(nc) {
    this.nc = nc;
    this.inbox = createInbox();
    this.subscription = nc.subscribe(this.inbox);
    this.incoming = this.subscription[Symbol.asyncIterator]();
    this.received = 0;
    this.sent = 0;
    this.unflushed = 0;
    this.to = "";
  }

  close() {
    this.subscription.unsubscribe();
  }

  // The next thing that is no control; a failure is thrown.
  async take() {
    for (;;) {
      const { value: m, done } = await this.incoming.next();
      if (done) throw new Error("the connection is closed");
      const control = m.headers?.get("Natsmicro-Control");
      if (control === "probe" && m.reply) {
        this.nc.publish(m.reply, EMPTY, { headers: withHeaders({ "Natsmicro-Control": "alive" }) });
      }
      if (control) continue;
      const refusal = refusalIn(m);
      if (refusal) throw refusal;
      return m;
    }
  }

  // The next message's bytes, undefined at the end.
  async receive() {
    const m = await this.take();
    const seq = Number(m.headers?.get("Nats-Stream-Seq") || NaN);
    if (m.headers?.get("Nats-Stream-End") === "true") {
      if (seq !== this.received) throw new Error(`an end with the number ${seq} after ${this.received} messages`);
      return undefined;
    }
    if (seq !== this.received + 1) throw new Error(`message ${seq} after message ${this.received}`);
    this.received++;
    return m.data;
  }

  // The first message and the end carry the inbox as NATS reply, so that a dead peer is noticed.
  publish(data, pairs, reply) {
    this.nc.publish(this.to, data, { headers: withHeaders(pairs), ...(reply ? { reply: this.inbox } : {}) });
  }

  async send(data) {
    this.sent++;
    this.publish(data, { "Nats-Stream-Seq": String(this.sent) }, this.sent === 1);
    this.unflushed += data.length + 100;
    if (this.unflushed < 1 << 20) return;
    await this.nc.flush(); // or all of it waits in this process's memory
    this.unflushed = 0;
  }

  end(refusal) {
    const failure = refusal && { "Nats-Service-Error-Code": refusal.code, "Nats-Service-Error": refusal.text };
    this.publish(
      refusal?.data ?? EMPTY,
      { "Nats-Stream-Seq": String(this.sent), "Nats-Stream-End": "true", ...failure },
      true,
    );
  }
}
