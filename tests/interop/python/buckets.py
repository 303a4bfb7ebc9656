"""Key-value buckets and object stores by nats-py's own clients: the verbs that the Go program in ../stores has, too, which
print the same. Buckets that nats-py makes have allow_direct off."""

import hashlib
import os

from nats.js import api, errors

PATIENCE_S = 120


def print_entry(entry, *words):
    print(entry.revision, *words, (entry.value or b"").hex())


async def kv_make(js, bucket, history):
    await js.create_key_value(api.KeyValueConfig(bucket=bucket, history=int(history)))


async def kv_get(js, bucket, key):
    print_entry(await (await js.key_value(bucket)).get(key))


async def kv_put(js, bucket, key, value):
    print(await (await js.key_value(bucket)).put(key, bytes.fromhex(value)))


async def kv_create(js, bucket, key, value):
    print(await (await js.key_value(bucket)).create(key, bytes.fromhex(value)))


async def kv_update(js, bucket, key, value, revision):
    print(await (await js.key_value(bucket)).update(key, bytes.fromhex(value), int(revision)))


async def kv_delete(js, bucket, key):
    await (await js.key_value(bucket)).delete(key)


async def kv_purge(js, bucket, key):
    await (await js.key_value(bucket)).purge(key)


OPERATIONS = {None: "put", "DEL": "delete", "PURGE": "purge"}


async def kv_history(js, bucket, key):
    for entry in await (await js.key_value(bucket)).history(key):
        print_entry(entry, OPERATIONS[entry.operation])


async def object_make(js, bucket):
    await js.create_object_store(bucket)


class Hash:
    """What an object is read into."""

    def __init__(self):
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data):
        self.sha256.update(data)
        self.size += len(data)


async def object_get(js, bucket, name):
    got = Hash()
    result = await (await js.object_store(bucket)).get(name, writeinto=got)
    print(got.size, got.sha256.hexdigest(), result.info.digest)


async def object_put(js, bucket, name, path):
    with open(path, "rb") as file:
        await (await js.object_store(bucket)).put(name, file)


async def object_delete(js, bucket, name):
    await (await js.object_store(bucket)).delete(name)


VERBS = {
    function.__name__.replace("_", "-"): function
    for function in (
        kv_make,
        kv_get,
        kv_put,
        kv_create,
        kv_update,
        kv_delete,
        kv_purge,
        kv_history,
        object_make,
        object_get,
        object_put,
        object_delete,
    )
}

WORDS = {
    errors.KeyNotFoundError: "not found",
    errors.ObjectNotFoundError: "not found",
    errors.ObjectDeletedError: "not found",
    errors.BucketNotFoundError: "no bucket",
    errors.KeyWrongLastSequenceError: "exists",
}


def verb(name, arguments):
    """What runs one, or None."""
    function = VERBS.get(name)
    if function is None or len(arguments) != function.__code__.co_argcount - 1:
        return None

    async def run(nc):
        js = nc.jetstream(domain=os.environ.get("STORES_DOMAIN"), timeout=PATIENCE_S)
        try:
            await function(js, *arguments)
        except errors.Error as error:
            print("error:", WORDS.get(type(error), error))

    return run
