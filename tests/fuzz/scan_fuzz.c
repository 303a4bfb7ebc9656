/*
 * Fuzzes the way of a peer's bytes into messages. The first byte chooses the type. What the scan
 * lets through must decode, and what was decoded must encode and decode again.
 */
#include "codec/codec.h"

#include "codec_test.pb-c.h"
#include "codec_test_proto2.pb-c.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* protobuf-c cannot merge some messages that come twice; all else that passes must decode. */
static bool may_fail(natsmicro_status status, const nm_error *error)
{
    return status == NATSMICRO_RESOURCE_EXHAUSTED ||
           (status == NATSMICRO_INVALID_ARGUMENT && nm_error_text(error)[0] != '\0');
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ProtobufCMessageDescriptor *const descriptors[] = {
        &codectest__v1__all__descriptor,
        &codectest__v1__nested__descriptor,
        &codectest__v1__empty__descriptor,
        &codectest__v2__required__descriptor,
    };
    const nm_codec_limits limits = {20, 100000};
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;

    if (size == 0)
        return 0;
    const ProtobufCMessageDescriptor *descriptor = descriptors[data[0] % 4];
    natsmicro_status status =
        nm_decode(descriptor, data + 1, size - 1, &limits, &arena, &message, &error);
    check((status == NATSMICRO_OK) == (message != NULL));
    check(status == NATSMICRO_OK || may_fail(status, &error));
    if (message != NULL)
        encode_again(descriptor, message);
    nm_arena_free(&arena);

    status = nm_decode_owned(descriptor, data + 1, size - 1, &limits, &message, &error);
    check((status == NATSMICRO_OK) == (message != NULL));
    protobuf_c_message_free_unpacked(message, NULL);
    nm_error_clear(&error);
    return 0;
}
