// Messages as their fields: numbers and bytes by field number. And what both sides know: the blob,
// the limits.
import { createHash, type Hash } from "node:crypto";

export const MANY = 100000;
export const LARGE = 64 << 20;
export const CHUNK = 131072;
export const PATIENCE_MS = 120000;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

// A field of int32 or int64; nothing for 0.
export function number(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([varint(field << 3), varint(value)]);
}

// A field of string or bytes; nothing for an empty one.
export function blob(field: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length === 0) return bytes;
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

export class Malformed extends Error {}

// A message that came; a field that is not in it reads as 0 and empty.
export class Fields {
  private readonly numbers = new Map<number, number>();
  private readonly blobs = new Map<number, Buffer>();

  constructor(data: Uint8Array) {
    const reader = new Reader(data);
    while (!reader.isAtEnd()) {
      const tag = Number(reader.varint());
      if ((tag & 7) === 0) {
        this.numbers.set(tag >> 3, Number(BigInt.asIntN(64, reader.varint())));
      } else if ((tag & 7) === 2) {
        this.blobs.set(tag >> 3, reader.bytes(Number(reader.varint())));
      } else {
        throw new Malformed(`wire type ${tag & 7}`);
      }
    }
  }

  number(field: number): number {
    return this.numbers.get(field) ?? 0;
  }

  bytes(field: number): Buffer {
    return this.blobs.get(field) ?? Buffer.alloc(0);
  }

  text(field: number): string {
    return this.bytes(field).toString();
  }
}

class Reader {
  private readonly rest: Buffer;
  private at = 0;

  constructor(data: Uint8Array) {
    this.rest = Buffer.from(data.buffer, data.byteOffset, data.length);
  }

  isAtEnd(): boolean {
    return this.at >= this.rest.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.rest[this.at++];
      if (byte === undefined || shift > 63n) throw new Malformed("a varint without an end");
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  bytes(length: number): Buffer {
    if (length > this.rest.length - this.at) throw new Malformed("a field beyond the end");
    return this.rest.subarray(this.at, (this.at += length));
  }
}

// `size` bytes of the blob, from `start` on.
export function pattern(start: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = start + i;
  return bytes;
}

export function hasher(): Hash {
  return createHash("sha256");
}
