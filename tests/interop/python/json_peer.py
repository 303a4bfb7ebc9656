"""The service of tests/protos/jsonlab/v1/jsonlab.proto and its caller, whose messages Python's own json_format writes
and reads."""

import os

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    json_format,
    message_factory,
    timestamp_pb2,
)
from nats import micro

import caller
import service
from inbox import Inbox
from messages import pattern

SUBJECTS = "jsonlab.v1."
BLOB = 10 * 65536


def describe():
    """The types that protoc described beside the peers; the well-known ones are Python's own."""
    pool = descriptor_pool.Default()
    carried = {module.DESCRIPTOR.name for module in (descriptor_pb2, duration_pb2, timestamp_pb2)}
    files = descriptor_pb2.FileDescriptorSet()
    with open(os.path.join(os.environ["INTEROP_PEERS"], "jsonlab.binpb"), "rb") as file:
        files.ParseFromString(file.read())
    for file in files.file:
        if file.name not in carried:
            pool.AddSerializedFile(file.SerializeToString())
    file = pool.FindFileByName("jsonlab/v1/jsonlab.proto")
    return {name: message_factory.GetMessageClass(type) for name, type in file.message_types_by_name.items()}


TYPES = describe()


def to_json(m):
    return json_format.MessageToJson(m).encode()


def text(name, **values):
    return to_json(TYPES[name](**values))


def parse(name, data):
    return json_format.Parse(data, TYPES[name]())


# ---- the caller ----


def thing():
    made_at = timestamp_pb2.Timestamp(seconds=1700000000, nanos=120000000)
    return TYPES["Thing"](
        full_name='grüße \u2028 "\\\x01 😀',
        big_number=-(2**53) - 1,
        mood=1,
        raw=b"\xfb\xff\xfe",
        parts=[TYPES["Thing"](), TYPES["Thing"](full_name="part")],
        counts={"a": 1, "b": 0},
        made_at=made_at,
        maybe=0,
        renamed="other",
    )


async def echo(nc, said):
    sent = thing()
    m = await caller.unary(nc, SUBJECTS + "echo", to_json(sent), lambda m: parse("Thing", m.data))
    said.append(m == sent)


def echo_of(request):
    async def run(nc, said):
        said.append(await caller.unary(nc, SUBJECTS + "echo", request, lambda m: m.data.decode()))

    return run


async def count_up(nc, said):
    numbers = []
    said.append(numbers)
    await caller.server_stream(
        nc, SUBJECTS + "count_up", text("CountRequest", how_many=1000), numbers.append, lambda m: parse("Number", m.data).value
    )


async def add_up(nc, said):
    items = (text("Number", value=i) for i in range(1000))
    m = await caller.client_stream(nc, SUBJECTS + "sum", items, lambda m: parse("Total", m.data))
    said.append((m.total, m.count))


async def chat(nc, said):
    sent = thing()
    async with Inbox(nc) as inbox:
        to = await caller.open_stream(nc, SUBJECTS + "chat", inbox)
        for _ in range(20):
            await nc.publish(to, to_json(sent))
        await nc.publish(to, b"", headers={"Nats-Stream-End": "true"})
        await caller.each(inbox, lambda m: said.append(m == sent), lambda m: parse("Thing", m.data))


async def upload(nc, said):
    items = (text("Piece", raw_data=pattern(at, 65536)) for at in range(0, BLOB, 65536))
    m = await caller.client_stream(nc, SUBJECTS + "upload", items, lambda m: parse("Total", m.data))
    said.append((m.total, m.count))


async def download(nc, said):
    data = bytearray()
    request = text("CountRequest", how_many=BLOB)
    await caller.server_stream(nc, SUBJECTS + "download", request, data.extend, lambda m: parse("Piece", m.data).raw_data)
    said.append(bytes(data) == pattern(0, BLOB))


CHECKS = [
    ("message as it was", echo, [True], None),
    ("names of the proto", echo_of(b'{"full_name": "a", "raw": "-_8"}'), ['{"fullName":"a","raw":"+/8="}'], None),
    ("error with data", echo_of(b'{"fail": 6}'), [], r"NOT_FOUND: as asked \[123, 1, 255\]"),
    ("unknown field", echo_of(b'{"nobody": 1}'), [], "INVALID_ARGUMENT: failed to decode request: .*nobody.*"),
    ("binary request", echo_of(b"\x0a\x01a"), [], "INVALID_ARGUMENT: .* looks like binary protobuf.*"),
    ("server stream of 1000", count_up, [list(range(1000))], None),
    ("client stream of 1000", add_up, [(499500, 1000)], None),
    ("bidirectional stream", chat, [True] * 20, None),
    ("upload", upload, [(sum(pattern(0, BLOB)), BLOB)], None),
    ("download", download, [True], None),
]


async def call_all(nc):
    return await caller.run_all(nc, CHECKS)


# ---- the service ----


async def answer_echo(request):
    m = parse("Thing", request.data)
    if m.fail:
        await request.respond(b"{\x01\xff", headers={"Status": "NOT_FOUND", "Description": "as asked"})
    else:
        await request.respond(to_json(m))


async def send_numbers(request, items, out):
    for i in range(request.how_many):
        await out.send(text("Number", value=i))
    await out.end()


async def send_blob(request, items, out):
    for at in range(0, request.how_many, 65536):
        await out.send(text("Piece", raw_data=pattern(at, min(65536, request.how_many - at))))
    await out.end()


async def answer_total(out, total, count):
    # An answer that is an end at the same time.
    await out.nc.publish(out.to, text("Total", total=total, count=count), headers={"Nats-Stream-End": "true"})


async def add_numbers(request, items, out):
    numbers = [parse("Number", data).value async for data in items]
    await answer_total(out, sum(numbers), len(numbers))


async def add_bytes(request, items, out):
    total = count = 0
    async for data in items:
        piece = parse("Piece", data).raw_data
        total, count = total + sum(piece), count + len(piece)
    await answer_total(out, total, count)


async def chat_back(request, items, out):
    async for data in items:
        await out.send(to_json(parse("Thing", data)))
    await out.end()


async def serve(nc):
    added = await micro.add_service(nc, name="jsonlab", version="1.0.0")
    handlers = {
        "echo": answer_echo,
        "count_up": service.streamed(nc, send_numbers, False, lambda data: parse("CountRequest", data)),
        "download": service.streamed(nc, send_blob, False, lambda data: parse("CountRequest", data)),
        "sum": service.streamed(nc, add_numbers, True, bytes),
        "upload": service.streamed(nc, add_bytes, True, bytes),
        "chat": service.streamed(nc, chat_back, True, bytes),
    }
    for name, handler in handlers.items():
        await added.add_endpoint(name=name, subject=SUBJECTS + name, handler=handler)
    await service.serve_on(nc)
