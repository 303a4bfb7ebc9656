/*
 * Fuzzes the way of a peer's bytes into messages. The first byte chooses the type, the second where
 * the bytes are cut. What the scan lets through must decode, and what was decoded must encode and
 * decode again. A message field that comes in two pieces must be what it is in one.
 */
#include "codec/codec.h"
#include "codec/item.h"

#include "codec_test.pb-c.h"
#include "codec_test_proto2.pb-c.h"
#include "join_test.pb-c.h"
#include "join_test_proto2.pb-c.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Whatever the scan has let through, protobuf-c takes. */
static bool may_fail(natsmicro_status status, const nm_error *error)
{
    return status == NATSMICRO_RESOURCE_EXHAUSTED ||
           (status == NATSMICRO_INVALID_ARGUMENT && nm_error_text(error)[0] != '\0' &&
            strstr(nm_error_text(error), "protobuf-c cannot decode it") == NULL);
}

static void encode_again(const ProtobufCMessageDescriptor *descriptor,
                         const ProtobufCMessage *message)
{
    nm_arena arena = NM_ARENA_INIT;
    nm_buffer buffer = NM_BUFFER_INIT;
    ProtobufCMessage *again = NULL;

    check(nm_encode(descriptor, message, &buffer, NULL) == NATSMICRO_OK);
    check(nm_decode(descriptor, buffer.data, buffer.length, NULL, &arena, &again, NULL) ==
          NATSMICRO_OK);
    nm_arena_free(&arena);
    nm_buffer_free(&buffer);
}

static void decode_both_ways(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
                             size_t size)
{
    const nm_codec_limits limits = {20, 100000};
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;
    natsmicro_status status = nm_decode(descriptor, data, size, &limits, &arena, &message, &error);

    check((status == NATSMICRO_OK) == (message != NULL));
    check(status == NATSMICRO_OK || may_fail(status, &error));
    if (message != NULL)
        encode_again(descriptor, message);
    nm_arena_free(&arena);

    status = nm_decode_owned(descriptor, data, size, &limits, &message, &error);
    check((status == NATSMICRO_OK) == (message != NULL));
    protobuf_c_message_free_unpacked(message, NULL);
    nm_error_clear(&error);
}

static void put_field(nm_buffer *out, uint32_t number, const uint8_t *content, size_t length)
{
    uint8_t start[2 * NM_VARINT_SIZE];
    uint8_t *end = nm_varint_write(start, number << 3 | NM_WIRE_DELIMITED);

    nm_buffer_append(out, start, (size_t)(nm_varint_write(end, length) - start));
    nm_buffer_append(out, content, length);
}

/* The encoding of what was decoded, or nothing if the bytes are refused. */
static bool decode_and_encode(const ProtobufCMessageDescriptor *descriptor, const nm_buffer *bytes,
                              nm_buffer *encoded)
{
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *message = NULL;
    natsmicro_status status =
        nm_decode(descriptor, bytes->data, bytes->length, NULL, &arena, &message, NULL);

    if (status == NATSMICRO_OK)
        check(nm_encode(descriptor, message, encoded, NULL) == NATSMICRO_OK);
    nm_arena_free(&arena);
    return status == NATSMICRO_OK;
}

/* A type with a field that holds a single message of the same type. */
typedef struct holder {
    const ProtobufCMessageDescriptor *descriptor;
    uint32_t inner;       /* the field; 0: there is none */
    const char *required; /* what a message of the type must begin with */
} holder;

/* The content of a holder's field, cut after the first item that ends at `cut` or later. */
static void in_two_pieces(const holder *type, const uint8_t *data, size_t size, size_t cut)
{
    nm_cursor rest = nm_cursor_over(data, size);
    nm_buffer whole = NM_BUFFER_INIT;
    nm_buffer pieces = NM_BUFFER_INIT;
    nm_buffer from_whole = NM_BUFFER_INIT;
    nm_buffer from_pieces = NM_BUFFER_INIT;

    nm_item item;
    while (size - nm_cursor_left(&rest) < cut && nm_cursor_left(&rest) > 0)
        if (nm_take_item(&rest, &item) != NULL)
            return;
    size_t first = size - nm_cursor_left(&rest);
    nm_buffer_append_string(&whole, type->required);
    nm_buffer_append_string(&pieces, type->required);
    put_field(&whole, type->inner, data, size);
    put_field(&pieces, type->inner, data, first);
    put_field(&pieces, type->inner, data + first, size - first);
    check(decode_and_encode(type->descriptor, &whole, &from_whole) ==
          decode_and_encode(type->descriptor, &pieces, &from_pieces));
    check(from_whole.length == from_pieces.length);
    check(from_whole.length == 0 ||
          memcmp(from_whole.data, from_pieces.data, from_whole.length) == 0);
    nm_buffer_free(&whole);
    nm_buffer_free(&pieces);
    nm_buffer_free(&from_whole);
    nm_buffer_free(&from_pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const holder types[] = {
        {&codectest__v1__all__descriptor, 0, ""},
        {&codectest__v1__nested__descriptor, 2, ""},
        {&codectest__v1__empty__descriptor, 0, ""},
        {&codectest__v2__required__descriptor, 3, "\x08\x01\x12\x01x"},
        {&jointest__v1__node__descriptor, 5, ""},
        {&jointest__v1__node__descriptor, 10, ""},
        {&jointest__v2__needed__descriptor, 3, "\x08\x01\x12\x01x"},
        {&jointest__v2__needed__descriptor, 4, "\x08\x01\x12\x01x"},
    };

    if (size < 2)
        return 0;
    const holder *type = &types[data[0] % (sizeof(types) / sizeof(types[0]))];
    decode_both_ways(type->descriptor, data + 2, size - 2);
    if (type->inner != 0)
        in_two_pieces(type, data + 2, size - 2, data[1]);
    return 0;
}
