/*
 * A message that arrives in pieces must be what the pieces make together, as protobuf says, and
 * pieces must not be a way to use more time or memory than the limits allow.
 */
#include "unit/cmocka_test.h"

#include "codec/codec.h"
#include "codec/item.h"
#include "support/random.h"
#include "support/wire.h"

#include "join_test.pb-c.h"
#include "join_test_proto2.pb-c.h"

#include <string.h>

#define NODE   (&jointest__v1__node__descriptor)
#define WIDE   (&jointest__v1__wide__descriptor)
#define NEEDED (&jointest__v2__needed__descriptor)

static const nm_codec_limits limits = {NM_DEFAULT_MAX_DEPTH, (size_t)4 << 20};

/* ---- the two ways to decode ---- */

/* Both ways must take the bytes, and give what encodes as `expected`. */
static void assert_decodes(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
                           size_t length, const void *expected, size_t expected_length)
{
    nm_arena arena = NM_ARENA_INIT;
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *owned = NULL;

    if (nm_decode(descriptor, bytes, length, &limits, &arena, &message, &error) != NATSMICRO_OK)
        fail_msg("decode: %s", nm_error_text(&error));
    assert_int_equal(nm_encode(descriptor, message, &buffer, &error), NATSMICRO_OK);
    assert_int_equal(buffer.length, expected_length);
    if (expected_length > 0)
        assert_memory_equal(buffer.data, expected, expected_length);
    assert_int_equal(nm_decode_owned(descriptor, bytes, length, &limits, &owned, &error),
                     NATSMICRO_OK);
    nm_arena_free(&arena);
    assert_int_equal(nm_encode(descriptor, owned, &buffer, &error), NATSMICRO_OK);
    assert_int_equal(buffer.length, expected_length);
    if (expected_length > 0)
        assert_memory_equal(buffer.data, expected, expected_length);
    protobuf_c_message_free_unpacked(owned, NULL);
    nm_buffer_free(&buffer);
}

static void assert_fails(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
                         size_t length, const nm_codec_limits *some, natsmicro_status status,
                         const char *text)
{
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;

    assert_int_equal(nm_decode(descriptor, bytes, length, some, &arena, &message, &error), status);
    assert_null(message);
    assert_string_equal(nm_error_text(&error), text);
    nm_error_clear(&error);
    assert_int_equal(nm_decode_owned(descriptor, bytes, length, some, &message, &error), status);
    assert_null(message);
    assert_string_equal(nm_error_text(&error), text);
    nm_error_clear(&error);
    nm_arena_free(&arena);
}

/* Take the lengths of the literals, which may contain NUL. */
#define GIVES(descriptor, literal, expected) \
    assert_decodes(descriptor, literal, sizeof(literal) - 1, expected, sizeof(expected) - 1)
#define FAILS(descriptor, literal, text)                                                        \
    assert_fails(descriptor, literal, sizeof(literal) - 1, &limits, NATSMICRO_INVALID_ARGUMENT, \
                 text)

/* ---- the rules, by hand ---- */

#define INNER(length) "\x2a" length

static void pieces_with_an_unset_optional_are_merged(void **state)
{
    (void)state;
    GIVES(NODE, INNER("\x03") "\x1a\x01x" INNER("\x03") "\x22\x01\x07",
          INNER("\x06") "\x1a\x01x\x22\x01\x07");
    GIVES(NODE, INNER("\x00") INNER("\x00"), INNER("\x00"));
    GIVES(NODE, INNER("\x00") INNER("\x02") "\x08\x00" INNER("\x00"), INNER("\x02") "\x08\x00");
    /* Other fields may come between. */
    GIVES(NODE, INNER("\x03") "\x1a\x01x\x1a\x01y" INNER("\x03") "\x22\x01\x07",
          "\x1a\x01y" INNER("\x06") "\x1a\x01x\x22\x01\x07");
}

static void the_last_scalar_wins_and_lists_grow(void **state)
{
    (void)state;
    GIVES(NODE, INNER("\x02") "\x08\x05" INNER("\x02") "\x08\x00", INNER("\x02") "\x08\x00");
    GIVES(NODE, INNER("\x02") "\x08\x05" INNER("\x03") "\x12\x01x",
          INNER("\x05") "\x08\x05\x12\x01x");
    GIVES(NODE, INNER("\x03") "\x1a\x01x" INNER("\x03") "\x1a\x01y", INNER("\x03") "\x1a\x01y");
    GIVES(NODE, INNER("\x04") "\x22\x02\x01\x02" INNER("\x03") "\x22\x01\x03",
          INNER("\x05") "\x22\x03\x01\x02\x03");
}

static void pieces_may_be_in_pieces(void **state)
{
    (void)state;
    GIVES(NODE,
          INNER("\x05") INNER("\x03") "\x1a\x01x" INNER("\x09")
              INNER("\x02") "\x08\x01" INNER("\x03") "\x12\x01y",
          INNER("\x0a") INNER("\x08") "\x08\x01\x12\x01y\x1a\x01x");
    /* In an element of a list; the elements stay apart. */
    GIVES(NODE, "\x32\x08" INNER("\x02") "\x08\x01" INNER("\x02") "\x08\x02\x32\x02\x08\x03",
          "\x32\x04" INNER("\x02") "\x08\x02\x32\x02\x08\x03");
    /* In the value of a map's entry. */
    GIVES(NODE, "\x3a\x0b\x0a\x01k\x12\x02\x08\x01\x12\x02\x40\x02",
          "\x3a\x09\x0a\x01k\x12\x04\x08\x01\x40\x02");
}

static void a_member_of_a_oneof_is_merged(void **state)
{
    (void)state;
    GIVES(NODE, "\x52\x02\x08\x01\x52\x03\x12\x01x", "\x52\x05\x08\x01\x12\x01x");
    GIVES(NODE, "\x40\x07\x52\x02\x08\x01\x52\x03\x12\x01x", "\x52\x05\x08\x01\x12\x01x");
}

static void another_member_drops_what_came_before(void **state)
{
    (void)state;
    GIVES(NODE, "\x52\x03\x22\x01\x01\x40\x05\x52\x03\x22\x01\x02", "\x52\x03\x22\x01\x02");
    GIVES(NODE, "\x52\x03\x22\x01\x01\x5a\x02\x08\x01\x52\x03\x22\x01\x02", "\x52\x03\x22\x01\x02");
    GIVES(NODE, "\x52\x03\x22\x01\x01\x52\x03\x22\x01\x02\x4a\x01x", "\x4a\x01x");
    GIVES(NODE, "\x52\x03\x22\x01\x01\x4a\x01x\x52\x00", "\x52\x00");
    /* Between pieces, not within one. */
    GIVES(NODE,
          INNER("\x05") "\x52\x03\x22\x01\x01" INNER("\x02") "\x40\x05" INNER(
              "\x05") "\x52\x03\x22\x01\x02",
          INNER("\x05") "\x52\x03\x22\x01\x02");
    /* A member of another oneof does not. */
    GIVES(NODE, "\x52\x03\x22\x01\x01\x08\x05\x52\x03\x22\x01\x02",
          "\x08\x05\x52\x04\x22\x02\x01\x02");
}

static void unknown_fields_of_all_pieces_stay_in_order(void **state)
{
    (void)state;
    GIVES(NODE, INNER("\x03") "\xa8\x06\x01" INNER("\x06") "\xa0\x06\x02\xa8\x06\x03",
          INNER("\x09") "\xa8\x06\x01\xa0\x06\x02\xa8\x06\x03");
}

static void required_fields_may_be_in_any_piece(void **state)
{
    (void)state;
    GIVES(NEEDED, "\x08\x01\x12\x01x\x1a\x02\x08\x02\x1a\x03\x12\x01y",
          "\x08\x01\x12\x01x\x1a\x05\x08\x02\x12\x01y");
    FAILS(NEEDED, "\x08\x01\x12\x01x\x1a\x02\x08\x02\x1a\x02\x08\x03",
          "field jointest.v2.Needed.text: required, but missing");
    FAILS(NEEDED, "\x12\x01x", "field jointest.v2.Needed.number: required, but missing");
    /* One that is replaced needs none. */
    GIVES(NEEDED, "\x08\x01\x12\x01x\x22\x02\x08\x02\x2a\x01z", "\x08\x01\x12\x01x\x2a\x01z");
}

static void messages_that_share_a_bit_are_not_mixed(void **state)
{
    (void)state;
    /* The fields 1, 2, 65 and 66. */
    GIVES(WIDE, "\x0a\x02\x08\x01\x12\x02\x08\x02\x8a\x04\x02\x08\x03\x92\x04\x02\x08\x04",
          "\x0a\x02\x08\x01\x12\x02\x08\x02\x8a\x04\x02\x08\x03\x92\x04\x02\x08\x04");
    GIVES(WIDE, "\x0a\x02\x08\x01\x8a\x04\x02\x08\x03\x0a\x03\x12\x01x",
          "\x0a\x05\x08\x01\x12\x01x\x8a\x04\x02\x08\x03");
}

/* ---- limits ---- */

/* Appends `count` times the same bytes. */
static void repeat(nm_buffer *bytes, size_t count, const void *data, size_t length)
{
    for (size_t i = 0; i < count; i++)
        nm_buffer_append(bytes, data, length);
}

static void a_joined_copy_counts_against_the_limit(void **state)
{
    enum { TEXT = 3000 };
    const nm_codec_limits enough = {0, 10000};
    const nm_codec_limits tight = {0, 5000};
    nm_buffer bytes = NM_BUFFER_INIT;
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    nm_buffer_append(&bytes, INNER("\x00") INNER("\xbb\x17") "\x1a\xb8\x17", 8);
    repeat(&bytes, TEXT, "x", 1);
    assert_int_equal(nm_decode(NODE, bytes.data, bytes.length, &enough, &arena, &message, NULL),
                     NATSMICRO_OK);
    const Jointest__V1__Node *got = (const Jointest__V1__Node *)message;
    assert_int_equal(strlen(got->inner->plain), TEXT);
    assert_fails(NODE, bytes.data, bytes.length, &tight, NATSMICRO_RESOURCE_EXHAUSTED,
                 "jointest.v1.Node: decoding it takes more memory than the limit max_decode_bytes "
                 "of 5000 bytes");
    /* In one piece it fits. */
    assert_int_equal(
        nm_decode(NODE, bytes.data + 2, bytes.length - 2, &tight, &arena, &message, NULL),
        NATSMICRO_OK);
    nm_arena_free(&arena);
    nm_buffer_free(&bytes);
}

/* A decoder that went over all pieces again for each piece would not end in time. */
static void many_pieces_take_time_in_proportion(void **state)
{
    enum { PIECES = 1000000 };
    nm_buffer bytes = NM_BUFFER_INIT;
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    repeat(&bytes, PIECES, INNER("\x02") "\x40\x05", 4);
    assert_int_equal(nm_decode(NODE, bytes.data, bytes.length, NULL, &arena, &message, NULL),
                     NATSMICRO_OK);
    assert_int_equal(((const Jointest__V1__Node *)message)->inner->number, 5);
    assert_fails(NODE, bytes.data, bytes.length, &limits, NATSMICRO_RESOURCE_EXHAUSTED,
                 "jointest.v1.Node: decoding it takes more memory than the limit max_decode_bytes "
                 "of 4194304 bytes");
    nm_arena_free(&arena);
    nm_buffer_free(&bytes);
}

/* Writes messages that hold one another, backwards from `end`. Returns where they begin. */
static uint8_t *put_chain(uint8_t *end, int levels)
{
    uint8_t *at = end;

    for (int level = 0; level < levels; level++) {
        size_t length = (size_t)(end - at);

        at -= nm_varint_size(length);
        nm_varint_write(at, length);
        *--at = 0x2a;
    }
    return at;
}

/* Nor would one that joined again what is nested, on each level above. */
static void deep_pieces_take_time_in_proportion(void **state)
{
    enum { LEVELS = NM_DEFAULT_MAX_DEPTH - 1, PIECES = 20000 };
    uint8_t chain[3 * LEVELS];
    uint8_t *end = chain + sizeof(chain);
    uint8_t *start = put_chain(end, LEVELS);
    nm_buffer bytes = NM_BUFFER_INIT;
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    repeat(&bytes, PIECES, start, (size_t)(end - start));
    assert_int_equal(nm_decode(NODE, bytes.data, bytes.length, NULL, &arena, &message, NULL),
                     NATSMICRO_OK);
    int depth = 0;
    const Jointest__V1__Node *node = (const Jointest__V1__Node *)message;
    for (; node->inner != NULL; node = node->inner)
        depth++;
    assert_int_equal(depth, LEVELS);
    nm_arena_free(&arena);
    nm_buffer_free(&bytes);
}

/* ---- at random ---- */

static random_source source;

static void make_message(nm_buffer *out, const ProtobufCMessageDescriptor *descriptor, int levels);

static void make_value(nm_buffer *out, const ProtobufCFieldDescriptor *field, int levels)
{
    static const char text[] = "abcdefgh";
    nm_buffer inner = NM_BUFFER_INIT;

    wire_put_tag(out, field->id, nm_wire_type_of(field->type));
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        make_message(&inner, field->descriptor, levels - 1);
        wire_put_delimited(out, inner.data, inner.length);
    } else if (nm_wire_type_of(field->type) == NM_WIRE_DELIMITED) {
        wire_put_delimited(out, text, random_below(&source, sizeof(text)));
    } else if (nm_wire_type_of(field->type) == NM_WIRE_FIXED64) {
        nm_buffer_append(out, text, 8);
    } else {
        wire_put_varint(out, random_below(&source, 300));
    }
    nm_buffer_free(&inner);
}

/* Writes a random message; no more than one member of each oneof, and some unknown fields. */
static void make_message(nm_buffer *out, const ProtobufCMessageDescriptor *descriptor, int levels)
{
    uint32_t chosen = 0; /* where the case of the last oneof that was set lies */

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;
        bool is_required = field->label == PROTOBUF_C_LABEL_REQUIRED;
        bool is_member = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;

        if ((is_message && levels == 0) || (!is_required && random_below(&source, 3) == 0) ||
            (is_member && chosen == field->quantifier_offset))
            continue;
        size_t most = field->label == PROTOBUF_C_LABEL_REPEATED ? 3 : 1;
        for (size_t count = 1 + random_below(&source, most); count > 0; count--)
            make_value(out, field, levels);
        if (is_member)
            chosen = field->quantifier_offset;
    }
    for (size_t count = random_below(&source, 3); count > 0; count--) {
        wire_put_tag(out, (uint32_t)(1000 + random_below(&source, 3)), NM_WIRE_VARINT);
        wire_put_varint(out, random_below(&source, 300));
    }
}

/* Fields, or pieces of one, in the order in which they must stay. */
typedef struct queue {
    nm_buffer bytes;
    size_t taken;
} queue;

#define MOST_QUEUES 80

static void split_message(nm_buffer *out, const ProtobufCMessageDescriptor *descriptor,
                          nm_cursor bytes);

/* Cuts a message, which is itself split inside, at random places between its fields. */
static void split_single(nm_buffer *out, const ProtobufCFieldDescriptor *field, nm_cursor content)
{
    nm_buffer split = NM_BUFFER_INIT;
    nm_item item = {.start = NULL};

    split_message(&split, field->descriptor, content);
    nm_cursor rest = nm_cursor_over(split.data, split.length);
    const uint8_t *start = rest.at;
    while (rest.at < rest.end) {
        assert_null(nm_take_item(&rest, &item));
        if (random_below(&source, 2) != 0)
            continue;
        wire_put_tag(out, field->id, NM_WIRE_DELIMITED);
        wire_put_delimited(out, start, (size_t)(rest.at - start));
        start = rest.at;
    }
    wire_put_tag(out, field->id, NM_WIRE_DELIMITED); /* the rest, which may be empty */
    wire_put_delimited(out, start, (size_t)(rest.at - start));
    nm_buffer_free(&split);
}

/* Members of the same oneof before it, the last of them another one. They must not be seen. */
static void put_replaced(nm_buffer *out, const ProtobufCMessageDescriptor *descriptor,
                         const ProtobufCFieldDescriptor *field)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &descriptor->fields[i];

        if ((other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 || other == field ||
            other->quantifier_offset != field->quantifier_offset || random_below(&source, 3) != 0)
            continue;
        make_value(out, field, 1);
        make_value(out, other, 1);
    }
}

static void split_item(queue *queues, const ProtobufCMessageDescriptor *descriptor,
                       const ProtobufCFieldDescriptor *field, const nm_item *item)
{
    nm_buffer *out = &queues[0].bytes;

    if (field != NULL && (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        out = &queues[1 + (field - descriptor->fields)].bytes;
        put_replaced(out, descriptor, field);
    }
    if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE) {
        nm_buffer_append(out, item->start, (size_t)(item->end - item->start));
    } else if (nm_is_single_message(field)) {
        split_single(&queues[1 + (field - descriptor->fields)].bytes, field, item->content);
    } else {
        nm_buffer element = NM_BUFFER_INIT;
        split_message(&element, field->descriptor, item->content);
        wire_put_tag(out, field->id, NM_WIRE_DELIMITED);
        wire_put_delimited(out, element.data, element.length);
        nm_buffer_free(&element);
    }
}

/* Takes the next item of a random queue that has one; false if all are empty. */
static bool take_from_any(queue *queues, size_t count, nm_buffer *out)
{
    size_t first = random_below(&source, count);

    for (size_t i = 0; i < count; i++) {
        queue *from = &queues[(first + i) % count];
        if (from->taken == from->bytes.length)
            continue;
        nm_item item = {.start = NULL};
        nm_cursor rest =
            nm_cursor_over(from->bytes.data + from->taken, from->bytes.length - from->taken);
        assert_null(nm_take_item(&rest, &item));
        nm_buffer_append(out, item.start, (size_t)(item.end - item.start));
        from->taken += (size_t)(item.end - item.start);
        return true;
    }
    return false;
}

/* Writes a message again, with the message fields of all levels in pieces, mixed with others. */
static void split_message(nm_buffer *out, const ProtobufCMessageDescriptor *descriptor,
                          nm_cursor bytes)
{
    queue queues[MOST_QUEUES] = {{NM_BUFFER_INIT, 0}};
    nm_item item = {.start = NULL};

    assert_true(descriptor->n_fields < MOST_QUEUES);
    while (bytes.at < bytes.end) {
        assert_null(nm_take_item(&bytes, &item));
        split_item(queues, descriptor,
                   protobuf_c_message_descriptor_get_field(descriptor, item.number), &item);
    }
    while (take_from_any(queues, descriptor->n_fields + 1, out))
        ;
    for (size_t i = 0; i < MOST_QUEUES; i++)
        nm_buffer_free(&queues[i].bytes);
}

/* Returns the encoding of a random message as the codec writes it. */
static nm_buffer random_encoding(const ProtobufCMessageDescriptor *descriptor)
{
    nm_buffer made = NM_BUFFER_INIT;
    nm_buffer encoded = NM_BUFFER_INIT;
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *message = NULL;

    make_message(&made, descriptor, 3);
    assert_int_equal(nm_decode(descriptor, made.data, made.length, &limits, &arena, &message, NULL),
                     NATSMICRO_OK);
    assert_int_equal(nm_encode(descriptor, message, &encoded, NULL), NATSMICRO_OK);
    nm_arena_free(&arena);
    nm_buffer_free(&made);
    return encoded;
}

static void random_pieces_are_the_message_that_they_were(void **state)
{
    static const ProtobufCMessageDescriptor *const types[] = {NODE, NEEDED, WIDE};

    (void)state;
    source = random_from("JOIN_TEST_SEED");
    for (size_t round = 0; round < 1000; round++) {
        const ProtobufCMessageDescriptor *descriptor = types[round % 3];
        nm_buffer whole = random_encoding(descriptor);
        nm_buffer pieces = NM_BUFFER_INIT;

        split_message(&pieces, descriptor, nm_cursor_over(whole.data, whole.length));
        assert_decodes(descriptor, pieces.data, pieces.length, whole.data, whole.length);
        nm_buffer_free(&whole);
        nm_buffer_free(&pieces);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_with_an_unset_optional_are_merged),
        cmocka_unit_test(the_last_scalar_wins_and_lists_grow),
        cmocka_unit_test(pieces_may_be_in_pieces),
        cmocka_unit_test(a_member_of_a_oneof_is_merged),
        cmocka_unit_test(another_member_drops_what_came_before),
        cmocka_unit_test(unknown_fields_of_all_pieces_stay_in_order),
        cmocka_unit_test(required_fields_may_be_in_any_piece),
        cmocka_unit_test(messages_that_share_a_bit_are_not_mixed),
        cmocka_unit_test(a_joined_copy_counts_against_the_limit),
        cmocka_unit_test(many_pieces_take_time_in_proportion),
        cmocka_unit_test(deep_pieces_take_time_in_proportion),
        cmocka_unit_test(random_pieces_are_the_message_that_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
