/*
 * Fuzzes the way of a peer's JSON into messages. The first byte chooses the type, generated or
 * dynamic, and whether unknown members are ignored; or the rest is a message in binary. What was
 * read must be written, and that read as the same message.
 */
#include "support/descriptors.h"
#include "json/json.h"

#include "json_test.pb-c.h"
#include "json_test_proto2.pb-c.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static const ProtobufCMessageDescriptor *const descriptors_of_types[] = {
    &jsontest__v1__scalars__descriptor, &jsontest__v1__optionals__descriptor,
    &jsontest__v1__lists__descriptor,   &jsontest__v1__maps__descriptor,
    &jsontest__v1__choice__descriptor,  &jsontest__v1__tree__descriptor,
    &jsontest__v1__known__descriptor,   &jsontest__v1__names__descriptor,
    &jsontest__v1__wide__descriptor,    &jsontest__v2__old__descriptor};

#define N_TYPES (sizeof(descriptors_of_types) / sizeof(descriptors_of_types[0]))

/* What the first byte says. */
#define IS_DYNAMIC 0x80
#define IGNORES    0x40
#define IS_BINARY  0x20
#define TYPE_BITS  0x1f

static const nm_json_type *types[2 * N_TYPES];

/* Generated types first, then the same as dynamic ones; all live as long as the process. */
static void bind_types(void)
{
    static descriptors files;

    files = descriptors_read("tests");
    nm_schema *schema;
    check(nm_schema_new(&schema, files.files, files.n_files, NULL) == NATSMICRO_OK);
    nm_dynamic *dynamic = nm_dynamic_new(schema);
    nm_json *json = nm_json_new(schema, dynamic);
    for (size_t i = 0; i < N_TYPES; i++) {
        const char *name = descriptors_of_types[i]->name;
        const nm_schema_message *message = nm_schema_find_message(schema, name, strlen(name));
        const ProtobufCMessageDescriptor *made;
        check(nm_dynamic_descriptor(dynamic, message, &made, NULL) == NATSMICRO_OK);
        check(nm_json_bind(json, descriptors_of_types[i], message, &types[i], NULL) ==
              NATSMICRO_OK);
        check(nm_json_bind(json, made, message, &types[N_TYPES + i], NULL) == NATSMICRO_OK);
    }
}

static void encode(const ProtobufCMessage *message, nm_buffer *bytes)
{
    check(nm_encode(message->descriptor, message, bytes, NULL) == NATSMICRO_OK);
}

/* Writes the message, reads that, and writes it again. */
static void there_and_back(const nm_json_type *type, const ProtobufCMessage *message,
                           bool has_same_bytes)
{
    nm_arena arena = NM_ARENA_INIT;
    nm_buffer text = NM_BUFFER_INIT;
    nm_buffer again = NM_BUFFER_INIT;
    nm_buffer bytes = NM_BUFFER_INIT;
    nm_buffer bytes_again = NM_BUFFER_INIT;

    check(nm_json_write(type, message, NULL, &text, NULL) == NATSMICRO_OK);
    ProtobufCMessage *same;
    check(nm_json_read(type, text.data, text.length, NULL, NULL, &arena, &same, NULL) ==
          NATSMICRO_OK);
    encode(message, &bytes);
    encode(same, &bytes_again);
    check(!has_same_bytes || bytes.length == bytes_again.length);
    check(nm_json_write(type, same, NULL, &again, NULL) == NATSMICRO_OK);
    check(!has_same_bytes ||
          (text.length == again.length && memcmp(text.data, again.data, text.length) == 0));
    nm_arena_free(&arena);
    nm_buffer_free(&text);
    nm_buffer_free(&again);
    nm_buffer_free(&bytes);
    nm_buffer_free(&bytes_again);
}

static void read_text(const nm_json_type *type, const uint8_t *data, size_t size, bool ignores)
{
    const nm_codec_limits limits = {20, 100000};
    const nm_json_options options = {.ignore_unknown = ignores};
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message;
    natsmicro_status status =
        nm_json_read(type, data, size, &options, &limits, &arena, &message, &error);

    check((status == NATSMICRO_OK) == (message != NULL));
    check(status == NATSMICRO_OK || nm_error_text(&error)[0] != '\0');
    check(status == NATSMICRO_OK || status == NATSMICRO_INVALID_ARGUMENT ||
          status == NATSMICRO_RESOURCE_EXHAUSTED);
    if (message != NULL)
        there_and_back(type, message, true);
    nm_error_clear(&error);
    nm_arena_free(&arena);
}

/*
 * Messages in binary may have entries of one key, and numbers of NullValue: these do not come back.
 * Values without a kind, and times out of range, are not written.
 */
static void read_binary(const ProtobufCMessageDescriptor *descriptor, const nm_json_type *type,
                        const uint8_t *data, size_t size)
{
    const nm_codec_limits limits = {20, 100000};
    nm_arena arena = NM_ARENA_INIT;
    nm_buffer text = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message;

    if (nm_decode(descriptor, data, size, &limits, &arena, &message, NULL) == NATSMICRO_OK) {
        if (nm_json_write(type, message, NULL, &text, &error) == NATSMICRO_OK)
            there_and_back(type, message, false);
        else
            check(text.length == 0 && nm_error_text(&error)[0] != '\0');
    }
    nm_error_clear(&error);
    nm_buffer_free(&text);
    nm_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (types[0] == NULL)
        bind_types();
    if (size < 1)
        return 0;
    size_t i = (data[0] & TYPE_BITS) % N_TYPES;
    if ((data[0] & IS_BINARY) != 0)
        read_binary(descriptors_of_types[i], types[i], data + 1, size - 1);
    else
        read_text(types[(data[0] & IS_DYNAMIC) != 0 ? N_TYPES + i : i], data + 1, size - 1,
                  (data[0] & IGNORES) != 0);
    return 0;
}
