/*
 * The direct way and protobuf-c must have the same results: fields, bytes, and errors of bad bytes.
 * And simple messages must take the direct way.
 */
#include "unit/cmocka_test.h"

#include "codec/direct.h"
#include "support/both_ways.h"
#include "support/random.h"

#include "direct_test.pb-c.h"
#include "direct_test_proto2.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define SCALARS  (&directtest__v1__scalars__descriptor)
#define TEXT     (&directtest__v1__text__descriptor)
#define CHOSEN   (&directtest__v1__chosen__descriptor)
#define MAYBE    (&directtest__v1__maybe__descriptor)
#define OPTIONAL (&directtest__v2__optional__descriptor)
#define REQUIRED (&directtest__v2__required__descriptor)

static const nm_codec_limits limits = {NM_DEFAULT_MAX_DEPTH, (size_t)4 << 20};

static nm_plan *new_plan(const ProtobufCMessageDescriptor *descriptor)
{
    nm_plan *plan = nm_plan_new(descriptor);

    assert_non_null(plan);
    return plan;
}

#define assert_same(different)                     \
    do {                                           \
        const char *assert_same_found = different; \
        if (assert_same_found != NULL)             \
            fail_msg("%s", assert_same_found);     \
    } while (0)

/* The message goes the direct way, out and back, with the same result. */
static void assert_direct(const nm_plan *plan, const ProtobufCMessage *message)
{
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_arena arena = NM_ARENA_INIT;

    assert_true(nm_direct_pack(plan, message, &buffer, NULL));
    assert_same(both_ways_encode(plan, message));
    assert_non_null(nm_direct_unpack(plan, buffer.data, buffer.length, &arena));
    assert_same(both_ways_decode(plan, buffer.data, buffer.length, &limits));
    nm_buffer_free(&buffer);
    nm_arena_free(&arena);
}

static void assert_bytes(const nm_plan *plan, const void *message, const char *bytes, size_t length)
{
    nm_buffer buffer = NM_BUFFER_INIT;

    assert_direct(plan, message);
    assert_int_equal(nm_encode_by_plan(plan, message, &buffer, NULL), NATSMICRO_OK);
    assert_int_equal(buffer.length, length);
    if (length > 0)
        assert_memory_equal(buffer.data, bytes, length);
    nm_buffer_free(&buffer);
}

static bool is_simple(const ProtobufCMessageDescriptor *descriptor)
{
    nm_plan *plan = new_plan(descriptor);
    bool simple = plan->is_simple;

    nm_plan_free(plan);
    return simple;
}

static void types_of_numbers_and_texts_are_simple(void **state)
{
    (void)state;
    assert_true(is_simple(SCALARS));
    assert_true(is_simple(TEXT));
    assert_true(is_simple(&directtest__v1__empty__descriptor));
    assert_true(is_simple(OPTIONAL));
    assert_true(is_simple(&directtest__v2__default__descriptor));
    assert_true(is_simple(REQUIRED));
    assert_false(is_simple(&directtest__v1__listed__descriptor));
    assert_false(is_simple(&directtest__v1__nested__descriptor));
    assert_true(is_simple(CHOSEN));
    assert_true(is_simple(MAYBE));
    assert_true(is_simple(&directtest__v2__either__descriptor));
    assert_false(is_simple(&directtest__v1__chosen_text__descriptor));
}

/* ---- values ---- */

static const uint64_t borders[] = {
    0,
    1,
    2,
    0x7f,
    0x80,
    0x3fff,
    0x4000,
    0x1fffff,
    0x200000,
    0xfffffff,
    0x10000000,
    0x7fffffff,
    0x80000000, /* as a float -0.0 */
    0x80000001,
    0xffffffff,
    UINT64_C(0x100000000),
    UINT64_C(0x7ffffffff),
    UINT64_C(0x800000000),
    UINT64_C(0x3ffffffffff),
    UINT64_C(0x40000000000),
    UINT64_C(0x1ffffffffffff),
    UINT64_C(0x2000000000000),
    UINT64_C(0xffffffffffffff),
    UINT64_C(0x100000000000000),
    0x7f800001, /* a NaN that signals */
    UINT64_C(0x7ff0000000000001),
    INT64_MAX,
    UINT64_C(0x8000000000000000), /* as a double -0.0 */
    UINT64_MAX,
};

#define N_BORDERS (sizeof(borders) / sizeof(borders[0]))

static const char *const texts[] = {NULL,
                                    "",
                                    "a",
                                    "usual",
                                    "gr\xc3\xbc\xc3\x9f",
                                    "seven b",
                                    "a text of more bytes than one length of 7 bits can tell: "
                                    "0123456789 0123456789 0123456789 0123456789 0123456789 "
                                    "0123456789 0123456789"};

#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

/* Returns the member of a message that holds a field. */
static void *member(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (char *)message + field->offset;
}

/* Sets has_…, or the oneof's case to the field or to none. */
static void set_has(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, int has)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && has != 0)
        has = (int)field->id;
    if (field->quantifier_offset != 0)
        memcpy((char *)message + field->quantifier_offset, &has, sizeof(has));
}

static void set_number(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       uint64_t number)
{
    uint32_t narrow = (uint32_t)number;

    if (both_ways_size_of(field->type) == sizeof(number))
        memcpy(member(message, field), &number, sizeof(number));
    else
        memcpy(member(message, field), &narrow, sizeof(narrow));
    set_has(message, field, 1);
}

/* Sets a string or bytes. NULL is no bytes; a required string that is NULL cannot be sent. */
static void set_text(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                     const char *text)
{
    ProtobufCBinaryData bytes = {text == NULL ? 0 : strlen(text), (uint8_t *)(uintptr_t)text};

    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        memcpy(member(message, field), &bytes, sizeof(bytes));
    } else {
        memcpy(member(message, field), &text, sizeof(text));
    }
    set_has(message, field, 1);
}

static bool holds_text(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES;
}

/* Makes an empty message of a type, with its required fields set. */
static ProtobufCMessage *new_message(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = malloc(descriptor->sizeof_message);

    assert_non_null(message);
    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].label == PROTOBUF_C_LABEL_REQUIRED &&
            descriptor->fields[i].type == PROTOBUF_C_TYPE_STRING)
            set_text(message, &descriptor->fields[i], "");
    return message;
}

static void assert_field_at_borders(const nm_plan *plan, const ProtobufCFieldDescriptor *field)
{
    ProtobufCMessage *message = new_message(plan->descriptor);

    assert_direct(plan, message);
    for (size_t i = 0; !holds_text(field) && i < N_BORDERS; i++) {
        set_number(message, field, borders[i]);
        assert_direct(plan, message);
        set_number(message, field, ~borders[i]);
        assert_direct(plan, message);
        set_has(message, field, 0);
        assert_direct(plan, message);
    }
    for (size_t i = 0; holds_text(field) && i < N_TEXTS; i++) {
        if (texts[i] == NULL && field->label == PROTOBUF_C_LABEL_REQUIRED)
            continue;
        set_text(message, field, texts[i]);
        assert_direct(plan, message);
        set_has(message, field, 0);
        assert_direct(plan, message);
    }
    free(message);
}

static void every_kind_of_field_is_the_same_at_its_borders(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_both_ways_types; i++) {
        nm_plan *plan = new_plan(both_ways_types[i]);

        for (unsigned k = 0; plan->is_simple && k < both_ways_types[i]->n_fields; k++)
            assert_field_at_borders(plan, &both_ways_types[i]->fields[k]);
        nm_plan_free(plan);
    }
}

/* Both sides of a comparison could be wrong, so these bytes were worked out by hand. */
static void known_values_have_the_bytes_of_the_standard(void **state)
{
    Directtest__V1__Scalars scalars = DIRECTTEST__V1__SCALARS__INIT;
    nm_plan *plan = new_plan(SCALARS);

    (void)state;
    assert_bytes(plan, &scalars, "", 0);
    scalars.float_value = -0.0F;
    scalars.double_value = -0.0;
    assert_bytes(plan, &scalars, "", 0);
    scalars.int32_value = -1;
    assert_bytes(plan, &scalars, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    scalars.int32_value = 0;
    scalars.sint32_value = -2;
    scalars.fixed32_value = 0x01020304;
    scalars.bool_value = 5;
    scalars.string_value = (char *)"x";
    scalars.far = 300;
    assert_bytes(plan, &scalars,
                 "\x28\x03\x3d\x04\x03\x02\x01\x68\x01\x72\x01x\xf8\xff\xff\xff\x0f\xac\x02", 19);
    nm_plan_free(plan);
}

static void a_oneof_is_sent_when_it_is_set_even_to_nothing(void **state)
{
    nm_plan *plan = new_plan(MAYBE);

    (void)state;
    /* Not by the macro, in which gcc misses the braces of the bytes field. */
    Directtest__V1__Maybe maybe;
    directtest__v1__maybe__init(&maybe);
    assert_bytes(plan, &maybe, "", 0);
    maybe._int32_value_case = DIRECTTEST__V1__MAYBE___INT32_VALUE_INT32_VALUE;
    assert_bytes(plan, &maybe, "\x08\x00", 2);
    maybe._text_case = DIRECTTEST__V1__MAYBE___TEXT_TEXT;
    maybe.text = (char *)"";
    maybe._data_case = DIRECTTEST__V1__MAYBE___DATA_DATA;
    maybe._color_case = DIRECTTEST__V1__MAYBE___COLOR_COLOR;
    maybe._flag_case = DIRECTTEST__V1__MAYBE___FLAG_FLAG;
    maybe._double_value_case = DIRECTTEST__V1__MAYBE___DOUBLE_VALUE_DOUBLE_VALUE;
    maybe.double_value = -0.0;
    assert_bytes(plan, &maybe,
                 "\x08\x00\x12\x00\x1a\x00\x20\x00\x28\x00\x31\x00\x00\x00\x00\x00\x00\x00\x80",
                 19);
    nm_plan_free(plan);
}

static void the_last_member_of_a_oneof_wins(void **state)
{
    static const char bytes[] = "\x10\x07\x1a\x01x\x22\x02yz\x58\x01\x1a\x00";
    nm_plan *plan = new_plan(CHOSEN);
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    const struct {
        size_t length; /* of the part of the bytes that is decoded */
        Directtest__V1__Chosen__ChoiceCase choice;
    } cases[] = {
        {0, DIRECTTEST__V1__CHOSEN__CHOICE__NOT_SET}, {2, DIRECTTEST__V1__CHOSEN__CHOICE_A},
        {5, DIRECTTEST__V1__CHOSEN__CHOICE_B},        {9, DIRECTTEST__V1__CHOSEN__CHOICE_C},
        {11, DIRECTTEST__V1__CHOSEN__CHOICE_J},       {13, DIRECTTEST__V1__CHOSEN__CHOICE_B},
    };
    const Directtest__V1__Chosen *got;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        nm_arena_reset(&arena);
        message = nm_direct_unpack(plan, (const uint8_t *)bytes, cases[i].length, &arena);
        assert_non_null(message);
        got = (const Directtest__V1__Chosen *)message;
        assert_int_equal(got->choice_case, cases[i].choice);
        assert_same(both_ways_decode(plan, (const uint8_t *)bytes, cases[i].length, &limits));
    }
    assert_string_equal(got->b, "");
    nm_arena_free(&arena);
    nm_plan_free(plan);
}

static void a_default_string_is_the_types_own(void **state)
{
    nm_plan *plan = new_plan(&directtest__v2__default__descriptor);
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    assert_int_equal(nm_decode_by_plan(plan, NULL, 0, &limits, &arena, &message, NULL),
                     NATSMICRO_OK);
    const Directtest__V2__Default *got = (const Directtest__V2__Default *)message;
    assert_ptr_equal(got->string_value, plan->descriptor->fields[4].default_value);
    assert_string_equal(got->string_value, "usual");
    assert_int_equal(got->int32_value, -5);
    assert_false(got->has_int32_value);
    nm_arena_free(&arena);
    nm_plan_free(plan);
}

/* ---- pieces ---- */

#define LONG_LENGTH 5000 /* of a content that is not copied */

static size_t pieces_of(const nm_plan *plan, const void *message, nm_buffer *buffer,
                        nm_encoding *encoding)
{
    assert_same(both_ways_encode(plan, message));
    assert_int_equal(nm_encode_in_pieces(plan, message, buffer, encoding, NULL), NATSMICRO_OK);
    return encoding->count;
}

static void the_first_long_content_stays_where_it_is(void **state)
{
    Directtest__V1__Scalars scalars = DIRECTTEST__V1__SCALARS__INIT;
    Directtest__V1__Text text = DIRECTTEST__V1__TEXT__INIT;
    nm_plan *plan = new_plan(SCALARS);
    nm_plan *text_plan = new_plan(TEXT);
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    char content[LONG_LENGTH + 1];
    memset(content, 'x', LONG_LENGTH);
    content[LONG_LENGTH] = '\0';
    scalars.string_value = text.text = (char *)"short";
    nm_encoding encoding;
    assert_int_equal(pieces_of(plan, &scalars, &buffer, &encoding), 1);
    scalars.bytes_value = (ProtobufCBinaryData){LONG_LENGTH, (uint8_t *)content};
    assert_int_equal(pieces_of(plan, &scalars, &buffer, &encoding), 2);
    assert_ptr_equal(encoding.pieces[1].data, content);
    scalars.far = 300;
    assert_int_equal(pieces_of(plan, &scalars, &buffer, &encoding), 3);
    assert_ptr_equal(encoding.pieces[1].data, content);
    scalars.other_string = content; /* a second one, which is copied */
    assert_int_equal(pieces_of(plan, &scalars, &buffer, &encoding), 3);
    assert_int_equal(encoding.pieces[1].length, LONG_LENGTH);
    text.text = content;
    assert_int_equal(pieces_of(text_plan, &text, &buffer, &encoding), 2);
    content[LONG_LENGTH - 1] = '\xff'; /* not UTF-8 */
    assert_same(both_ways_encode(text_plan, &text.base));
    nm_buffer_free(&buffer);
    nm_plan_free(plan);
    nm_plan_free(text_plan);
}

/* ---- bytes ---- */

typedef struct sample {
    const ProtobufCMessageDescriptor *descriptor;
    const char *bytes;
    size_t length;
} sample;

#define SAMPLE(descriptor, bytes)                \
    {                                            \
        (descriptor), (bytes), sizeof(bytes) - 1 \
    }

static void assert_sample(const sample *of, bool direct)
{
    const uint8_t *bytes = (const uint8_t *)of->bytes;
    nm_plan *plan = new_plan(of->descriptor);
    nm_arena arena = NM_ARENA_INIT;

    if ((nm_direct_unpack(plan, bytes, of->length, &arena) != NULL) != direct)
        fail_msg("%s: %zu bytes, the first of them 0x%02x", of->descriptor->name, of->length,
                 of->length > 0 ? bytes[0] : 0);
    assert_same(both_ways_decode(plan, bytes, of->length, &limits));
    nm_arena_free(&arena);
    nm_plan_free(plan);
}

static void valid_bytes_go_the_direct_way(void **state)
{
    static const sample samples[] = {
        SAMPLE(TEXT, ""),
        SAMPLE(TEXT, "\x0a\x00"),
        SAMPLE(TEXT, "\x0a\x01x\x0a\x02yz"), /* the last one counts */
        SAMPLE(TEXT, "\x0a\x01x\x0a\x00"),   /* also when it is empty */
        SAMPLE(TEXT, "\x8a\x00\x81\x00x"),   /* tag and length longer than necessary */
        SAMPLE(TEXT, "\x8a\x80\x80\x80\x00\x81\x80\x80\x80\x00x"),
        SAMPLE(SCALARS, "\x08\x01\x08\x00"),
        SAMPLE(SCALARS, "\x68\x00\x08\x07"), /* out of order */
        SAMPLE(SCALARS, "\x68\x80\x7f"),     /* a bool of any number */
        SAMPLE(SCALARS, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        SAMPLE(SCALARS, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        SAMPLE(SCALARS, "\x08\x80\x80\x80\x80\x10"), /* an int32 of 33 bits */
        SAMPLE(SCALARS, "\x28\xff\xff\xff\xff\x7f"), /* and a sint32 */
        SAMPLE(SCALARS, "\x80\x01\x09"),             /* an enum's value that has no name */
        SAMPLE(SCALARS, "\x7a\x02\x00\xff\x7a\x00"),
        SAMPLE(SCALARS, "\xf8\xff\xff\xff\x0f\x05"),
        SAMPLE(CHOSEN, "\x10\x07\x1a\x00\x22\x00\x51zzzzzzzz"),
        SAMPLE(CHOSEN, "\x51zzzzzzzz\x10\x07"),
        SAMPLE(MAYBE, "\x12\x00\x08\x00\x12\x01x\x1a\x00"),
        SAMPLE(OPTIONAL, "\x08\x00\x68\x00\x7a\x00\x72\x00"),
        SAMPLE(REQUIRED, "\x1a\x01\xff\x12\x01x\x08\x00"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_sample(&samples[i], true);
}

static void all_other_bytes_are_left_to_the_library(void **state)
{
    static const sample samples[] = {
        SAMPLE(TEXT, "\x10\x01"), /* an unknown field, which is kept */
        SAMPLE(TEXT, "\x0a\x01x\x12\x01y"),
        SAMPLE(TEXT, "\x0b\x0c"),        /* a group */
        SAMPLE(TEXT, "\x08\x01"),        /* another wire type */
        SAMPLE(SCALARS, "\x6a\x01\x01"), /* the same of a bool, which protobuf-c alone accepts */
        SAMPLE(TEXT, "\x82\x00\x01\x08"),
        SAMPLE(TEXT, "\x00"), /* a field number that does not exist */
        SAMPLE(TEXT, "\x0a"), /* cut off */
        SAMPLE(TEXT, "\x0a\x02x"),
        SAMPLE(TEXT, "\x0a\x80"),
        SAMPLE(TEXT, "\x0a\x81\x80\x80\x80\x80\x00x"),
        SAMPLE(TEXT, "\x8a\x80\x80\x80\x80\x00\x01x"),
        SAMPLE(TEXT, "\x8a\x80\x80\x80\x10\x01x"),
        SAMPLE(TEXT, "\x0a\xff\xff\xff\xff\x7f"),
        SAMPLE(TEXT, "\x0a\x01\xff"), /* not UTF-8 */
        SAMPLE(TEXT, "\x0a\x02x\0"),  /* NUL */
        SAMPLE(TEXT, "\x0a\x01\xff\x0a\x01x"),
        SAMPLE(SCALARS, "\x08"),
        SAMPLE(SCALARS, "\x08\x80"),
        SAMPLE(SCALARS, "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
        SAMPLE(SCALARS, "\x68\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"), /* a bool beyond 64 bits */
        SAMPLE(SCALARS, "\x3d\x01\x02\x03"),
        SAMPLE(SCALARS, "\x41\x01\x02\x03\x04\x05\x06\x07"),
        SAMPLE(REQUIRED, "\x08\x01\x12\x01x"), /* lacks one */
        SAMPLE(REQUIRED, ""),
        SAMPLE(&directtest__v1__empty__descriptor, "\x08\x01"),
        SAMPLE(&directtest__v1__listed__descriptor, "\x08\x01"),
        SAMPLE(&directtest__v1__chosen_text__descriptor, "\x08\x01"),
        SAMPLE(CHOSEN, "\x1a\x01\xff\x10\x01"), /* not UTF-8, though another member wins */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_sample(&samples[i], false);
}

/* The direct way fails for memory at the same limit as protobuf-c. */
static void the_limit_of_memory_is_the_same(void **state)
{
    nm_plan *plan = new_plan(SCALARS);

    (void)state;
    uint8_t bytes[3 * 70];
    for (size_t i = 0; i < sizeof(bytes); i += 3)
        memcpy(bytes + i, i % 2 == 0 ? "\x72\x01x" : "\x68\x81\x00", 3);
    for (size_t length = 0; length <= sizeof(bytes); length += 3)
        for (size_t most = 16; most < 9000; most += length == 51 || length == 54 ? 8 : 200) {
            const nm_codec_limits tight = {0, most};
            assert_same(both_ways_decode(plan, bytes, length, &tight));
        }
    assert_same(both_ways_decode(plan, bytes, sizeof(bytes), NULL));
    nm_plan_free(plan);
}

/* ---- messages that are left to the library ---- */

static void assert_left(const nm_plan *plan, const void *message)
{
    nm_buffer buffer = NM_BUFFER_INIT;

    assert_false(nm_direct_pack(plan, message, &buffer, NULL));
    assert_same(both_ways_encode(plan, message));
    nm_buffer_free(&buffer);
}

static void odd_messages_are_left_to_the_library(void **state)
{
    ProtobufCMessageDescriptor copy = directtest__v1__text__descriptor;
    ProtobufCMessageUnknownField unknown = {9, PROTOBUF_C_WIRE_TYPE_VARINT, 1, (uint8_t *)"\x05"};
    Directtest__V1__Text text = DIRECTTEST__V1__TEXT__INIT;
    Directtest__V1__Text zeroed = {{NULL, 0, NULL}, NULL};
    Directtest__V1__Empty empty = DIRECTTEST__V1__EMPTY__INIT;
    Directtest__V2__Required required = DIRECTTEST__V2__REQUIRED__INIT;
    nm_plan *plan = new_plan(TEXT);
    nm_plan *required_plan = new_plan(REQUIRED);

    (void)state;
    assert_left(plan, NULL);
    assert_left(plan, &zeroed);
    assert_left(plan, &empty);
    text.text = (char *)"\xff";
    assert_left(plan, &text);
    text.text = (char *)"x";
    text.base.descriptor = &copy;
    assert_left(plan, &text);
    text.base.descriptor = TEXT;
    text.base.n_unknown_fields = 1;
    text.base.unknown_fields = &unknown;
    assert_left(plan, &text);
    assert_left(required_plan, &required);
    required.text = (char *)"";
    assert_direct(required_plan, &required.base);
    required.data.len = 1;
    assert_left(required_plan, &required);
    nm_plan_free(plan);
    nm_plan_free(required_plan);
}

/* ---- at random ---- */

static random_source source;

static void set_at_random(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                          char *text, size_t size)
{
    size_t length = random_below(&source, random_below(&source, 4) == 0 ? size : 12);

    for (size_t i = 0; i < length; i++)
        text[i] = (char)(' ' + random_below(&source, 90));
    text[length] = '\0';
    if (length > 1 && random_below(&source, 4) == 0)
        memcpy(text + random_below(&source, length - 1),
               random_below(&source, 4) == 0 ? "\xc3\xc3" : "\xc3\xbc", 2);
    if (!holds_text(field))
        set_number(message, field,
                   random_below(&source, 2) == 0 ? borders[random_below(&source, N_BORDERS)]
                                                 : random_next(&source));
    else if (random_below(&source, 5) != 0)
        set_text(message, field, text);
    else if (field->type == PROTOBUF_C_TYPE_STRING && random_below(&source, 2) == 0)
        set_text(message, field, field->default_value);
    else
        set_text(message, field, NULL);
    set_has(message, field, (int)random_below(&source, 3));
}

/* Tries the bytes as they are, and then with some of them changed, cut off or repeated. */
static void assert_decodes_the_same(const nm_plan *plan, const nm_buffer *encoded)
{
    nm_buffer bytes = NM_BUFFER_INIT;
    nm_codec_limits some = {0, 64 + random_below(&source, 3000)};

    assert_same(both_ways_decode(plan, encoded->data, encoded->length, &limits));
    nm_buffer_append(&bytes, encoded->data, encoded->length);
    nm_buffer_append(&bytes, encoded->data, encoded->length);
    assert_same(both_ways_decode(plan, bytes.data, bytes.length, &some));
    for (int i = 0; bytes.length > 0 && i < 4; i++) {
        bytes.data[random_below(&source, bytes.length)] = (uint8_t)random_next(&source);
        bytes.length -= random_below(&source, 2) * random_below(&source, bytes.length);
        assert_same(both_ways_decode(plan, bytes.data, bytes.length, &limits));
    }
    nm_buffer_free(&bytes);
}

static void assert_random_message(const nm_plan *plan)
{
    const ProtobufCMessageDescriptor *descriptor = plan->descriptor;
    ProtobufCMessage *message = new_message(descriptor);
    nm_buffer buffer = NM_BUFFER_INIT;
    char room[32][600];

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (random_below(&source, 3) != 0)
            set_at_random(message, &descriptor->fields[i], room[i], sizeof(room[i]));
    assert_same(both_ways_encode(plan, message));
    if (nm_encode(descriptor, message, &buffer, NULL) == NATSMICRO_OK)
        assert_decodes_the_same(plan, &buffer);
    nm_buffer_free(&buffer);
    free(message);
}

static void random_messages_are_the_same_both_ways(void **state)
{
    (void)state;
    source = random_from("DIRECT_TEST_SEED");
    for (size_t i = 0; i < n_both_ways_types; i++) {
        nm_plan *plan = new_plan(both_ways_types[i]);

        for (int round = 0; plan->is_simple && round < 5000; round++)
            assert_random_message(plan);
        nm_plan_free(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_numbers_and_texts_are_simple),
        cmocka_unit_test(every_kind_of_field_is_the_same_at_its_borders),
        cmocka_unit_test(known_values_have_the_bytes_of_the_standard),
        cmocka_unit_test(a_oneof_is_sent_when_it_is_set_even_to_nothing),
        cmocka_unit_test(the_last_member_of_a_oneof_wins),
        cmocka_unit_test(a_default_string_is_the_types_own),
        cmocka_unit_test(the_first_long_content_stays_where_it_is),
        cmocka_unit_test(valid_bytes_go_the_direct_way),
        cmocka_unit_test(all_other_bytes_are_left_to_the_library),
        cmocka_unit_test(the_limit_of_memory_is_the_same),
        cmocka_unit_test(odd_messages_are_left_to_the_library),
        cmocka_unit_test(random_messages_are_the_same_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
