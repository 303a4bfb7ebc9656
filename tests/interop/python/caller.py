"""A caller with two inboxes, one for the acknowledgement and one as Reply-To, whose messages have no numbers."""

import asyncio
import hashlib
import re
import time
import traceback

from inbox import Inbox
from messages import CHUNK, LARGE, MANY, PATIENCE, Message, blob, number, pattern


class Refusal(Exception):
    """An error that the service told."""


def check_failure(m):
    headers = m.headers or {}
    code = headers.get("Nats-Service-Error-Code")
    if code:
        raise Refusal(f"{code}: {headers.get('Nats-Service-Error')}" + (f" {list(m.data)}" if m.data else ""))


def fields(m):
    return Message(m.data)


async def unary(nc, subject, request, read=fields):
    m = await nc.request(subject, request, timeout=PATIENCE)
    check_failure(m)
    return read(m)


async def each(inbox, take, read=fields):
    """Reads a stream to its end and gives each message, as `read` reads it, to `take`."""
    count = 0
    async for m in inbox.messages():
        headers = m.headers or {}
        check_failure(m)
        seq = headers.get("Nats-Stream-Seq")
        if headers.get("Nats-Stream-End") == "true":
            if seq != str(count):
                raise ValueError(f"an end with the number {seq} after {count} messages")
            return
        count += 1
        if seq != str(count):
            raise ValueError(f"message {seq} where {count} was due")
        take(read(m))


async def server_stream(nc, subject, request, take, read=fields):
    async with Inbox(nc) as inbox:
        await nc.publish(subject, request, headers={"Reply-To": inbox.subject})
        await each(inbox, take, read)


async def open_stream(nc, subject, inbox):
    m = await nc.request(subject, b"", timeout=PATIENCE, headers={"Reply-To": inbox.subject})
    check_failure(m)
    return m.headers["Nats-Stream-Inbox"]


async def client_stream(nc, subject, items, read=fields):
    async with Inbox(nc) as inbox:
        to = await open_stream(nc, subject, inbox)
        for item in items:
            await nc.publish(to, item)
        await nc.publish(to, b"", headers={"Nats-Stream-End": "true"})
        async for m in inbox.messages():
            check_failure(m)
            return read(m)


# ---- what is checked: each says what it came to, what it said before an error comes before the error's text ----


def ping_of(request):
    async def run(nc, said):
        said.append((await unary(nc, "lab.v1.ping", request)).bytes(1).decode())

    return run


def count_to(count, fail_at):
    async def run(nc, said):
        numbers = []
        said.append(numbers)
        request = number(2, count) + number(3, fail_at)
        await server_stream(nc, "lab.v1.count_up", request, lambda m: numbers.append(m.number(1)))

    return run


def sum_of(values):
    async def run(nc, said):
        m = await client_stream(nc, "lab.v1.sum", (number(1, value) for value in values))
        said.append((m.number(1), m.number(2)))

    return run


def chat_of(*lines):
    async def run(nc, said):
        async with Inbox(nc) as inbox:
            to = await open_stream(nc, "lab.v1.chat", inbox)
            for line in lines:
                await nc.publish(to, blob(1, b"python") + blob(2, line.encode()))
            await nc.publish(to, b"", headers={"Nats-Stream-End": "true"})
            await each(inbox, lambda m: said.append(m.bytes(2).decode()))

    return run


async def upload(nc, said):
    chunks = (blob(1, pattern(at, CHUNK)) for at in range(0, LARGE, CHUNK))
    m = await client_stream(nc, "lab.v1.upload", chunks)
    said.append((m.number(1), m.bytes(2).decode()))


async def download(nc, said):
    digest, sizes = hashlib.sha256(), []

    def take(m):
        digest.update(m.bytes(1))
        sizes.append(len(m.bytes(1)))

    await server_stream(nc, "lab.v1.download", number(1, LARGE) + number(2, CHUNK), take)
    said.append((sum(sizes), digest.hexdigest()))


BLOB = (LARGE, hashlib.sha256(pattern(0, LARGE)).hexdigest())

CHECKS = [
    ("unary", ping_of(blob(1, "grüße".encode())), ["grüße"], None),
    ("unary error", ping_of(number(2, 1)), [], "NOT_FOUND: no such thing"),
    ("unary error with data", ping_of(number(2, 7)), [], r"NOT_FOUND: see payload \[1, 2, 3\]"),
    ("unary error with a code of the service's", ping_of(number(2, 3)), [], "QUOTA_EXCEEDED: quota used up"),
    ("undecodable request", ping_of(b"\x0a\xc8"), [], "INVALID_ARGUMENT: failed to decode request: .*"),
    ("server stream", count_to(3, 0), [[0, 1, 2]], None),
    ("server stream that fails", count_to(5, 2), [[0, 1]], "NOT_FOUND: no more numbers"),
    ("server stream of 100,000", count_to(MANY, 0), [list(range(MANY))], None),
    ("client stream", sum_of([10, 20, 30]), [(60, 3)], None),
    ("empty client stream", sum_of([]), [(0, 0)], None),
    ("client stream that fails early", sum_of([10, -1, 7]), [], "NOT_FOUND: negative value"),
    ("client stream of 100,000", sum_of(range(MANY)), [(MANY * (MANY - 1) // 2, MANY)], None),
    ("bidirectional stream", chat_of("one", "two", "three"), ["one", "two", "three"], None),
    ("bidirectional stream that fails", chat_of("one", "fail"), ["one"], "NOT_FOUND: no such user"),
    ("upload of 64 MiB", upload, [BLOB], None),
    ("download of 64 MiB", download, [BLOB], None),
]


async def outcome(nc, run, said):
    """The text of the error that the check came to, or None."""
    try:
        await asyncio.wait_for(run(nc, said), PATIENCE)
    except Refusal as error:
        return str(error)
    except Exception:
        return traceback.format_exc()
    return None


async def call_all(nc):
    return await run_all(nc, CHECKS)


async def run_all(nc, checks):
    failed = 0
    for name, run, expected, error_pattern in checks:
        started, said = time.monotonic(), []
        error = await outcome(nc, run, said)
        is_right_error = error == error_pattern if error is None else re.fullmatch(error_pattern or "$^", error)
        if said == expected and is_right_error:
            print(f"ok {name} ({1000 * (time.monotonic() - started):.0f} ms)", flush=True)
            continue
        failed += 1
        print(f"not ok {name}: {str(said)[:200]}, {error}; expected {str(expected)[:200]}, {error_pattern}", flush=True)
    return failed
