"""A subscription whose messages wait in a queue; with nats-py's own iterator each costs a task, ten times as much."""

import asyncio


class Inbox:
    def __init__(self, nc):
        self.nc, self.subject = nc, nc.new_inbox()
        self.queue = asyncio.Queue()

    async def __aenter__(self):
        self.subscription = await self.nc.subscribe(
            self.subject, cb=self.queue.put, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        return self

    async def __aexit__(self, *error):
        await self.subscription.unsubscribe()

    async def messages(self):
        """All but controls, which this peer does not know."""
        while True:
            m = await self.queue.get()
            if "Natsmicro-Control" not in (m.headers or {}):
                yield m
