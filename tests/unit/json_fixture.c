/*
 * JSON fixture: see json_fixture.h.
 */
#include "unit/json_fixture.h"

#include "support/descriptors.h"
#include "unit/cmocka_test.h"

#include <string.h>

static descriptors files;
nm_schema *json_schema;
nm_dynamic *json_dynamic;
static nm_json *json_types;

int json_setup(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    files = descriptors_read("tests");
    if (nm_schema_new(&json_schema, files.files, files.n_files, &error) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&error));
    json_dynamic = nm_dynamic_new(json_schema);
    assert_non_null(json_dynamic);
    json_types = nm_json_new(json_schema, json_dynamic);
    assert_non_null(json_types);
    return 0;
}

int json_teardown(void **state)
{
    (void)state;
    nm_json_free(json_types);
    nm_dynamic_free(json_dynamic);
    nm_schema_free(json_schema);
    descriptors_free(&files);
    return 0;
}

static const nm_schema_message *message_of(const ProtobufCMessageDescriptor *descriptor)
{
    const nm_schema_message *message =
        nm_schema_find_message(json_schema, descriptor->name, strlen(descriptor->name));

    assert_non_null(message);
    return message;
}

const nm_json_type *json_type(const ProtobufCMessageDescriptor *descriptor)
{
    nm_error error = NM_ERROR_INIT;
    const nm_json_type *type;

    if (nm_json_bind(json_types, descriptor, message_of(descriptor), &type, &error) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&error));
    return type;
}

const ProtobufCMessageDescriptor *
json_dynamic_descriptor(const ProtobufCMessageDescriptor *descriptor)
{
    nm_error error = NM_ERROR_INIT;
    const ProtobufCMessageDescriptor *dynamic;

    if (nm_dynamic_descriptor(json_dynamic, message_of(descriptor), &dynamic, &error) !=
        NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&error));
    return dynamic;
}

void assert_writes_with(const nm_json_options *options, const void *message, const char *expected)
{
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    const nm_json_type *type = json_type(((const ProtobufCMessage *)message)->descriptor);

    if (nm_json_write(type, message, options, &buffer, &error) != NATSMICRO_OK)
        fail_msg("%s: %s", expected, nm_error_text(&error));
    assert_string_equal(nm_buffer_string(&buffer), expected);
    nm_buffer_free(&buffer);
}

void assert_writes(const void *message, const char *expected)
{
    assert_writes_with(NULL, message, expected);
}

/* Nothing is appended to what the buffer had. */
void assert_not_written(const void *message, const char *expected)
{
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    const nm_json_type *type = json_type(((const ProtobufCMessage *)message)->descriptor);

    nm_buffer_append_string(&buffer, "before");
    assert_int_equal(nm_json_write(type, message, NULL, &buffer, &error),
                     NATSMICRO_INVALID_ARGUMENT);
    assert_string_equal(nm_error_text(&error), expected);
    assert_string_equal(nm_buffer_string(&buffer), "before");
    nm_error_clear(&error);
    nm_buffer_free(&buffer);
    assert_int_equal(nm_json_write(type, message, NULL, &buffer, NULL), NATSMICRO_INVALID_ARGUMENT);
    nm_buffer_free(&buffer);
}

void assert_reads_with(const nm_json_options *options, const ProtobufCMessageDescriptor *descriptor,
                       const char *text, const char *expected)
{
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message;
    natsmicro_status status = nm_json_read(json_type(descriptor), (const uint8_t *)text,
                                           strlen(text), options, NULL, &arena, &message, &error);

    if (status != NATSMICRO_OK)
        fail_msg("%s: %s", text, nm_error_text(&error));
    assert_writes(message, expected);
    nm_arena_free(&arena);
}

void assert_reads(const ProtobufCMessageDescriptor *descriptor, const char *text,
                  const char *expected)
{
    assert_reads_with(NULL, descriptor, text, expected);
}

void assert_same(const ProtobufCMessageDescriptor *descriptor, const char *text)
{
    assert_reads(descriptor, text, text);
}

static void refuse(const nm_json_options *options, const nm_codec_limits *limits,
                   const ProtobufCMessageDescriptor *descriptor, nm_bytes text,
                   natsmicro_status status, const char *expected)
{
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    const nm_json_type *type = json_type(descriptor);
    ProtobufCMessage *message;
    natsmicro_status got =
        nm_json_read(type, text.data, text.length, options, limits, &arena, &message, &error);

    if (got == NATSMICRO_OK)
        fail_msg("%.*s was read", (int)(text.length < 80 ? text.length : 80),
                 (const char *)text.data);
    assert_string_equal(nm_error_text(&error), expected);
    assert_int_equal(got, status);
    assert_null(message);
    nm_error_clear(&error);
    assert_int_equal(
        nm_json_read(type, text.data, text.length, options, limits, &arena, &message, NULL),
        status);
    nm_arena_free(&arena);
}

void assert_bytes_refused(const ProtobufCMessageDescriptor *descriptor, const void *text,
                          size_t length, const nm_codec_limits *limits, natsmicro_status status,
                          const char *expected)
{
    refuse(NULL, limits, descriptor, (nm_bytes){text, length}, status, expected);
}

void assert_refused_with(const nm_json_options *options,
                         const ProtobufCMessageDescriptor *descriptor, const char *text,
                         const char *expected)
{
    refuse(options, NULL, descriptor, (nm_bytes){text, strlen(text)}, NATSMICRO_INVALID_ARGUMENT,
           expected);
}

void assert_refused(const ProtobufCMessageDescriptor *descriptor, const char *text,
                    const char *expected)
{
    assert_refused_with(NULL, descriptor, text, expected);
}
