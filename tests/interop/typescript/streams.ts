// One side of a stream as docs/wire-protocol.md has it: numbers on messages and ends, errors,
// controls.
import { createInbox, headers } from "@nats-io/transport-node";
import type { Msg, MsgHdrs, NatsConnection, Subscription } from "@nats-io/transport-node";

const EMPTY = new Uint8Array(0);

type Headers = Record<string, string>;

// An error that goes to the other side, or that came from there.
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly text: string,
    readonly data: Uint8Array = EMPTY,
  ) {
    super(`${code}: ${text}`);
  }

  headers(): Headers {
    return { "Nats-Service-Error-Code": this.code, "Nats-Service-Error": this.text };
  }
}

export function withHeaders(pairs: Headers): MsgHdrs {
  const h = headers();
  for (const [name, value] of Object.entries(pairs)) h.set(name, value);
  return h;
}

// What a message says of a failure, or undefined.
export function refusalIn(m: Msg): Refusal | undefined {
  if (m.headers?.code === 503) return new Refusal("UNAVAILABLE", "nobody listens");
  const code = m.headers?.get("Nats-Service-Error-Code");
  return code ? new Refusal(code, m.headers?.get("Nats-Service-Error") ?? "", m.data) : undefined;
}

export class Stream {
  readonly inbox = createInbox();
  to = "";
  private readonly subscription: Subscription;
  private readonly incoming: AsyncIterator<Msg>;
  private received = 0;
  private sent = 0;
  private unflushed = 0;

  constructor(private readonly nc: NatsConnection) {
    this.subscription = nc.subscribe(this.inbox);
    this.incoming = this.subscription[Symbol.asyncIterator]();
  }

  close(): void {
    this.subscription.unsubscribe();
  }

  // The next thing that is no control; a failure is thrown.
  async take(): Promise<Msg> {
    for (;;) {
      const next = await this.incoming.next();
      if (next.done) throw new Error("the connection is closed");
      const m = next.value;
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
  async receive(): Promise<Uint8Array | undefined> {
    const m = await this.take();
    const seq = Number(m.headers?.get("Nats-Stream-Seq") || NaN);
    if (m.headers?.get("Nats-Stream-End") === "true") {
      if (seq !== this.received) throw new Error(`end ${seq} after message ${this.received}`);
      return undefined;
    }
    if (seq !== this.received + 1) throw new Error(`message ${seq} after message ${this.received}`);
    this.received++;
    return m.data;
  }

  async send(data: Uint8Array): Promise<void> {
    this.sent++;
    this.publish(data, { "Nats-Stream-Seq": String(this.sent) }, this.sent === 1);
    this.unflushed += data.length + 100;
    if (this.unflushed < 1 << 20) return;
    await this.nc.flush(); // or all of it waits in this process's memory
    this.unflushed = 0;
  }

  end(refusal?: Refusal): void {
    const end = { "Nats-Stream-Seq": String(this.sent), "Nats-Stream-End": "true" };
    this.publish(refusal?.data ?? EMPTY, { ...end, ...refusal?.headers() }, true);
  }

  // The first message and the end carry the inbox as NATS reply, so that a dead peer is noticed.
  private publish(data: Uint8Array, pairs: Headers, isAnswerable: boolean): void {
    this.nc.publish(this.to, data, {
      headers: withHeaders(pairs),
      ...(isAnswerable ? { reply: this.inbox } : {}),
    });
  }
}
