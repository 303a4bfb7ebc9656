/*
 * Types are bound to the schema that describes them, and to no other: names of a newer .proto would
 * lead to members that the program's messages do not have. A schema may come from a stranger.
 */
#include "unit/cmocka_test.h"
#include "unit/json_fixture.h"

#include "support/descriptors.h"

#include "json_test.pb-c.h"
#include "json_test_proto2.pb-c.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__DescriptorProto message_proto;
typedef Google__Protobuf__FieldDescriptorProto field_proto;

/* ---- schemas that were changed ---- */

/* The file of the tests' set, to be freed with protobuf_c_message_free_unpacked. */
static file_proto *file_of(const char *name)
{
    descriptors these = descriptors_read("tests");
    file_proto *found = NULL;

    for (size_t i = 0; i < these.n_files; i++) {
        file_proto *file = google__protobuf__file_descriptor_proto__unpack(
            NULL, these.files[i].length, these.files[i].data);
        assert_non_null(file);
        if (strcmp(file->name, name) == 0)
            found = file;
        else
            google__protobuf__file_descriptor_proto__free_unpacked(file, NULL);
    }
    descriptors_free(&these);
    assert_non_null(found);
    return found;
}

static field_proto *field_of(const file_proto *file, const char *message, const char *field)
{
    for (size_t i = 0; i < file->n_message_type; i++)
        for (size_t k = 0; k < file->message_type[i]->n_field; k++)
            if (strcmp(file->message_type[i]->name, message) == 0 &&
                strcmp(file->message_type[i]->field[k]->name, field) == 0)
                return file->message_type[i]->field[k];
    fail_msg("no field %s.%s", message, field);
    return NULL;
}

/* A schema of one file that was changed, and what is bound to it. */
typedef struct changed {
    uint8_t *bytes;
    nm_schema *schema;
    nm_dynamic *dynamic;
    nm_json *json;
} changed;

static changed make_changed(file_proto *file)
{
    nm_error error = NM_ERROR_INIT;
    size_t length = google__protobuf__file_descriptor_proto__get_packed_size(file);

    changed self;
    self.bytes = malloc(length);
    assert_non_null(self.bytes);
    google__protobuf__file_descriptor_proto__pack(file, self.bytes);
    google__protobuf__file_descriptor_proto__free_unpacked(file, NULL);
    const nm_bytes files = {self.bytes, length};
    if (nm_schema_new(&self.schema, &files, 1, &error) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&error));
    self.dynamic = nm_dynamic_new(self.schema);
    self.json = nm_json_new(self.schema, self.dynamic);
    assert_non_null(self.json);
    return self;
}

static void free_changed(changed *self)
{
    nm_json_free(self->json);
    nm_dynamic_free(self->dynamic);
    nm_schema_free(self->schema);
    free(self->bytes);
}

/* A refusal leaves nothing that a second try might find. */
static void assert_misfit(file_proto *file, const ProtobufCMessageDescriptor *descriptor,
                          const char *expected)
{
    changed self = make_changed(file);
    const nm_schema_message *message =
        nm_schema_find_message(self.schema, descriptor->name, strlen(descriptor->name));

    assert_non_null(message);
    for (int round = 0; round < 2; round++) {
        nm_error error = NM_ERROR_INIT;
        const nm_json_type *type;
        assert_int_equal(nm_json_bind(self.json, descriptor, message, &type, &error),
                         NATSMICRO_FAILED_PRECONDITION);
        assert_string_equal(nm_error_text(&error), expected);
        assert_null(type);
        nm_error_clear(&error);
    }
    free_changed(&self);
}

#define FILE_OF_TESTS "json_test.proto"
#define MISFIT        "the schema and the program's code for jsontest.v1."

static void another_type_does_not_fit(void **state)
{
    file_proto *file = file_of(FILE_OF_TESTS);

    (void)state;
    field_of(file, "Scalars", "a_string")->type =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;
    assert_misfit(file, &jsontest__v1__scalars__descriptor,
                  MISFIT "Scalars do not fit: field a_string: another type");
}

/* Found in a message that the one to bind only holds. */
static void another_number_does_not_fit(void **state)
{
    file_proto *file = file_of(FILE_OF_TESTS);

    (void)state;
    field_of(file, "Scalars", "a_bytes")->number = 17;
    assert_misfit(file, &jsontest__v1__maps__descriptor,
                  MISFIT "Scalars do not fit: field a_bytes: another number");
}

static void another_label_does_not_fit(void **state)
{
    file_proto *file = file_of(FILE_OF_TESTS);

    (void)state;
    field_of(file, "Scalars", "an_int32")->label =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    assert_misfit(file, &jsontest__v1__scalars__descriptor,
                  MISFIT "Scalars do not fit: field an_int32: repeated on one side only");
    file = file_of("json_test_proto2.proto");
    field_of(file, "Old", "needed")->label =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL;
    assert_misfit(file, &jsontest__v2__old__descriptor,
                  "the schema and the program's code for jsontest.v2.Old do not fit: field needed: "
                  "required on one side only");
}

static void another_count_of_fields_does_not_fit(void **state)
{
    file_proto *file = file_of(FILE_OF_TESTS);

    (void)state;
    for (size_t i = 0; i < file->n_message_type; i++)
        if (strcmp(file->message_type[i]->name, "Names") == 0)
            google__protobuf__field_descriptor_proto__free_unpacked(
                file->message_type[i]->field[--file->message_type[i]->n_field], NULL);
    assert_misfit(file, &jsontest__v1__names__descriptor,
                  MISFIT "Names do not fit: 7 fields and 8 fields");
}

/* A stranger's file with a type of that name. */
static void a_false_known_type_is_refused(void **state)
{
    static char *fields[] = {(char *)"seconds", (char *)"nanos"};
    file_proto file = GOOGLE__PROTOBUF__FILE_DESCRIPTOR_PROTO__INIT;
    message_proto duration = GOOGLE__PROTOBUF__DESCRIPTOR_PROTO__INIT;
    message_proto *messages[] = {&duration};
    field_proto members[2];
    field_proto *pointers[] = {&members[0], &members[1]};

    (void)state;
    for (int i = 0; i < 2; i++) {
        google__protobuf__field_descriptor_proto__init(&members[i]);
        members[i].name = fields[i];
        members[i].has_number = members[i].has_type = members[i].has_label = 1;
        members[i].number = i + 1;
        members[i].type = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL;
        members[i].label = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL;
    }
    file.name = (char *)"false.proto";
    file.package = (char *)"google.protobuf";
    file.syntax = (char *)"proto3";
    file.n_message_type = 1;
    file.message_type = messages;
    duration.name = (char *)"Duration";
    duration.n_field = 2;
    duration.field = pointers;
    uint8_t bytes[200];
    size_t length = google__protobuf__file_descriptor_proto__pack(&file, bytes);
    file_proto *copy = google__protobuf__file_descriptor_proto__unpack(NULL, length, bytes);
    changed self = make_changed(copy);
    const nm_schema_message *message =
        nm_schema_find_message(self.schema, "google.protobuf.Duration", 24);
    nm_error error = NM_ERROR_INIT;
    const ProtobufCMessageDescriptor *descriptor;
    assert_int_equal(nm_dynamic_descriptor(self.dynamic, message, &descriptor, NULL), NATSMICRO_OK);
    const nm_json_type *type;
    assert_int_equal(nm_json_bind(self.json, descriptor, message, &type, &error),
                     NATSMICRO_FAILED_PRECONDITION);
    assert_string_equal(nm_error_text(&error), "the schema's google.protobuf.Duration is not the "
                                               "well-known type of that name");
    nm_error_clear(&error);
    free_changed(&self);
}

static void a_type_is_bound_once(void **state)
{
    const ProtobufCMessageDescriptor *dynamic =
        json_dynamic_descriptor(&jsontest__v1__tree__descriptor);

    (void)state;
    const nm_json_type *type = json_type(&jsontest__v1__tree__descriptor);
    assert_ptr_equal(json_type(&jsontest__v1__tree__descriptor), type);
    assert_ptr_not_equal(json_type(dynamic), type);
    assert_ptr_equal(json_type(dynamic), json_type(dynamic));
}

/* ---- threads ---- */

#define THREADS 4

/* Each message has an Any, whose type is bound while others are. */
static void *read_again_and_again(void *data)
{
    static const char text[] =
        "{\"any\":{\"@type\":\"a/jsontest.v1.Maps\",\"byString\":{\"a\":{}}},\"anys\":["
        "{\"@type\":\"a/jsontest.v2.Old\",\"needed\":1},{\"@type\":\"a/google.protobuf.Value\","
        "\"value\":[1]},{\"@type\":\"a/jsontest.v1.Wide\",\"f1\":1}]}";
    nm_json *json = data;
    const char *name = jsontest__v1__known__descriptor.name;
    nm_arena arena = NM_ARENA_INIT;
    size_t failures = 0;

    for (int i = 0; i < 50; i++) {
        const nm_json_type *type = NULL;
        const nm_schema_message *in_schema =
            nm_schema_find_message(json_schema, name, strlen(name));
        ProtobufCMessage *message;
        failures += nm_json_bind(json, &jsontest__v1__known__descriptor, in_schema, &type, NULL) !=
                        NATSMICRO_OK ||
                    nm_json_read(type, (const uint8_t *)text, strlen(text), NULL, NULL, &arena,
                                 &message, NULL) != NATSMICRO_OK;
    }
    nm_arena_free(&arena);
    return failures == 0 ? NULL : data;
}

static void threads_bind_at_once(void **state)
{
    nm_dynamic *dynamic = nm_dynamic_new(json_schema);
    nm_json *json = nm_json_new(json_schema, dynamic);

    (void)state;
    assert_non_null(json);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_again_and_again, json), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed = json;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    nm_json_free(json);
    nm_dynamic_free(dynamic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_type_does_not_fit),
        cmocka_unit_test(another_number_does_not_fit),
        cmocka_unit_test(another_label_does_not_fit),
        cmocka_unit_test(another_count_of_fields_does_not_fit),
        cmocka_unit_test(a_false_known_type_is_refused),
        cmocka_unit_test(a_type_is_bound_once),
        cmocka_unit_test(threads_bind_at_once),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
