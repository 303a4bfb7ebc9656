// A caller that follows docs/wire-protocol.md in all: one inbox as NATS reply and Reply-To of an
// opening.
import type { Msg, NatsConnection } from "@nats-io/transport-node";

import { type Check, type Run, type Say, runChecks } from "./checks.js";
import { CHUNK, LARGE, MANY, PATIENCE_MS } from "./messages.js";
import { Fields, blob, hasher, number, pattern } from "./messages.js";
import { Refusal, Stream, refusalIn, withHeaders } from "./streams.js";

async function unary(nc: NatsConnection, subject: string, request: Uint8Array): Promise<Msg> {
  const m = await nc.request(subject, request, { timeout: PATIENCE_MS });
  const refusal = refusalIn(m);
  if (refusal) throw refusal;
  return m;
}

function open(nc: NatsConnection, subject: string, request: Uint8Array): Stream {
  const call = new Stream(nc);
  const headers = withHeaders({ "Reply-To": call.inbox });
  nc.publish(subject, request, { reply: call.inbox, headers });
  return call;
}

// An open client or bidirectional stream.
async function openAcknowledged(nc: NatsConnection, subject: string): Promise<Stream> {
  const call = open(nc, subject, new Uint8Array(0));
  const m = await call.take();
  call.to = m.headers?.get("Nats-Stream-Inbox") ?? "";
  if (!call.to) throw new Error("an acknowledgement without Nats-Stream-Inbox");
  return call;
}

async function clientStream(
  nc: NatsConnection,
  subject: string,
  count: number,
  item: (i: number) => Uint8Array,
): Promise<Fields> {
  const call = await openAcknowledged(nc, subject);
  for (let i = 0; i < count; i++) await call.send(item(i));
  call.end();
  try {
    return new Fields((await call.take()).data);
  } finally {
    call.close();
  }
}

// Gives each message to `take`.
async function serverStream(
  nc: NatsConnection,
  subject: string,
  request: Uint8Array,
  take: (m: Fields) => void,
): Promise<void> {
  const call = open(nc, subject, request);
  try {
    for (let data; (data = await call.receive()) !== undefined; ) take(new Fields(data));
  } finally {
    call.close();
  }
}

// ---- what is checked ----

async function ping(nc: NatsConnection, request: Uint8Array): Promise<string> {
  return new Fields((await unary(nc, "lab.v1.ping", request)).data).text(1);
}

function pingWith(request: Uint8Array | number[]): Run {
  return (nc) => ping(nc, Uint8Array.from(request));
}

async function pingForData(nc: NatsConnection): Promise<string> {
  try {
    return await ping(nc, number(2, 7));
  } catch (err) {
    if (!(err instanceof Refusal)) throw err;
    return `${err.message} [${[...err.data]}]`;
  }
}

function countTo(count: number, failAt: number): Run {
  return async (nc, say) => {
    let next = 0;
    say(() => String(next));
    const request = Buffer.concat([number(2, count), number(3, failAt)]);
    await serverStream(nc, "lab.v1.count_up", request, (m) => {
      if (m.number(1) === next) next++;
    });
  };
}

function sumOf(count: number, value: (i: number) => number): Run {
  return async (nc) => {
    const m = await clientStream(nc, "lab.v1.sum", count, (i) => number(1, value(i)));
    return `${m.number(1)} ${m.number(2)}`;
  };
}

function chat(lines: string[]): Run {
  return async (nc, say) => {
    const heard: string[] = [];
    say(() => heard.join(" "));
    const call = await openAcknowledged(nc, "lab.v1.chat");
    for (const line of lines) {
      await call.send(Buffer.concat([blob(1, "ts"), blob(2, line)]));
      const data = await call.receive();
      if (data === undefined) throw new Error("less than was sent");
      heard.push(new Fields(data).text(2));
    }
    call.end();
    if ((await call.receive()) !== undefined) throw new Error("more than was sent");
    call.close();
  };
}

async function upload(nc: NatsConnection): Promise<string> {
  const chunk = (i: number) => blob(1, pattern(i * CHUNK, CHUNK));
  const m = await clientStream(nc, "lab.v1.upload", LARGE / CHUNK, chunk);
  return `${m.number(1)} ${m.text(2)}`;
}

async function download(nc: NatsConnection, say: Say): Promise<void> {
  const hash = hasher();
  let size = 0;
  say(() => `${size} ${hash.digest("hex")}`);
  const request = Buffer.concat([number(1, LARGE), number(2, CHUNK)]);
  await serverStream(nc, "lab.v1.download", request, (m) => {
    hash.update(m.bytes(1));
    size += m.bytes(1).length;
  });
}

async function nobody(nc: NatsConnection): Promise<void> {
  const call = open(nc, "lab.v1.nobody", new Uint8Array(0));
  await call.receive();
}

const secondIsBad = (i: number) => (i === 1 ? -1 : 7);
const blobHash = `${LARGE} ${hasher().update(pattern(0, LARGE)).digest("hex")}`;

const checks: Check[] = [
  ["unary", pingWith(blob(1, "grüße")), "grüße"],
  ["unary error", pingWith(number(2, 1)), "! NOT_FOUND: no such thing"],
  ["unary error with data", pingForData, "NOT_FOUND: see payload [1,2,3]"],
  ["unary error with a code of the service's", pingWith(number(2, 3)),
    "! QUOTA_EXCEEDED: quota used up"],
  ["undecodable request", pingWith([10, 200]), /^! INVALID_ARGUMENT: failed to decode/],
  ["server stream", countTo(3, 0), "3"],
  ["server stream that fails", countTo(5, 2), "2 ! NOT_FOUND: no more numbers"],
  ["server stream that nobody serves", nobody, "! UNAVAILABLE: nobody listens"],
  ["server stream of 100,000", countTo(MANY, 0), String(MANY)],
  ["client stream", sumOf(3, (i) => 10 * (i + 1)), "60 3"],
  ["empty client stream", sumOf(0, () => 0), "0 0"],
  ["client stream that fails early", sumOf(3, secondIsBad), "! NOT_FOUND: negative value"],
  ["client stream of 100,000", sumOf(MANY, (i) => i), `${(MANY * (MANY - 1)) / 2} ${MANY}`],
  ["bidirectional stream", chat(["one", "two", "three"]), "one two three"],
  ["bidirectional stream that fails", chat(["one", "fail"]), "one ! NOT_FOUND: no such user"],
  ["upload of 64 MiB", upload, blobHash],
  ["download of 64 MiB", download, blobHash],
];

export async function callAll(nc: NatsConnection): Promise<number> {
  return await runChecks(nc, checks);
}
