// A caller that follows docs/wire-protocol.md in all: one inbox as NATS reply and Reply-To of an opening.
import { Refusal, Stream, refusalIn, withHeaders } from "./streams.mjs";
import { CHUNK, LARGE, MANY, PATIENCE_MS, blob, decode, hasher, number, pattern } from "./messages.mjs";

async function unary(nc, subject, request) {
  const m = await nc.request(subject, request, { timeout: PATIENCE_MS });
  const refusal = refusalIn(m);
  if (refusal) throw refusal;
  return m;
}

function open(nc, subject, request) {
  const call = new Stream(nc);
  nc.publish(subject, request, { reply: call.inbox, headers: withHeaders({ "Reply-To": call.inbox }) });
  return call;
}

// An open client or bidirectional stream.
async function openAcknowledged(nc, subject) {
  const call = open(nc, subject, new Uint8Array(0));
  const m = await call.take();
  call.to = m.headers?.get("Nats-Stream-Inbox") ?? "";
  if (!call.to) throw new Error("an acknowledgement without Nats-Stream-Inbox");
  return call;
}

async function clientStream(nc, subject, count, item) {
  const call = await openAcknowledged(nc, subject);
  for (let i = 0; i < count; i++) await call.send(item(i));
  call.end();
  try {
    return decode((await call.take()).data);
  } finally {
    call.close();
  }
}

// Gives each message to `take`; what it has come to at an error goes into the error.
async function serverStream(nc, subject, request, take) {
  const call = open(nc, subject, request);
  try {
    for (let data; (data = await call.receive()) !== undefined; ) take(decode(data));
  } finally {
    call.close();
  }
}

// ---- what is checked: each gives a text, and what it gave before an error comes before the error's ----

async function ping(nc, request) {
  return decode((await unary(nc, "lab.v1.ping", request)).data).text(1);
}

async function pingForData(nc) {
  try {
    return await ping(nc, number(2, 7));
  } catch (err) {
    return `${err.message} [${[...(err.data ?? [])]}]`;
  }
}

function countTo(count, failAt) {
  return async (nc, say) => {
    let next = 0;
    say(() => String(next));
    const request = Buffer.concat([number(2, count), number(3, failAt)]);
    await serverStream(nc, "lab.v1.count_up", request, (m) => {
      if (m.number(1) === next) next++;
    });
  };
}

function sumOf(count, value) {
  return async (nc) => {
    const m = await clientStream(nc, "lab.v1.sum", count, (i) => number(1, value(i)));
    return `${m.number(1)} ${m.number(2)}`;
  };
}

function chat(lines) {
  return async (nc, say) => {
    const heard = [];
    say(() => heard.join(" "));
    const call = await openAcknowledged(nc, "lab.v1.chat");
    for (const line of lines) {
      await call.send(Buffer.concat([blob(1, "js"), blob(2, line)]));
      const data = await call.receive();
      heard.push(decode(data).text(2));
    }
    call.end();
    if ((await call.receive()) !== undefined) throw new Error("more than was sent");
    call.close();
  };
}

async function upload(nc) {
  const m = await clientStream(nc, "lab.v1.upload", LARGE / CHUNK, (i) => blob(1, pattern(i * CHUNK, CHUNK)));
  return `${m.number(1)} ${m.text(2)}`;
}

async function download(nc, say) {
  const hash = hasher();
  let size = 0;
  say(() => `${size} ${hash.digest("hex")}`);
  const request = Buffer.concat([number(1, LARGE), number(2, CHUNK)]);
  await serverStream(nc, "lab.v1.download", request, (m) => {
    hash.update(m.bytes(1));
    size += m.bytes(1).length;
  });
}

async function nobody(nc) {
  const call = open(nc, "lab.v1.nobody", new Uint8Array(0));
  await call.receive();
}

const blobHash = `${LARGE} ${hasher().update(pattern(0, LARGE)).digest("hex")}`;

const checks = [
  ["unary", (nc) => ping(nc, blob(1, "grüße")), "grüße"],
  ["unary error", (nc) => ping(nc, number(2, 1)), "! NOT_FOUND: no such thing"],
  ["unary error with data", pingForData, "NOT_FOUND: see payload [1,2,3]"],
  ["unary error with a code of the service's", (nc) => ping(nc, number(2, 3)), "! QUOTA_EXCEEDED: quota used up"],
  ["undecodable request", async (nc) => (await ping(nc, Buffer.from([10, 200]))), /^! INVALID_ARGUMENT: failed to decode/],
  ["server stream", countTo(3, 0), "3"],
  ["server stream that fails", countTo(5, 2), "2 ! NOT_FOUND: no more numbers"],
  ["server stream that nobody serves", nobody, "! UNAVAILABLE: nobody listens"],
  ["server stream of 100,000", countTo(MANY, 0), String(MANY)],
  ["client stream", sumOf(3, (i) => 10 * (i + 1)), "60 3"],
  ["empty client stream", sumOf(0), "0 0"],
  ["client stream that fails early", sumOf(3, (i) => (i === 1 ? -1 : 7)), "! NOT_FOUND: negative value"],
  ["client stream of 100,000", sumOf(MANY, (i) => i), `${(MANY * (MANY - 1)) / 2} ${MANY}`],
  ["bidirectional stream", chat(["one", "two", "three"]), "one two three"],
  ["bidirectional stream that fails", chat(["one", "fail"]), "one ! NOT_FOUND: no such user"],
  ["upload of 64 MiB", upload, blobHash],
  ["download of 64 MiB", download, blobHash],
];

// Runs a check and returns what it came to, errors and hangs included.
export async function outcome(run, nc) {
  let said = () => "";
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing after ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    const result = await Promise.race([run(nc, (say) => (said = say)), late]);
    return result ?? said();
  } catch (err) {
    return `${said()} ! ${err instanceof Refusal ? err.message : err.stack}`.trim();
  } finally {
    clearTimeout(timer);
  }
}

export async function runChecks(nc, list) {
  let failed = 0;
  for (const [name, run, want] of list) {
    const started = Date.now();
    const got = await outcome(run, nc);
    if (!report(`${name} (${Date.now() - started} ms)`, got, want)) failed++;
  }
  return failed;
}

export function report(name, got, want) {
  const isRight = want instanceof RegExp ? want.test(got) : got === want;
  console.log(isRight ? `ok ${name}` : `not ok ${name}: ${got}, expected ${want}`);
  return isRight;
}

export async function callAll(nc) {
  return await runChecks(nc, checks);
}
