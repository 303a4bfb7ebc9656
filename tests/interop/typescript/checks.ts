// What a check is, and how it is run: it gives a text, which must be the one expected. What it gave
// before an error comes before the error's.
import type { NatsConnection } from "@nats-io/transport-node";

import { PATIENCE_MS } from "./messages.js";
import { Refusal } from "./streams.js";

// Tells how far the check has come, for the case that it ends with an error or not at all.
export type Say = (progress: () => string) => void;

export type Run = (nc: NatsConnection, say: Say) => Promise<string | void>;

export type Check = [name: string, run: Run, want: string | RegExp];

// Runs a check and returns what it came to, errors and hangs included.
export async function outcome(run: Run, nc: NatsConnection): Promise<string> {
  let said = () => "";
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing after ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    const result = await Promise.race([run(nc, (progress) => (said = progress)), late]);
    return result ?? said();
  } catch (err) {
    return `${said()} ! ${describe(err)}`.trim();
  } finally {
    clearTimeout(timer);
  }
}

function describe(err: unknown): string {
  if (err instanceof Refusal) return err.message;
  return err instanceof Error && err.stack !== undefined ? err.stack : String(err);
}

export function report(name: string, got: string, want: string | RegExp): boolean {
  const isRight = want instanceof RegExp ? want.test(got) : got === want;
  console.log(isRight ? `ok ${name}` : `not ok ${name}: ${got}, expected ${want}`);
  return isRight;
}

// One after the other; returns how many failed.
export async function runChecks(nc: NatsConnection, list: Check[]): Promise<number> {
  let failed = 0;
  for (const [name, run, want] of list) {
    const started = Date.now();
    const got = await outcome(run, nc);
    if (!report(`${name} (${Date.now() - started} ms)`, got, want)) failed++;
  }
  return failed;
}
