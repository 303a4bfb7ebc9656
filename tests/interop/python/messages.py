"""Messages as their fields: numbers and bytes by field number. And what both sides know: the blob, the limits."""

MANY = 100000
LARGE = 64 << 20
CHUNK = 131072
PATIENCE = 120  # seconds


class Malformed(Exception):
    pass


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    """A field of int32 or int64; nothing for 0."""
    return varint(field << 3) + varint(value) if value else b""


def blob(field, value):
    """A field of string or bytes; nothing for an empty one."""
    return varint(field << 3 | 2) + varint(len(value)) + value if value else b""


def read_varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("a varint without an end")
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


class Message:
    def __init__(self, data):
        self.numbers, self.blobs, at = {}, {}, 0
        while at < len(data):
            tag, at = read_varint(data, at)
            value, at = read_varint(data, at)
            if tag & 7 == 0:
                self.numbers[tag >> 3] = value - (1 << 64) if value >> 63 else value
            elif tag & 7 == 2:
                if value > len(data) - at:
                    raise Malformed("a field beyond the end")
                self.blobs[tag >> 3] = data[at : at + value]
                at += value
            else:
                raise Malformed(f"wire type {tag & 7}")

    def number(self, field):
        return self.numbers.get(field, 0)

    def bytes(self, field):
        return self.blobs.get(field, b"")


def pattern(start, size):
    """`size` bytes of the blob, from `start` on."""
    period = bytes(range(256)) * (size // 256 + 2)
    return period[start % 256 : start % 256 + size]
