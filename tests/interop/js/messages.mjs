// Messages as their fields: numbers and bytes by field number. And what both sides know: the blob, the limits.
import { createHash } from "node:crypto";

export const MANY = 100000;
export const LARGE = 64 << 20;
export const CHUNK = 131072;
export const PATIENCE_MS = 120000;

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

// A field of int32 or int64; nothing for 0.
export function number(field, value) {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([varint(field << 3), varint(value)]);
}

// A field of string or bytes; nothing for an empty one.
export function blob(field, value) {
  const bytes = Buffer.from(value);
  return bytes.length === 0 ? bytes : Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

export class Malformed extends Error {}

// { numbers, bytes }, by field number; what is not there reads as 0 and empty.
export function decode(data) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  let at = 0;
  const next = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (at >= bytes.length || shift > 63n) throw new Malformed("a varint without an end");
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const numbers = {};
  const blobs = {};
  while (at < bytes.length) {
    const tag = Number(next());
    if ((tag & 7) === 0) {
      numbers[tag >> 3] = Number(BigInt.asIntN(64, next()));
    } else if ((tag & 7) === 2) {
      const length = Number(next());
      if (length > bytes.length - at) throw new Malformed("a field beyond the end");
      blobs[tag >> 3] = bytes.subarray(at, (at += length));
    } else {
      throw new Malformed(`wire type ${tag & 7}`);
    }
  }
  return {
    number: (field) => numbers[field] ?? 0,
    bytes: (field) => blobs[field] ?? Buffer.alloc(0),
    text: (field) => (blobs[field] ?? "").toString(),
  };
}

// `size` bytes of the blob, from `start` on.
export function pattern(start, size) {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = start + i;
  return bytes;
}

export function hasher() {
  return createHash("sha256");
}
