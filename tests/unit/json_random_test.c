/*
 * Random messages come back from JSON as they went, by generated descriptors and by dynamic ones,
 * and both write the same JSON: the command shows what the services send.
 */
#include "unit/cmocka_test.h"
#include "unit/json_fixture.h"

#include "support/both_ways.h"
#include "support/random.h"
#include "support/sanitized.h"

#include "json_test.pb-c.h"
#include "json_test_proto2.pb-c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES PLAIN_OR_SANITIZED(30000, 1000)

/* ---- random messages ---- */

typedef struct generator {
    random_source source;
    nm_arena arena;
    int budget; /* of messages in one */
} generator;

static void *allocate(generator *g, size_t size)
{
    void *memory = nm_arena_alloc(&g->arena, size);
    assert_non_null(memory);
    return memory;
}

/* Numbers of all lengths, and the ends of their ranges. */
static uint64_t random_bits(generator *g)
{
    uint64_t bits = random_next(&g->source) >> random_below(&g->source, 64);
    return random_below(&g->source, 2) == 0 ? bits : ~bits;
}

static double random_double(generator *g)
{
    static const double some[] = {0, -0.0, 1, 0.1, -2.5, 1e300, 123456.789, 5e-324};
    uint64_t bits = random_bits(g);

    if (random_below(&g->source, 2) == 0)
        return some[random_below(&g->source, sizeof(some) / sizeof(some[0]))];
    double value;
    memcpy(&value, &bits, sizeof(value));
    return isfinite(value)                    ? value
           : random_below(&g->source, 2) == 0 ? (double)NAN
                                              : (double)INFINITY;
}

static float random_float(generator *g)
{
    uint32_t bits = (uint32_t)random_bits(g);

    float value;
    memcpy(&value, &bits, sizeof(value));
    return isfinite(value) ? value : random_below(&g->source, 2) == 0 ? NAN : -INFINITY;
}

static char *random_string(generator *g)
{
    static const char *const parts[] = {"a",  "some words", "\"", "\\",      "\n",       "\x01",
                                        "/u", "ü",          "€",  "\x7f",    "😀",        "\xc2\x80",
                                        "\t", "{}",         "0",  "\b\f\r,", "12345678", "é"};
    char text[200] = "";

    for (uint64_t n = random_below(&g->source, 8); n > 0; n--)
        strcat(text, parts[random_below(&g->source, sizeof(parts) / sizeof(parts[0]))]);
    return strcpy(allocate(g, strlen(text) + 1), text);
}

static ProtobufCBinaryData random_bytes(generator *g)
{
    ProtobufCBinaryData bytes = {random_below(&g->source, 20), NULL};

    bytes.data = allocate(g, bytes.len);
    for (size_t i = 0; i < bytes.len; i++)
        bytes.data[i] = (uint8_t)random_below(&g->source, 256);
    return bytes;
}

static ProtobufCMessage *random_message(generator *g, const ProtobufCMessageDescriptor *descriptor);

/* Stores a random value of the field's type at `at`. */
static void put_value(generator *g, const ProtobufCFieldDescriptor *field, void *at)
{
    uint64_t bits = random_bits(g);
    double as_double = random_double(g);
    float as_float = random_float(g);
    protobuf_c_boolean truth = bits & 1;
    char *string;
    ProtobufCBinaryData bytes;
    ProtobufCMessage *message;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        string = random_string(g);
        memcpy(at, &string, sizeof(string));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        bytes = random_bytes(g);
        memcpy(at, &bytes, sizeof(bytes));
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        message = random_message(g, field->descriptor);
        memcpy(at, &message, sizeof(message));
        break;
    case PROTOBUF_C_TYPE_BOOL:
        memcpy(at, &truth, sizeof(truth));
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(at, &as_float, sizeof(as_float));
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(at, &as_double, sizeof(as_double));
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        memcpy(at, &bits, sizeof(bits));
        break;
    default:
        if (field->descriptor == &google__protobuf__null_value__descriptor)
            bits = 0;
        memcpy(at, &(uint32_t){(uint32_t)bits}, sizeof(uint32_t));
    }
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return both_ways_size_of(type);
    }
}

/* Entries of a map have one key each: they come back sorted. */
static bool is_map(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *held = field->descriptor;

    return field->type == PROTOBUF_C_TYPE_MESSAGE && strstr(held->name, "Entry") != NULL;
}

static void put_list(generator *g, const ProtobufCFieldDescriptor *field, uint8_t *members)
{
    size_t count = random_below(&g->source, is_map(field) ? 2 : 4);
    size_t size = size_of(field->type);
    uint8_t *list = allocate(g, count * size);

    for (size_t i = 0; i < count; i++)
        put_value(g, field, list + i * size);
    memcpy(members + field->quantifier_offset, &count, sizeof(count));
    memcpy(members + field->offset, &list, sizeof(list));
}

/* protobuf-c takes -0.0 for the default of proto3, and does not write it; JSON does. */
static bool is_minus_zero(const ProtobufCFieldDescriptor *field, const uint8_t *at)
{
    static const double as_double = -0.0;
    static const float as_float = -0.0f;

    return (field->type == PROTOBUF_C_TYPE_DOUBLE && memcmp(at, &as_double, 8) == 0) ||
           (field->type == PROTOBUF_C_TYPE_FLOAT && memcmp(at, &as_float, 4) == 0);
}

static void put_single(generator *g, const ProtobufCFieldDescriptor *field, uint8_t *members)
{
    const uint32_t chosen =
        (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ? field->id : (uint32_t)1;

    do
        put_value(g, field, members + field->offset);
    while (field->label == PROTOBUF_C_LABEL_NONE && is_minus_zero(field, members + field->offset));
    if (field->quantifier_offset != 0)
        memcpy(members + field->quantifier_offset, &chosen, sizeof(chosen));
}

/* proto2's has_… is not said to exist by a quantifier's offset for strings and messages. */
static void put_fields(generator *g, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool is_needed = field->label == PROTOBUF_C_LABEL_REQUIRED || is_map(field) ||
                         strstr(descriptor->name, "Entry") != NULL;
        if (!is_needed && (g->budget <= 0 || random_below(&g->source, 3) == 0))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            put_list(g, field, (uint8_t *)message);
        else
            put_single(g, field, (uint8_t *)message);
    }
}

/* ---- random messages of the well-known types, which do not take all values ---- */

static void put_time(generator *g, ProtobufCMessage *message, bool may_be_negative)
{
    Google__Protobuf__Duration *time = (Google__Protobuf__Duration *)message;
    int32_t unit = random_below(&g->source, 2) == 0 ? 1000000 : 1;

    time->seconds = (int64_t)(random_next(&g->source) % UINT64_C(253402300800));
    time->nanos = (int32_t)(random_below(&g->source, 1000000000) / (uint64_t)unit) * unit;
    if (may_be_negative && random_below(&g->source, 2) == 0) {
        time->seconds = -time->seconds;
        time->nanos = -time->nanos;
    }
}

static void put_mask(generator *g, ProtobufCMessage *message)
{
    static char *paths[] = {(char *)"a", (char *)"foo_bar.baz", (char *)"x1.y_z"};
    Google__Protobuf__FieldMask *mask = (Google__Protobuf__FieldMask *)message;

    mask->n_paths = random_below(&g->source, 4);
    mask->paths = paths;
}

static void put_kind(generator *g, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    uint64_t kinds = g->budget > 0 ? 6 : 4;
    const ProtobufCFieldDescriptor *field = &descriptor->fields[random_below(&g->source, kinds)];
    Google__Protobuf__Value *value = (Google__Protobuf__Value *)message;

    put_single(g, field, (uint8_t *)message);
    if (value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
        !isfinite(value->number_value))
        value->number_value = 1;
}

static void put_any(generator *g, ProtobufCMessage *message)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &jsontest__v1__scalars__descriptor, &jsontest__v1__maps__descriptor,
        &jsontest__v1__known__descriptor,   &google__protobuf__duration__descriptor,
        &google__protobuf__any__descriptor, &google__protobuf__empty__descriptor,
        &jsontest__v2__old__descriptor};
    Google__Protobuf__Any *any = (Google__Protobuf__Any *)message;
    const ProtobufCMessageDescriptor *type =
        types[random_below(&g->source, sizeof(types) / sizeof(types[0]))];
    ProtobufCMessage *content = random_message(g, type);

    any->type_url = allocate(g, strlen(type->name) + 30);
    sprintf(any->type_url, "type.googleapis.com/%s", type->name);
    any->value.len = protobuf_c_message_get_packed_size(content);
    any->value.data = allocate(g, any->value.len);
    protobuf_c_message_pack(content, any->value.data);
}

static bool is_type(const ProtobufCMessage *message, const ProtobufCMessageDescriptor *descriptor)
{
    return message->descriptor == descriptor;
}

static ProtobufCMessage *random_message(generator *g, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = allocate(g, descriptor->sizeof_message);

    g->budget--;
    protobuf_c_message_init(descriptor, message);
    if (is_type(message, &google__protobuf__timestamp__descriptor))
        put_time(g, message, false);
    else if (is_type(message, &google__protobuf__duration__descriptor))
        put_time(g, message, true);
    else if (is_type(message, &google__protobuf__field_mask__descriptor))
        put_mask(g, message);
    else if (is_type(message, &google__protobuf__value__descriptor))
        put_kind(g, message);
    else if (!is_type(message, &google__protobuf__any__descriptor))
        put_fields(g, message);
    else if (g->budget > 0)
        put_any(g, message);
    return message;
}

/* ---- what must hold ---- */

static void encode(const ProtobufCMessage *message, nm_buffer *bytes)
{
    nm_error error = NM_ERROR_INIT;

    if (nm_encode(message->descriptor, message, bytes, &error) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&error));
}

static void assert_equal_bytes(const nm_buffer *a, const nm_buffer *b, const char *text)
{
    if (a->length != b->length || (a->length > 0 && memcmp(a->data, b->data, a->length) != 0))
        fail_msg("other bytes after %s", text);
}

static const char *write_text(const ProtobufCMessage *message, nm_buffer *text)
{
    nm_error error = NM_ERROR_INIT;

    nm_buffer_reset(text);
    if (nm_json_write(json_type(message->descriptor), message, NULL, text, &error) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&error));
    return nm_buffer_string(text);
}

/* The text is read as a message of the descriptor, which has these bytes. */
static void assert_reads_as(const ProtobufCMessageDescriptor *descriptor, const nm_buffer *text,
                            const nm_buffer *bytes)
{
    nm_error error = NM_ERROR_INIT;
    nm_arena arena = NM_ARENA_INIT;
    nm_buffer again = NM_BUFFER_INIT;
    ProtobufCMessage *message;

    if (nm_json_read(json_type(descriptor), text->data, text->length, NULL, NULL, &arena, &message,
                     &error) != NATSMICRO_OK)
        fail_msg("%s: %s", (const char *)text->data, nm_error_text(&error));
    encode(message, &again);
    assert_equal_bytes(&again, bytes, (const char *)text->data);
    nm_buffer_free(&again);
    nm_arena_free(&arena);
}

static void assert_comes_back(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *dynamic = json_dynamic_descriptor(message->descriptor);
    nm_buffer bytes = NM_BUFFER_INIT;
    nm_buffer text = NM_BUFFER_INIT;
    nm_buffer dynamic_text = NM_BUFFER_INIT;
    nm_arena arena = NM_ARENA_INIT;

    encode(message, &bytes);
    const char *written = write_text(message, &text);
    assert_reads_as(message->descriptor, &text, &bytes);
    assert_reads_as(dynamic, &text, &bytes);
    ProtobufCMessage *same;
    assert_int_equal(nm_decode(dynamic, bytes.data, bytes.length, NULL, &arena, &same, NULL),
                     NATSMICRO_OK);
    assert_string_equal(write_text(same, &dynamic_text), written);
    nm_arena_free(&arena);
    nm_buffer_free(&bytes);
    nm_buffer_free(&text);
    nm_buffer_free(&dynamic_text);
}

static void random_messages_come_back(void **state)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &jsontest__v1__scalars__descriptor, &jsontest__v1__optionals__descriptor,
        &jsontest__v1__lists__descriptor,   &jsontest__v1__maps__descriptor,
        &jsontest__v1__choice__descriptor,  &jsontest__v1__tree__descriptor,
        &jsontest__v1__known__descriptor,   &jsontest__v1__names__descriptor,
        &jsontest__v1__wide__descriptor,    &jsontest__v2__old__descriptor};
    generator g = {.source = {88172645463325252}, .arena = NM_ARENA_INIT};

    (void)state;
    for (size_t i = 0; i < MESSAGES; i++) {
        nm_arena_reset(&g.arena);
        g.budget = 12;
        assert_comes_back(random_message(&g, types[i % (sizeof(types) / sizeof(types[0]))]));
    }
    nm_arena_free(&g.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_messages_come_back),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
