/*
 * Hostile schemas: what protoc would not have written is refused, with a text that says where and
 * why; and nothing that a stranger writes takes much memory or time.
 */
#include "dynamic/dynamic.h"

#include "base/buffer.h"
#include "base/cursor.h"
#include "codec/arena.h"
#include "support/descriptors.h"
#include "support/wire.h"
#include "unit/cmocka_test.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__DescriptorProto message_proto;
typedef Google__Protobuf__FieldDescriptorProto field_proto;

static descriptors odd_files;
static nm_arena arena = NM_ARENA_INIT; /* of descriptors as messages */

static int read_odd(void **state)
{
    (void)state;
    odd_files = descriptors_read("odd");
    return 0;
}

static int free_odd(void **state)
{
    (void)state;
    descriptors_free(&odd_files);
    nm_arena_free(&arena);
    return 0;
}

static file_proto *file_named(const char *name)
{
    ProtobufCAllocator allocator = nm_arena_allocator(&arena);

    for (size_t i = 0; i < odd_files.n_files; i++) {
        file_proto *file = google__protobuf__file_descriptor_proto__unpack(
            &allocator, odd_files.files[i].length, odd_files.files[i].data);
        assert_non_null(file);
        if (strcmp(file->name, name) == 0)
            return file;
    }
    fail_msg("no file %s", name);
    return NULL;
}

static void pack(const file_proto *file, nm_buffer *to)
{
    size_t length = google__protobuf__file_descriptor_proto__get_packed_size(file);

    nm_buffer_reset(to);
    assert_non_null(nm_buffer_reserve(to, length));
    to->length = google__protobuf__file_descriptor_proto__pack(file, to->data);
}

/* Makes a schema, and frees it again. */
static natsmicro_status try_files(const nm_bytes *files, size_t n_files, nm_error *error)
{
    nm_schema *schema;
    natsmicro_status status = nm_schema_new(&schema, files, n_files, error);

    assert_int_equal(schema == NULL, status != NATSMICRO_OK);
    nm_schema_free(schema);
    return status;
}

/* ---- one thing wrong ---- */

typedef struct spoiled {
    void (*spoil)(file_proto *file);
    const char *text; /* after the name of the file; NULL: it is allowed */
} spoiled;

#define SPOIL(name)              static void name(file_proto *file)
#define MESSAGE(file)            ((file)->message_type[0])
#define FIELD(file, index)       (MESSAGE(file)->field[index])
#define SET(what, member, value) ((what)->has_##member = 1, (what)->member = (value))
#define CLEAR(what, member)      ((what)->has_##member = 0)
#define TYPE(name)               GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name
#define LABEL(name)              GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_##name
#define BYTES(text)              ((ProtobufCBinaryData){sizeof(text) - 1, (uint8_t *)(text)})

SPOIL(syntax_editions)
{
    file->syntax = "editions";
}
SPOIL(package_of_dots)
{
    file->package = "a..b";
}
SPOIL(package_that_ends_in_a_dot)
{
    file->package = "a.";
}
SPOIL(package_with_a_space)
{
    file->package = "a b";
}
SPOIL(message_without_name)
{
    MESSAGE(file)->name = NULL;
}
SPOIL(message_named_by_a_digit)
{
    MESSAGE(file)->name = "1";
}
SPOIL(message_with_escapes)
{
    MESSAGE(file)->name = "\x1b[2J";
}
SPOIL(field_without_name)
{
    FIELD(file, 0)->name = "";
}
SPOIL(field_with_a_dot)
{
    FIELD(file, 0)->name = "a.b";
}
SPOIL(field_numbered_0)
{
    FIELD(file, 0)->number = 0;
}
SPOIL(field_with_a_negative_number)
{
    FIELD(file, 0)->number = -1;
}
SPOIL(field_with_a_large_number)
{
    FIELD(file, 0)->number = 536870912;
}
SPOIL(field_with_a_reserved_number)
{
    FIELD(file, 0)->number = 19000;
}
SPOIL(field_without_type)
{
    CLEAR(FIELD(file, 0), type);
}
SPOIL(field_of_an_unknown_type)
{
    SET(FIELD(file, 0), type, 19);
}
SPOIL(field_of_an_unknown_label)
{
    SET(FIELD(file, 0), label, 4);
}
SPOIL(field_with_a_needless_type_name)
{
    FIELD(file, 0)->type_name = ".odd.plain.M";
}
SPOIL(field_without_type_name)
{
    FIELD(file, 2)->type_name = NULL;
}
SPOIL(field_with_an_empty_type_name)
{
    FIELD(file, 2)->type_name = "";
}
SPOIL(field_with_a_relative_type_name)
{
    FIELD(file, 2)->type_name = "E";
}
SPOIL(field_of_a_missing_type)
{
    FIELD(file, 2)->type_name = ".odd.plain.F";
}
SPOIL(enum_field_of_a_message)
{
    FIELD(file, 2)->type_name = ".odd.plain.M";
}
SPOIL(message_field_of_an_enum)
{
    FIELD(file, 3)->type_name = ".odd.plain.E";
}
SPOIL(message_field_of_a_service)
{
    FIELD(file, 3)->type_name = ".odd.plain.S";
}
SPOIL(field_required_in_proto3)
{
    SET(FIELD(file, 0), label, LABEL(REQUIRED));
}
SPOIL(field_that_is_a_group_in_proto3)
{
    SET(FIELD(file, 3), type, TYPE(GROUP));
}
SPOIL(field_with_a_default_in_proto3)
{
    FIELD(file, 0)->default_value = "1";
}
SPOIL(field_in_no_such_oneof)
{
    SET(FIELD(file, 0), oneof_index, 2);
}
SPOIL(field_in_a_negative_oneof)
{
    SET(FIELD(file, 0), oneof_index, -1);
}
SPOIL(list_in_a_oneof)
{
    SET(FIELD(file, 1), oneof_index, 0);
}
SPOIL(optional_without_oneof)
{
    CLEAR(FIELD(file, 7), oneof_index);
}
SPOIL(optional_not_alone)
{
    SET(FIELD(file, 0), oneof_index, 1);
}
SPOIL(oneof_without_name)
{
    MESSAGE(file)->oneof_decl[0]->name = NULL;
}
SPOIL(oneof_named_as_a_field)
{
    MESSAGE(file)->oneof_decl[0]->name = "number";
}
SPOIL(fields_of_one_name)
{
    FIELD(file, 1)->name = "number";
}
SPOIL(fields_of_one_number)
{
    FIELD(file, 1)->number = 1;
}
SPOIL(fields_of_one_json_name)
{
    FIELD(file, 1)->json_name = "number";
}
SPOIL(enum_without_values)
{
    file->enum_type[0]->n_value = 0;
}
SPOIL(enum_that_begins_with_1)
{
    file->enum_type[0]->value[0]->number = 3;
}
SPOIL(values_of_one_name)
{
    file->enum_type[0]->value[1]->name = "E_ZERO";
}
SPOIL(values_of_one_number)
{
    file->enum_type[0]->value[1]->number = 0;
}
SPOIL(value_with_a_bad_name)
{
    file->enum_type[0]->value[1]->name = "E-ONE";
}
SPOIL(enum_named_as_a_message)
{
    file->enum_type[0]->name = "M";
}
SPOIL(service_named_as_a_message)
{
    file->service[0]->name = "M";
}
SPOIL(method_without_name)
{
    file->service[0]->method[0]->name = NULL;
}
SPOIL(method_of_an_enum)
{
    file->service[0]->method[0]->input_type = ".odd.plain.E";
}
SPOIL(method_without_a_type)
{
    file->service[0]->method[0]->output_type = NULL;
}
SPOIL(method_of_a_relative_type)
{
    file->service[0]->method[0]->output_type = "M";
}
SPOIL(entry_at_the_top)
{
    file->message_type[0] = MESSAGE(file)->nested_type[0];
}
SPOIL(entry_with_one_field)
{
    MESSAGE(file)->nested_type[0]->n_field = 1;
}
SPOIL(entry_with_another_name)
{
    MESSAGE(file)->nested_type[0]->name = "MopEntry";
}
SPOIL(entry_with_a_real_key)
{
    SET(MESSAGE(file)->nested_type[0]->field[0], type, TYPE(DOUBLE));
}
SPOIL(entry_with_numbers_changed)
{
    MESSAGE(file)->nested_type[0]->field[1]->number = 3;
}
SPOIL(entry_with_a_list)
{
    SET(MESSAGE(file)->nested_type[0]->field[1], label, LABEL(REPEATED));
}
SPOIL(map_that_is_no_list)
{
    SET(FIELD(file, 6), label, LABEL(OPTIONAL));
}
SPOIL(map_of_another_field)
{
    FIELD(file, 0)->name = "map";
    FIELD(file, 6)->name = "other_map";
}

static const spoiled spoiled3[] = {
    {syntax_editions, "its syntax is neither proto2 nor proto3: editions"},
    {package_of_dots, "its package is no name of identifiers joined by dots"},
    {package_that_ends_in_a_dot, "its package is no name of identifiers joined by dots"},
    {package_with_a_space, "its package is no name of identifiers joined by dots"},
    {message_without_name, "a message in odd.plain has no name"},
    {message_named_by_a_digit, "a message in odd.plain has a name that is no identifier"},
    {message_with_escapes, "a message in odd.plain has a name that is no identifier"},
    {field_without_name, "field 1 of odd.plain.M has no name"},
    {field_with_a_dot, "field 1 of odd.plain.M has a name that is no identifier"},
    {field_numbered_0, "field odd.plain.M.number: its number is not one of 1 to 536870911"},
    {field_with_a_negative_number,
     "field odd.plain.M.number: its number is not one of 1 to 536870911"},
    {field_with_a_large_number,
     "field odd.plain.M.number: its number is not one of 1 to 536870911"},
    {field_with_a_reserved_number,
     "field odd.plain.M.number: its number is one of 19000 to 19999, which protobuf reserves"},
    {field_without_type, "field odd.plain.M.number: it has no type that is known"},
    {field_of_an_unknown_type, "field odd.plain.M.number: it has no type that is known"},
    {field_of_an_unknown_label, "field odd.plain.M.number: it has no label that is known"},
    {field_with_a_needless_type_name,
     "field odd.plain.M.number: its type has no name, but one is given"},
    {field_without_type_name, "field odd.plain.M.e: the name of its type is missing"},
    {field_with_an_empty_type_name,
     "field odd.plain.M.e: the name of its type is relative: it has no dot in front"},
    {field_with_a_relative_type_name,
     "field odd.plain.M.e: the name of its type is relative: it has no dot in front"},
    {field_of_a_missing_type, "odd.plain.M.e has a type that is not there: odd.plain.F"},
    {enum_field_of_a_message, "odd.plain.M.e has a type of another kind: odd.plain.M"},
    {message_field_of_an_enum, "odd.plain.M.m has a type of another kind: odd.plain.E"},
    {message_field_of_a_service, "odd.plain.M.m has a type of another kind: odd.plain.S"},
    {field_required_in_proto3, "field odd.plain.M.number: it is required in proto3"},
    {field_that_is_a_group_in_proto3, "field odd.plain.M.m: it is a group in proto3"},
    {field_with_a_default_in_proto3, "field odd.plain.M.number: it has a default in proto3"},
    {field_in_no_such_oneof,
     "field odd.plain.M.number: it is in a oneof that its message does not have"},
    {field_in_a_negative_oneof,
     "field odd.plain.M.number: it is in a oneof that its message does not have"},
    {list_in_a_oneof, "field odd.plain.M.list: it is repeated or required, but in a oneof"},
    {optional_without_oneof, "field odd.plain.M.maybe: it is an optional field of proto3, but "
                             "without a oneof, or in proto2"},
    {optional_not_alone, "oneof odd.plain.M._maybe: an optional field is not alone in it"},
    {oneof_without_name, "a oneof of odd.plain.M has no name"},
    {oneof_named_as_a_field, "field odd.plain.M.number: its name is there twice"},
    {fields_of_one_name, "field odd.plain.M.number: its name is there twice"},
    {fields_of_one_number, "fields number and list of odd.plain.M have the same number, 1"},
    {fields_of_one_json_name, "odd.plain.M has two fields of the JSON name number"},
    {enum_without_values, "enum odd.plain.E: it has no value"},
    {enum_that_begins_with_1,
     "enum odd.plain.E: its first value is not 0, as it must be in proto3"},
    {values_of_one_name, "enum odd.plain.E: two values have the same name"},
    {values_of_one_number, "enum odd.plain.E: two values have the same number without allow_alias"},
    {value_with_a_bad_name, "value 1 of enum odd.plain.E has a name that is no identifier"},
    {enum_named_as_a_message, "odd.plain.M is declared twice"},
    {service_named_as_a_message, "odd.plain.M is declared twice"},
    {method_without_name, "a method of odd.plain.S has no name"},
    {method_of_an_enum, "odd.plain.S.Call has a type of another kind: odd.plain.E"},
    {method_without_a_type,
     "method odd.plain.S.Call: the name of its request or response type is missing"},
    {method_of_a_relative_type, "method odd.plain.S.Call: the name of its request or response type "
                                "is relative: it has no dot in front"},
    {entry_at_the_top, "odd.plain.S.Call has a type that is not there: odd.plain.M"},
    {entry_with_one_field, "message odd.plain.M.MapEntry: it is a map entry that has not just a "
                           "key and a value"},
    {entry_with_another_name, "odd.plain.M.map has a type that is not there: odd.plain.M.MapEntry"},
    {entry_with_a_real_key,
     "message odd.plain.M.MapEntry: it is a map entry with a key of a type that cannot be one"},
    {entry_with_numbers_changed, "message odd.plain.M.MapEntry: it is a map entry that has not "
                                 "just a key and a value"},
    {entry_with_a_list, "message odd.plain.M.MapEntry: it is a map entry that has not just a key "
                        "and a value"},
    {map_that_is_no_list, "field odd.plain.M.map: its type is the map entry of another field"},
    {map_of_another_field,
     "field odd.plain.M.other_map: its type is the map entry of another field"},
};

SPOIL(default_of_a_list)
{
    SET(FIELD(file, 0), label, LABEL(REPEATED));
}
SPOIL(default_too_large)
{
    FIELD(file, 0)->default_value = "2147483648";
}
SPOIL(default_with_a_space)
{
    FIELD(file, 0)->default_value = " 1";
}
SPOIL(default_that_is_empty)
{
    FIELD(file, 0)->default_value = "";
}
SPOIL(default_with_a_fraction)
{
    FIELD(file, 0)->default_value = "1.5";
}
SPOIL(default_of_no_such_value)
{
    FIELD(file, 1)->default_value = "E_THREE";
}
SPOIL(default_with_a_lone_backslash)
{
    FIELD(file, 2)->default_value = "x\\";
}
SPOIL(default_with_a_large_octal)
{
    FIELD(file, 2)->default_value = "\\777";
}
SPOIL(default_with_an_unknown_escape)
{
    FIELD(file, 2)->default_value = "\\q";
}
SPOIL(default_of_neither_true_nor_false)
{
    FIELD(file, 3)->default_value = "1";
}
SPOIL(default_of_hexadecimal_digits)
{
    FIELD(file, 4)->default_value = "0x1p3";
}
SPOIL(default_of_infinity)
{
    FIELD(file, 4)->default_value = "-inf";
}
SPOIL(packed_string)
{
    SET(FIELD(file, 5), label, LABEL(REPEATED));
    static Google__Protobuf__FieldOptions packed = GOOGLE__PROTOBUF__FIELD_OPTIONS__INIT;
    SET(&packed, packed, 1);
    FIELD(file, 5)->options = &packed;
}
SPOIL(json_name_as_protoc_makes_it)
{
    FIELD(file, 6)->json_name = "first";
}
SPOIL(json_names_of_one_name)
{
    FIELD(file, 5)->json_name = FIELD(file, 6)->json_name = "third";
}
SPOIL(optional_of_proto3)
{
    SET(FIELD(file, 0), proto3_optional, 1);
}
SPOIL(map_of_enums_without_0)
{
    file->enum_type[0]->value[0]->number = 1;
}
SPOIL(oneof_without_fields)
{
    static Google__Protobuf__OneofDescriptorProto lonely =
        GOOGLE__PROTOBUF__ONEOF_DESCRIPTOR_PROTO__INIT;
    static Google__Protobuf__OneofDescriptorProto *list[] = {&lonely};
    lonely.name = "lonely";
    MESSAGE(file)->n_oneof_decl = 1;
    MESSAGE(file)->oneof_decl = list;
}

static const spoiled spoiled2[] = {
    {default_of_a_list, "field odd.plain2.M.number: a field of its kind has no default"},
    {default_too_large, "field odd.plain2.M.number: its default is no value of its type"},
    {default_with_a_space, "field odd.plain2.M.number: its default is no value of its type"},
    {default_that_is_empty, "field odd.plain2.M.number: its default is no value of its type"},
    {default_with_a_fraction, "field odd.plain2.M.number: its default is no value of its type"},
    {default_of_no_such_value, "field odd.plain2.M.e: its default is no value of its type"},
    {default_with_a_lone_backslash, "field odd.plain2.M.data: its default is no value of its type"},
    {default_with_a_large_octal, "field odd.plain2.M.data: its default is no value of its type"},
    {default_with_an_unknown_escape,
     "field odd.plain2.M.data: its default is no value of its type"},
    {default_of_neither_true_nor_false,
     "field odd.plain2.M.flag: its default is no value of its type"},
    {default_of_hexadecimal_digits, "field odd.plain2.M.real: its default is no value of its type"},
    {default_of_infinity, NULL},
    {packed_string, "field odd.plain2.M.first: a field of its kind cannot be packed"},
    {json_name_as_protoc_makes_it, NULL},
    {json_names_of_one_name, "odd.plain2.M has two fields of the JSON name third"},
    {optional_of_proto3, "field odd.plain2.M.number: it is an optional field of proto3, but "
                         "without a oneof, or in proto2"},
    {map_of_enums_without_0, "message odd.plain2.M.MapEntry: it is a map entry with an enum as its "
                             "value that does not begin with 0"},
    {oneof_without_fields, "oneof odd.plain2.M.lonely: it has no field"},
};

static void assert_spoiled(const char *name, const spoiled *how)
{
    nm_error error = NM_ERROR_INIT;
    nm_buffer bytes = NM_BUFFER_INIT;
    char expected[1000] = "";

    nm_arena_reset(&arena);
    file_proto *file = file_named(name);
    how->spoil(file);
    pack(file, &bytes);
    natsmicro_status status = try_files(&(nm_bytes){bytes.data, bytes.length}, 1, &error);
    if (how->text != NULL)
        snprintf(expected, sizeof(expected), "%s: %s", name, how->text);
    assert_string_equal(nm_error_text(&error), expected);
    assert_int_equal(status, how->text != NULL ? NATSMICRO_INVALID_ARGUMENT : NATSMICRO_OK);
    nm_buffer_free(&bytes);
    nm_error_free(&error);
}

static void what_protoc_does_not_write_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoiled3) / sizeof(spoiled3[0]); i++)
        assert_spoiled("odd/plain.proto", &spoiled3[i]);
    for (size_t i = 0; i < sizeof(spoiled2) / sizeof(spoiled2[0]); i++)
        assert_spoiled("odd/plain2.proto", &spoiled2[i]);
}

/* ---- bytes by hand ---- */

static void append_field(nm_buffer *to, uint32_t number, const void *data, size_t length)
{
    wire_put_tag(to, number, NM_WIRE_DELIMITED);
    wire_put_delimited(to, data, length);
}

static void append_text(nm_buffer *to, uint32_t number, const char *text)
{
    append_field(to, number, text, strlen(text));
}

static void append_buffer(nm_buffer *to, uint32_t number, nm_buffer *content)
{
    append_field(to, number, content->data, content->length);
    nm_buffer_free(content);
}

/* Numbers of fields in descriptor.proto. */
enum {
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_IMPORT = 3,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    MESSAGE_NAME = 1,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ONEOF = 8,
    FIELD_NAME = 1,
    FIELD_NUMBER = 3,
    FIELD_TYPE = 5,
    ENUM_VALUE = 2,
};

static nm_buffer new_file(const char *name)
{
    nm_buffer file = NM_BUFFER_INIT;

    append_text(&file, FILE_NAME, name);
    return file;
}

static void assert_one_file(nm_buffer *file, natsmicro_status expected, const char *text)
{
    nm_error error = NM_ERROR_INIT;

    natsmicro_status status = try_files(&(nm_bytes){file->data, file->length}, 1, &error);
    assert_string_equal(nm_error_text(&error), text);
    assert_int_equal(status, expected);
    nm_error_free(&error);
    nm_buffer_free(file);
}

static void assert_refused(nm_buffer *file, const char *text)
{
    assert_one_file(file, NATSMICRO_INVALID_ARGUMENT, text);
}

static void bytes_that_are_no_descriptor_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } cases[] = {
        {"", 0, "file 0 of the schema: its name is empty or has control characters"},
        {"\x0a\x00", 2, "file 0 of the schema: its name is empty or has control characters"},
        {"\x0a\x02\x1b[", 4, "file 0 of the schema: its name is empty or has control characters"},
        {"\x0a\x01\xff", 3,
         "file 0 of the schema: not a file descriptor: its name is too long, or not UTF-8"},
        {"\x0a\x05x", 3,
         "file 0 of the schema: not a file descriptor: a length that reaches past the end"},
        {"\x0b", 1,
         "file 0 of the schema: not a file descriptor: a group, which protobuf-c cannot decode"},
        {"\x0a\x01x\x12\x01\xff", 6,
         "x: not a file descriptor: field "
         "nm.schema.FileSubset.package: not UTF-8"},
        {"\x0a\x01x\x22\x02\x0a\x05", 7,
         "x: not a file descriptor: byte 5: a length that reaches "
         "past the end"},
        {"\x0a\x01x\x20\x05", 5,
         "x: not a file descriptor: field "
         "nm.schema.FileSubset.message_type: a value of the wrong type"},
        {"\x0a\x01x\x22\x06\x0a\x01M\x3a\x01\x0c", 11,
         "x: the options of M: a group that ends without a start"},
        {"\x0a\x01x\x22\x06\x0a\x01M\x3a\x01\x0b", 11,
         "x: the options of M: a group without an end"},
        {"\x0a\x01x\x22\x06\x0a\x01M\x3a\x01\x0a", 11, "x: the options of M: truncated length"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        nm_buffer file = NM_BUFFER_INIT;
        nm_buffer_append(&file, cases[i].bytes, cases[i].length);
        assert_refused(&file, cases[i].text);
    }
}

/* Cut off anywhere, a descriptor is refused or is another one; it is never read past its end. */
static void descriptors_that_are_cut_off_do_no_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < odd_files.n_files; i++)
        for (size_t length = i % 3; length < odd_files.files[i].length && length < 1500;
             length += 3) {
            uint8_t *exact = malloc(length == 0 ? 1 : length);
            assert_non_null(exact);
            memcpy(exact, odd_files.files[i].data, length);
            try_files(&(nm_bytes){exact, length}, 1, NULL);
            free(exact);
        }
}

/* ---- imports ---- */

static void append_file(nm_buffer *files, size_t i, const char *name, const char *import)
{
    files[i] = new_file(name);
    if (import != NULL)
        append_text(&files[i], FILE_IMPORT, import);
}

/* Makes a schema of the buffers, and frees them. */
static void assert_files(nm_buffer *files, size_t n_files, const char *text)
{
    nm_error error = NM_ERROR_INIT;
    nm_bytes *bytes = calloc(n_files, sizeof(bytes[0]));

    assert_non_null(bytes);
    for (size_t i = 0; i < n_files; i++)
        bytes[i] = (nm_bytes){files[i].data, files[i].length};
    natsmicro_status status = try_files(bytes, n_files, &error);
    assert_string_equal(nm_error_text(&error), text);
    assert_int_equal(status, text[0] == '\0' ? NATSMICRO_OK : NATSMICRO_INVALID_ARGUMENT);
    for (size_t i = 0; i < n_files; i++)
        nm_buffer_free(&files[i]);
    free(bytes);
    nm_error_free(&error);
}

static void imports_are_there_and_not_circular(void **state)
{
    (void)state;
    nm_buffer files[3];
    append_file(files, 0, "a", "b");
    assert_files(files, 1, "a: it imports b, which is missing");
    append_file(files, 0, "a", "a");
    assert_files(files, 1, "a: it imports a, which imports it, directly or through others");
    append_file(files, 0, "a", "b");
    append_file(files, 1, "b", "c");
    append_file(files, 2, "c", "a");
    assert_files(files, 3, "c: it imports a, which imports it, directly or through others");
    append_file(files, 0, "a", "b");
    append_file(files, 1, "b", NULL);
    append_file(files, 2, "b", "a");
    assert_files(files, 3, "b: it is there twice, with different contents");
    append_file(files, 0, "a", "");
    assert_files(files, 1, "a: import 0 is no name of a file");
    append_file(files, 0, "a", "google/protobuf/any.proto");
    assert_files(files, 1, "");
}

#define CHAIN 5000

static void a_long_chain_of_imports_takes_no_stack(void **state)
{
    nm_buffer *files = calloc(CHAIN, sizeof(files[0]));

    (void)state;
    assert_non_null(files);
    for (size_t i = 0; i < CHAIN; i++) {
        char name[20];
        snprintf(name, sizeof(name), "f%zu", i);
        char import[20];
        snprintf(import, sizeof(import), "f%zu", i + 1);
        append_file(files, i, name, i + 1 < CHAIN ? import : NULL);
    }
    assert_files(files, CHAIN, "");
    free(files);
}

/* A service's own file is what its types mean, even if the library has one of that name. */
static void a_file_of_the_service_comes_before_the_librarys(void **state)
{
    nm_buffer message = NM_BUFFER_INIT;

    (void)state;
    nm_buffer files[2];
    append_file(files, 0, "a", "google/protobuf/any.proto");
    append_file(files, 1, "google/protobuf/any.proto", NULL);
    append_text(&message, MESSAGE_NAME, "Mine");
    append_buffer(&files[1], FILE_MESSAGE, &message);
    const nm_bytes bytes[] = {{files[0].data, files[0].length}, {files[1].data, files[1].length}};
    nm_schema *schema;
    assert_int_equal(nm_schema_new(&schema, bytes, 2, NULL), NATSMICRO_OK);
    assert_int_equal(nm_schema_n_files(schema), 2);
    assert_non_null(nm_schema_find_message(schema, "Mine", 4));
    assert_null(nm_schema_find_message(schema, "google.protobuf.Any", 19));
    nm_schema_free(schema);
    nm_buffer_free(&files[0]);
    nm_buffer_free(&files[1]);
}

/* ---- limits ---- */

static nm_buffer nested(size_t depth)
{
    nm_buffer message = NM_BUFFER_INIT;

    for (size_t i = 0; i < depth; i++) {
        nm_buffer outer = NM_BUFFER_INIT;
        append_text(&outer, MESSAGE_NAME, "M");
        if (i > 0)
            append_buffer(&outer, MESSAGE_NESTED, &message);
        message = outer;
    }
    nm_buffer file = new_file("deep");
    append_buffer(&file, FILE_MESSAGE, &message);
    return file;
}

static void nesting_is_limited(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    nm_buffer file = nested(NM_SCHEMA_MOST_DEPTH);
    assert_one_file(&file, NATSMICRO_OK, "");
    file = nested(NM_SCHEMA_MOST_DEPTH + 1);
    assert_int_equal(try_files(&(nm_bytes){file.data, file.length}, 1, &error),
                     NATSMICRO_INVALID_ARGUMENT);
    assert_non_null(strstr(nm_error_text(&error), "M.M: nested deeper than 100"));
    nm_buffer_free(&file);
    file = nested(1000);
    assert_refused(&file, "deep: not a file descriptor: byte 621: messages nested deeper than "
                          "the 103 of max_depth");
    nm_error_free(&error);
}

static void names_are_limited(void **state)
{
    (void)state;
    char name[NM_SCHEMA_MOST_NAME + 2];
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    nm_buffer file = new_file(name);
    assert_refused(&file, "file 0 of the schema: not a file descriptor: its name is too long, or "
                          "not UTF-8");
    file = new_file("x");
    append_text(&file, FILE_PACKAGE, name);
    assert_refused(&file, "x: its package is no name of identifiers joined by dots");
    nm_buffer message = NM_BUFFER_INIT;
    append_text(&message, MESSAGE_NAME, name);
    file = new_file("x");
    append_buffer(&file, FILE_MESSAGE, &message);
    assert_refused(&file, "x: a message in the file has a name that is too long");
    append_text(&message, MESSAGE_NAME, name + 1);
    file = new_file("x");
    append_text(&file, FILE_PACKAGE, "p");
    append_buffer(&file, FILE_MESSAGE, &message);
    assert_refused(&file, "x: a message in p has a full name that is too long");
}

static void all_files_together_are_limited(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    const nm_bytes files[] = {{"x", NM_SCHEMA_MOST_BYTES}, {"y", 1}}; /* it looks at lengths only */
    assert_int_equal(try_files(files, 2, &error), NATSMICRO_RESOURCE_EXHAUSTED);
    assert_string_equal(nm_error_text(&error),
                        "the files of the schema have more than 16777216 bytes");
    nm_error_free(&error);
}

/* ---- storms: many of the smallest things ---- */

#define STORM ((size_t)200000) /* bytes, about */

/* A short name for each number. */
static const char *short_name(size_t i, char name[8])
{
    snprintf(name, 8, "a%zx", i);
    return name;
}

/* Long full names of short ones: the tables would be a hundred times the file. */
static void long_full_names_take_no_more_memory_than_allowed(void **state)
{
    (void)state;
    char package[2001];
    memset(package, 'p', sizeof(package));
    package[sizeof(package) - 1] = '\0';
    nm_buffer file = new_file("x");
    append_text(&file, FILE_PACKAGE, package);
    for (size_t i = 0; file.length < STORM; i++) {
        nm_buffer message = NM_BUFFER_INIT;
        char name[8];
        append_text(&message, MESSAGE_NAME, short_name(i, name));
        append_buffer(&file, FILE_MESSAGE, &message);
    }
    char expected[200];
    snprintf(expected, sizeof(expected),
             "no memory for the schema, or it takes more than its files may, %zu bytes",
             NM_SCHEMA_SPARE + NM_SCHEMA_FACTOR * file.length);
    assert_one_file(&file, NATSMICRO_RESOURCE_EXHAUSTED, expected);
}

static void empty_messages_take_no_more_memory_than_allowed(void **state)
{
    nm_buffer file = new_file("x");

    (void)state;
    while (file.length < STORM)
        append_field(&file, FILE_MESSAGE, NULL, 0);
    char expected[200];
    snprintf(expected, sizeof(expected),
             "x: not a file descriptor: nm.schema.FileSubset: decoding it takes more memory than "
             "the limit max_decode_bytes of %zu bytes",
             NM_SCHEMA_SPARE + NM_SCHEMA_FACTOR * file.length);
    assert_one_file(&file, NATSMICRO_RESOURCE_EXHAUSTED, expected);
}

/* A file with a message M of so many fields, from the last number to the first. */
static nm_buffer file_of_fields(size_t n_fields)
{
    nm_buffer message = NM_BUFFER_INIT;

    append_text(&message, MESSAGE_NAME, "M");
    for (size_t i = n_fields; i > 0; i--) {
        nm_buffer field = NM_BUFFER_INIT;
        char name[8];
        append_text(&field, FIELD_NAME, short_name(i, name));
        wire_put_tag(&field, FIELD_NUMBER, NM_WIRE_VARINT);
        wire_put_varint(&field, i);
        wire_put_tag(&field, FIELD_TYPE, NM_WIRE_VARINT);
        wire_put_varint(&field, NM_FIELD_STRING);
        append_buffer(&message, MESSAGE_FIELD, &field);
    }
    nm_buffer file = new_file("x");
    append_buffer(&file, FILE_MESSAGE, &message);
    return file;
}

/* protobuf-c passes over all fields of a type for each message of two bytes. */
static void many_fields_are_read_but_not_used(void **state)
{
    (void)state;
    for (size_t n_fields = NM_DYNAMIC_MOST_FIELDS; n_fields <= NM_DYNAMIC_MOST_FIELDS + 1;
         n_fields++) {
        nm_buffer file = file_of_fields(n_fields);
        nm_schema *schema;
        assert_int_equal(nm_schema_new(&schema, &(nm_bytes){file.data, file.length}, 1, NULL),
                         NATSMICRO_OK);
        nm_dynamic *dynamic = nm_dynamic_new(schema);
        assert_non_null(dynamic);
        nm_error error = NM_ERROR_INIT;
        const ProtobufCMessageDescriptor *descriptor;
        natsmicro_status status =
            nm_dynamic_descriptor(dynamic, nm_schema_message_at(schema, 0), &descriptor, &error);
        bool too_many = n_fields > NM_DYNAMIC_MOST_FIELDS;
        assert_int_equal(status, too_many ? NATSMICRO_UNIMPLEMENTED : NATSMICRO_OK);
        assert_string_equal(nm_error_text(&error),
                            too_many ? "message M has 10001 fields, and can be used with at most "
                                       "10000"
                                     : "");
        nm_error_free(&error);
        nm_dynamic_free(dynamic);
        nm_schema_free(schema);
        nm_buffer_free(&file);
    }
}

static void many_values_and_oneofs_are_checked(void **state)
{
    nm_buffer enumeration = NM_BUFFER_INIT;
    nm_buffer message = NM_BUFFER_INIT;

    (void)state;
    append_text(&enumeration, MESSAGE_NAME, "E");
    append_text(&message, MESSAGE_NAME, "M");
    for (size_t i = 0; i < 15000; i++) {
        nm_buffer value = NM_BUFFER_INIT;
        char name[8];
        append_text(&value, FIELD_NAME, short_name(i, name)); /* all have number 0 */
        append_buffer(&enumeration, ENUM_VALUE, &value);
        append_text(&value, FIELD_NAME, short_name(i, name));
        append_buffer(&message, MESSAGE_ONEOF, &value);
    }
    nm_buffer file = new_file("x");
    append_buffer(&file, FILE_ENUM, &enumeration);
    assert_refused(&file, "x: enum E: two values have the same number without allow_alias");
    file = new_file("x");
    append_buffer(&file, FILE_MESSAGE, &message);
    assert_refused(&file, "x: oneof M.a0: it has no field");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_protoc_does_not_write_is_refused),
        cmocka_unit_test(bytes_that_are_no_descriptor_are_refused),
        cmocka_unit_test(descriptors_that_are_cut_off_do_no_harm),
        cmocka_unit_test(imports_are_there_and_not_circular),
        cmocka_unit_test(a_long_chain_of_imports_takes_no_stack),
        cmocka_unit_test(a_file_of_the_service_comes_before_the_librarys),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(names_are_limited),
        cmocka_unit_test(all_files_together_are_limited),
        cmocka_unit_test(long_full_names_take_no_more_memory_than_allowed),
        cmocka_unit_test(empty_messages_take_no_more_memory_than_allowed),
        cmocka_unit_test(many_fields_are_read_but_not_used),
        cmocka_unit_test(many_values_and_oneofs_are_checked),
    };

    return cmocka_run_group_tests(tests, read_odd, free_odd);
}
