/*
 * Fuzzes the reader of schemas with sets of file descriptors. A set that passes must hold together:
 * all that it says is looked up, and each message gets a descriptor that protobuf-c can use.
 */
#include "base/cursor.h"
#include "dynamic/dynamic.h"
#include "schema/defaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool true_here, const char *what)
{
    if (true_here)
        return;
    fprintf(stderr, "schema: %s\n", what);
    abort();
}

static void check_default(const nm_schema_field *field)
{
    if (field->default_text == NULL || field->type == NM_FIELD_STRING)
        return;
    if (field->type != NM_FIELD_BYTES) {
        nm_schema_default value;
        must(nm_schema_read_default(field, &value), "a default that cannot be read");
        return;
    }
    uint8_t *bytes = malloc(strlen(field->default_text) + 1);
    size_t length;
    must(bytes != NULL && nm_schema_read_default_bytes(field, bytes, &length),
         "default bytes that cannot be read");
    free(bytes);
}

static void check_field(const nm_schema_message *message, const nm_schema_field *field)
{
    bool is_message = field->type == NM_FIELD_MESSAGE || field->type == NM_FIELD_GROUP;

    must(nm_schema_find_field(message, field->number) == field, "a field that is not found");
    must((field->message != NULL) == is_message, "a field's message");
    must((field->enumeration != NULL) == (field->type == NM_FIELD_ENUM), "a field's enum");
    must(field->oneof < 0 || (size_t)field->oneof < message->n_oneofs, "a field's oneof");
    must(strlen(field->name) > 0 && field->json_name != NULL, "a field's names");
    must(!field->is_map || (field->is_repeated && field->message->n_fields == 2), "a map");
    check_default(field);
}

static void check_message(const nm_schema *schema, nm_dynamic *dynamic,
                          const nm_schema_message *message)
{
    must(nm_schema_find_message(schema, message->full_name, strlen(message->full_name)) == message,
         "a message that is not found");
    for (size_t i = 0; i < message->n_fields; i++)
        check_field(message, &message->fields[i]);
    const ProtobufCMessageDescriptor *descriptor;
    natsmicro_status status = nm_dynamic_descriptor(dynamic, message, &descriptor, NULL);
    must(status == NATSMICRO_OK || status == NATSMICRO_UNIMPLEMENTED, "no descriptor");
    if (status != NATSMICRO_OK)
        return;
    ProtobufCMessage *empty = protobuf_c_message_unpack(descriptor, NULL, 0, NULL);
    must(empty == NULL || protobuf_c_message_check(empty), "an empty message");
    if (empty != NULL)
        protobuf_c_message_free_unpacked(empty, NULL);
}

static void check_enum(const nm_schema *schema, const nm_schema_enum *enumeration)
{
    must(nm_schema_find_enum(schema, enumeration->full_name, strlen(enumeration->full_name)) ==
             enumeration,
         "an enum that is not found");
    for (size_t i = 0; i < enumeration->n_values; i++) {
        const nm_schema_value *value = &enumeration->values[i];
        must(nm_schema_enum_value(enumeration, value->name, strlen(value->name)) == value,
             "a value that is not found by its name");
        must(nm_schema_enum_name(enumeration, value->number) != NULL,
             "a value that is not found by its number");
    }
}

static void check_file(const nm_schema *schema, const nm_schema_file *file)
{
    for (size_t i = 0; i < file->n_services; i++) {
        const nm_schema_service *service = &file->services[i];
        must(nm_schema_find_service(schema, service->full_name, strlen(service->full_name)) ==
                 service,
             "a service that is not found");
        for (size_t k = 0; k < service->n_methods; k++)
            must(service->methods[k].request != NULL && service->methods[k].response != NULL,
                 "a method without types");
    }
    for (size_t i = 0; i < file->n_imports; i++)
        must(file->imports[i] != NULL, "an import");
}

static void check_schema(const nm_schema *schema)
{
    nm_dynamic *dynamic = nm_dynamic_new(schema);

    must(dynamic != NULL, "no memory");
    for (size_t i = 0; i < nm_schema_n_files(schema); i++)
        check_file(schema, nm_schema_file_at(schema, i));
    for (size_t i = 0; i < nm_schema_n_enums(schema); i++)
        check_enum(schema, nm_schema_enum_at(schema, i));
    for (size_t i = 0; i < nm_schema_n_messages(schema); i++)
        check_message(schema, dynamic, nm_schema_message_at(schema, i));
    nm_dynamic_free(dynamic);
}

#define MOST_FILES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nm_cursor s = nm_cursor_over(data, size);
    size_t n_files = 0;

    nm_bytes files[MOST_FILES];
    uint64_t tag;
    uint64_t length;
    nm_cursor file;
    while (n_files < MOST_FILES && nm_take_varint(&s, NM_VARINT32_SIZE, &tag) &&
           nm_take_varint(&s, NM_VARINT32_SIZE, &length) && nm_take_bytes(&s, length, &file))
        files[n_files++] = (nm_bytes){file.at, nm_cursor_left(&file)};
    nm_error error = NM_ERROR_INIT;
    nm_schema *schema;
    if (nm_schema_new(&schema, files, n_files, &error) == NATSMICRO_OK)
        check_schema(schema);
    else
        must(schema == NULL && strlen(nm_error_text(&error)) > 0, "a failure without a text");
    nm_error_free(&error);
    nm_schema_free(schema);
    return 0;
}
