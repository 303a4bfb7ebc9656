/*
 * Dynamic descriptors: a message that is known at run time only is decoded and encoded as a
 * generated one, byte by byte. If this breaks, the command sends other bytes than a program would.
 */
#include "dynamic/dynamic.h"

#include "codec/codec.h"
#include "support/both_ways.h"
#include "support/descriptors.h"
#include "support/random_wire.h"
#include "support/sanitized.h"
#include "unit/cmocka_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec_test.pb-c.h"
#include "codec_test_proto2.pb-c.h"
#include "direct_test.pb-c.h"
#include "direct_test_proto2.pb-c.h"
#include "join_test.pb-c.h"
#include "join_test_proto2.pb-c.h"
#include "lab/v1/lab.pb-c.h"
#include "nested.pb-c.h"
#include <google/protobuf/descriptor.pb-c.h>
#include <google/protobuf/struct.pb-c.h>
#include <natsmicro/options.pb-c.h>

static const ProtobufCMessageDescriptor *const generated[] = {
    &codectest__v1__empty__descriptor,
    &codectest__v1__one__descriptor,
    &codectest__v1__nested__descriptor,
    &codectest__v1__all__descriptor,
    &codectest__v2__required__descriptor,
    &directtest__v1__scalars__descriptor,
    &directtest__v1__maybe__descriptor,
    &directtest__v1__chosen__descriptor,
    &directtest__v1__text__descriptor,
    &directtest__v1__listed__descriptor,
    &directtest__v2__optional__descriptor,
    &directtest__v2__default__descriptor,
    &directtest__v2__either__descriptor,
    &directtest__v2__required__descriptor,
    &jointest__v1__node__descriptor,
    &jointest__v1__wide__descriptor,
    &jointest__v2__needed__descriptor,
    &lab__v1__ping_request__descriptor,
    &lab__v1__count_up_request__descriptor,
    &lab__v1__chat_message__descriptor,
    &lab__v1__chunk__descriptor,
    &nested__v1__node__descriptor,
    &google__protobuf__file_descriptor_proto__descriptor,
    &google__protobuf__struct__descriptor,
    &natsmicro__service_options__descriptor,
};

#define N_GENERATED (sizeof(generated) / sizeof(generated[0]))

static descriptors files;
static nm_schema *schema;
static nm_dynamic *dynamic;

static int set_up(void **state)
{
    (void)state;
    files = descriptors_read("tests");
    if (nm_schema_new(&schema, files.files, files.n_files, NULL) != NATSMICRO_OK)
        return -1;
    dynamic = nm_dynamic_new(schema);
    return dynamic == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    nm_dynamic_free(dynamic);
    nm_schema_free(schema);
    descriptors_free(&files);
    return 0;
}

static const ProtobufCMessageDescriptor *described(nm_dynamic *by, const nm_schema_message *message)
{
    nm_error error = NM_ERROR_INIT;
    const ProtobufCMessageDescriptor *descriptor;

    if (nm_dynamic_descriptor(by, message, &descriptor, &error) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&error));
    return descriptor;
}

static const nm_schema_message *message_of(const nm_schema *of, const char *name)
{
    const nm_schema_message *message = nm_schema_find_message(of, name, strlen(name));

    if (message == NULL)
        fail_msg("no message %s", name);
    return message;
}

static const ProtobufCMessageDescriptor *twin_of(const ProtobufCMessageDescriptor *original)
{
    return described(dynamic, message_of(schema, original->name));
}

/* ---- descriptors ---- */

static void assert_same_value(const ProtobufCFieldDescriptor *field, const void *a, const void *b)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        assert_string_equal(a, b);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *left = a;
        const ProtobufCBinaryData *right = b;
        assert_int_equal(left->len, right->len);
        assert_memory_equal(left->data, right->data, left->len);
    } else {
        assert_memory_equal(a, b, both_ways_size_of(field->type));
    }
}

static void assert_same_field(const ProtobufCFieldDescriptor *a, const ProtobufCFieldDescriptor *b)
{
    uint32_t deprecated = PROTOBUF_C_FIELD_FLAG_DEPRECATED;

    assert_string_equal(a->name, b->name);
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->label, b->label);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->flags & ~deprecated, b->flags);
    assert_int_equal(a->quantifier_offset == 0, b->quantifier_offset == 0);
    if (a->type == PROTOBUF_C_TYPE_MESSAGE)
        assert_string_equal(((const ProtobufCMessageDescriptor *)a->descriptor)->name,
                            ((const ProtobufCMessageDescriptor *)b->descriptor)->name);
    if ((a->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        assert_null(b->default_value);
    else if (a->default_value != NULL && a->label != PROTOBUF_C_LABEL_REPEATED)
        assert_same_value(a, a->default_value, b->default_value);
}

static void descriptors_say_what_generated_ones_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_GENERATED; i++) {
        const ProtobufCMessageDescriptor *a = generated[i];
        const ProtobufCMessageDescriptor *b = twin_of(a);
        assert_string_equal(a->name, b->name);
        assert_string_equal(a->package_name, b->package_name);
        assert_int_equal(a->n_fields, b->n_fields);
        assert_int_equal(a->n_field_ranges, b->n_field_ranges);
        for (unsigned k = 0; k < a->n_fields; k++) {
            assert_same_field(&a->fields[k], &b->fields[k]);
            assert_int_equal(a->fields_sorted_by_name[k], b->fields_sorted_by_name[k]);
            assert_ptr_equal(protobuf_c_message_descriptor_get_field(b, a->fields[k].id),
                             &b->fields[k]);
            assert_ptr_equal(protobuf_c_message_descriptor_get_field_by_name(b, a->fields[k].name),
                             &b->fields[k]);
        }
        for (unsigned k = 0; a->n_fields > 0 && k <= a->n_field_ranges; k++)
            assert_memory_equal(&a->field_ranges[k], &b->field_ranges[k],
                                sizeof(a->field_ranges[k]));
    }
}

static void members_have_room_and_do_not_overlap(void **state)
{
    (void)state;
    for (size_t i = 0; i < nm_schema_n_messages(schema); i++) {
        const ProtobufCMessageDescriptor *type =
            described(dynamic, nm_schema_message_at(schema, i));
        uint8_t *taken = calloc(1, type->sizeof_message);
        assert_non_null(taken);
        for (unsigned k = 0; k < type->n_fields; k++) {
            const ProtobufCFieldDescriptor *field = &type->fields[k];
            size_t size = field->label == PROTOBUF_C_LABEL_REPEATED
                              ? sizeof(void *)
                              : both_ways_size_of(field->type);
            assert_true(field->offset >= sizeof(ProtobufCMessage));
            assert_true(field->offset + size <= type->sizeof_message);
            assert_int_equal(field->offset % (size > 8 ? 8 : size), 0);
            for (size_t at = 0; at < size && (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;
                 at++)
                assert_int_equal(taken[field->offset + at]++, 0);
            if (field->quantifier_offset != 0)
                assert_int_equal(taken[field->quantifier_offset] & ~2, 0);
            if (field->quantifier_offset != 0)
                taken[field->quantifier_offset] |= 2;
        }
        free(taken);
    }
}

static void an_empty_message_is_unpacked_and_passes_the_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < nm_schema_n_messages(schema); i++) {
        const ProtobufCMessageDescriptor *type =
            described(dynamic, nm_schema_message_at(schema, i));
        ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, 0, NULL);
        if (message == NULL)
            continue; /* it has required fields */
        assert_ptr_equal(message->descriptor, type);
        assert_true(protobuf_c_message_check(message));
        assert_int_equal(protobuf_c_message_get_packed_size(message), 0);
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

/* ---- messages ---- */

static const nm_codec_limits limits = {0, (size_t)1 << 20};

static bool is_list(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

/* Whether the oneof of the field is set to another. */
static bool is_left_out(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
        return false;
    uint32_t chosen;
    memcpy(&chosen, (const uint8_t *)message + field->quantifier_offset, sizeof(chosen));
    return chosen != field->id;
}

static void assert_same_string(const uint8_t *left, const uint8_t *right)
{
    const char *a;
    memcpy(&a, left, sizeof(a));
    const char *b;
    memcpy(&b, right, sizeof(b));
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

/* Members that are not set have the values that they have in a generated message. */
static void assert_same_members(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    for (unsigned i = 0; i < a->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];
        const uint8_t *left = (const uint8_t *)a + field->offset;
        const uint8_t *right = (const uint8_t *)b + b->descriptor->fields[i].offset;
        if (is_list(field) || is_left_out(a, field) || field->type == PROTOBUF_C_TYPE_BYTES ||
            field->type == PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (field->type == PROTOBUF_C_TYPE_STRING)
            assert_same_string(left, right);
        else if (memcmp(left, right, both_ways_size_of(field->type)) != 0)
            fail_msg("%s.%s differs", a->descriptor->name, field->name);
    }
}

/* Decodes by both descriptors, and encodes what came out. Returns whether it could be decoded. */
static bool assert_same_message(const ProtobufCMessageDescriptor *original, const nm_buffer *bytes)
{
    nm_arena arenas[2] = {NM_ARENA_INIT, NM_ARENA_INIT};
    nm_buffer encoded[2] = {NM_BUFFER_INIT, NM_BUFFER_INIT};
    nm_error errors[2] = {NM_ERROR_INIT, NM_ERROR_INIT};
    const ProtobufCMessageDescriptor *types[2] = {original, twin_of(original)};
    ProtobufCMessage *messages[2];
    natsmicro_status statuses[2];

    for (int i = 0; i < 2; i++)
        statuses[i] = nm_decode(types[i], bytes->data, bytes->length, &limits, &arenas[i],
                                &messages[i], &errors[i]);
    assert_int_equal(statuses[0], statuses[1]);
    assert_string_equal(nm_error_text(&errors[0]), nm_error_text(&errors[1]));
    for (int i = 0; i < 2 && statuses[0] == NATSMICRO_OK; i++)
        assert_int_equal(nm_encode(types[i], messages[i], &encoded[i], NULL), NATSMICRO_OK);
    assert_int_equal(encoded[0].length, encoded[1].length);
    assert_memory_equal(encoded[0].data, encoded[1].data, encoded[0].length);
    if (statuses[0] == NATSMICRO_OK)
        assert_same_members(messages[0], messages[1]);
    for (int i = 0; i < 2; i++) {
        nm_arena_free(&arenas[i]);
        nm_buffer_free(&encoded[i]);
        nm_error_free(&errors[i]);
    }
    return statuses[0] == NATSMICRO_OK;
}

#define N_RANDOM PLAIN_OR_SANITIZED(30000, 5000)

static void random_messages_have_the_same_bytes(void **state)
{
    random_source source = random_from("DYNAMIC_TEST_SEED");
    nm_buffer bytes = NM_BUFFER_INIT;

    (void)state;
    for (size_t i = 0; i < N_RANDOM; i++) {
        const ProtobufCMessageDescriptor *type = generated[i % N_GENERATED];
        nm_buffer_reset(&bytes);
        random_wire_append(&source, type, 25, &bytes);
        assert_true(assert_same_message(type, &bytes));
    }
    nm_buffer_free(&bytes);
}

/* Also what is wrong has the same text. */
static void damaged_messages_are_refused_alike(void **state)
{
    random_source source = random_from("DYNAMIC_TEST_SEED");
    nm_buffer bytes = NM_BUFFER_INIT;

    (void)state;
    for (size_t i = 0; i < N_RANDOM / 10; i++) {
        const ProtobufCMessageDescriptor *type = generated[i % N_GENERATED];
        nm_buffer_reset(&bytes);
        random_wire_append(&source, type, 10, &bytes);
        if (bytes.length == 0)
            continue;
        bytes.data[random_below(&source, bytes.length)] = (uint8_t)random_next(&source);
        bytes.length -= random_below(&source, 2);
        assert_same_message(type, &bytes);
    }
    nm_buffer_free(&bytes);
}

/* ---- making them ---- */

static void groups_are_not_implemented_wherever_they_are(void **state)
{
    (void)state;
    descriptors odd_files = descriptors_read("odd");
    nm_schema *odd;
    assert_int_equal(nm_schema_new(&odd, odd_files.files, odd_files.n_files, NULL), NATSMICRO_OK);
    nm_dynamic *of_odd = nm_dynamic_new(odd);
    assert_non_null(of_odd);
    nm_error error = NM_ERROR_INIT;
    for (int again = 0; again < 2; again++) {
        const ProtobufCMessageDescriptor *descriptor;
        assert_int_equal(
            nm_dynamic_descriptor(of_odd, message_of(odd, "odd.two.Old"), &descriptor, &error),
            NATSMICRO_UNIMPLEMENTED);
        assert_null(descriptor);
        assert_string_equal(nm_error_text(&error),
                            "field odd.two.Old.item is a group, which protobuf-c cannot encode");
    }
    described(of_odd, message_of(odd, "odd.three.Tree")); /* in odd.two.Old, too */
    described(of_odd, message_of(odd, "odd.two.Old.Item"));
    nm_error_free(&error);
    nm_dynamic_free(of_odd);
    nm_schema_free(odd);
    descriptors_free(&odd_files);
}

#define N_THREADS 4

typedef struct asker {
    pthread_t thread;
    nm_dynamic *dynamic;
    const ProtobufCMessageDescriptor *got[N_GENERATED];
} asker;

static void *ask_for_all(void *argument)
{
    asker *self = argument;

    for (size_t i = 0; i < N_GENERATED; i++) {
        const nm_schema_message *message =
            nm_schema_find_message(schema, generated[i]->name, strlen(generated[i]->name));
        nm_dynamic_descriptor(self->dynamic, message, &self->got[i], NULL);
    }
    return NULL;
}

static void threads_get_the_same_descriptors(void **state)
{
    nm_dynamic *shared = nm_dynamic_new(schema);

    (void)state;
    assert_non_null(shared);
    asker askers[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) {
        askers[i].dynamic = shared;
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_for_all, &askers[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++)
        pthread_join(askers[i].thread, NULL);
    for (size_t k = 0; k < N_GENERATED; k++) {
        assert_non_null(askers[0].got[k]);
        for (size_t i = 1; i < N_THREADS; i++)
            assert_ptr_equal(askers[i].got[k], askers[0].got[k]);
    }
    nm_dynamic_free(shared);
    nm_dynamic_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_say_what_generated_ones_say),
        cmocka_unit_test(members_have_room_and_do_not_overlap),
        cmocka_unit_test(an_empty_message_is_unpacked_and_passes_the_check),
        cmocka_unit_test(random_messages_have_the_same_bytes),
        cmocka_unit_test(damaged_messages_are_refused_alike),
        cmocka_unit_test(groups_are_not_implemented_wherever_they_are),
        cmocka_unit_test(threads_get_the_same_descriptors),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
