"""Interop: the lab service and its caller on nats-py and its micro package, written from
docs/wire-protocol.md alone. "main.py call URL" calls a service, "main.py serve URL" is one until it is
killed; call-json and serve-json are the same with the service whose messages travel as JSON. "main.py kv-get URL BUCKET KEY" and other verbs of
buckets.py are nats-py's own clients of stores.

Of what that page leaves open, this peer takes what the recorded ones in Python and TypeScript do: it numbers
no messages, acknowledges on Reply-To, and its service tells errors in Status and Description.
"""

import asyncio
import sys

import nats

import buckets
import caller
import service


async def complain(error):
    print("nats-py:", repr(error), flush=True)


async def run(verb, url):
    nc = await nats.connect(url, error_cb=complain)
    failed = await verb(nc)
    await nc.close()
    return failed


def main():
    verbs = {"call": caller.call_all, "serve": service.serve}
    if sys.argv[3:]:
        verbs = {sys.argv[1]: buckets.verb(sys.argv[1], sys.argv[3:])}
    elif sys.argv[1:] and sys.argv[1].endswith("-json"):
        import json_peer  # has types only where protoc's descriptors are

        verbs = {"call-json": json_peer.call_all, "serve-json": json_peer.serve}
    if len(sys.argv) < 3 or verbs.get(sys.argv[1]) is None:
        print("main.py call|serve|call-json|serve-json URL")
        print("main.py", "|".join(sorted(buckets.VERBS)), "URL ARGUMENT…")
        return 2
    return 1 if asyncio.run(run(verbs[sys.argv[1]], sys.argv[2])) else 0


if __name__ == "__main__":
    sys.exit(main())
