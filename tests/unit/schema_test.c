/*
 * Schemas: what .proto files say is found again, whoever wrote them, and what protoc would not have
 * written is refused with a text that names the place. If this breaks, JSON has wrong names, or a
 * stranger's descriptors crash the command.
 */
#include "schema/schema.h"

#include "schema/defaults.h"
#include "schema/names.h"
#include "support/descriptors.h"
#include "unit/cmocka_test.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static descriptors odd_files;
static nm_schema *odd;

static nm_schema *new_schema(const nm_bytes *files, size_t n_files)
{
    nm_error error = NM_ERROR_INIT;
    nm_schema *schema;

    if (nm_schema_new(&schema, files, n_files, &error) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&error));
    return schema;
}

static int read_odd(void **state)
{
    (void)state;
    odd_files = descriptors_read("odd");
    odd = new_schema(odd_files.files, odd_files.n_files);
    return 0;
}

static int free_odd(void **state)
{
    (void)state;
    nm_schema_free(odd);
    descriptors_free(&odd_files);
    return 0;
}

static const nm_schema_message *message_of(const nm_schema *schema, const char *name)
{
    const nm_schema_message *message = nm_schema_find_message(schema, name, strlen(name));

    if (message == NULL)
        fail_msg("no message %s", name);
    return message;
}

static const nm_schema_enum *enum_of(const nm_schema *schema, const char *name)
{
    const nm_schema_enum *found = nm_schema_find_enum(schema, name, strlen(name));

    if (found == NULL)
        fail_msg("no enum %s", name);
    return found;
}

static const nm_schema_service *service_of(const nm_schema *schema, const char *name)
{
    const nm_schema_service *found = nm_schema_find_service(schema, name, strlen(name));

    if (found == NULL)
        fail_msg("no service %s", name);
    return found;
}

static const nm_schema_field *field_of(const char *message, uint32_t number)
{
    const nm_schema_field *field = nm_schema_find_field(message_of(odd, message), number);

    if (field == NULL)
        fail_msg("no field %u of %s", (unsigned)number, message);
    return field;
}

/* ---- what files say ---- */

#define TREE "odd.three.Tree"
#define OLD  "odd.two.Old"

static void messages_are_found_by_their_full_names(void **state)
{
    (void)state;
    const nm_schema_message *leaf = message_of(odd, TREE ".Leaf");
    assert_string_equal(leaf->full_name, "odd.three.Tree.Leaf");
    assert_string_equal(leaf->name, "Leaf");
    assert_ptr_equal(leaf->parent, message_of(odd, TREE));
    assert_string_equal(leaf->file->name, "odd/three.proto");
    assert_ptr_equal(nm_schema_message_at(odd, leaf->index), leaf);
    assert_string_equal(message_of(odd, "AtTheTop")->file->package, "");
    assert_ptr_equal(nm_schema_find_message(odd, "odd.three.TreeXYZ", 14), message_of(odd, TREE));
    assert_null(nm_schema_find_message(odd, "odd.three.Tre", 13));
    assert_null(nm_schema_find_message(odd, "", 0));
    assert_null(nm_schema_find_message(odd, "odd.base.Level", 14)); /* an enum */
    assert_null(nm_schema_find_enum(odd, TREE, strlen(TREE)));
    for (size_t i = 0; i < nm_schema_n_messages(odd); i++)
        assert_int_equal(nm_schema_message_at(odd, i)->index, i);
    for (size_t i = 0; i < nm_schema_n_enums(odd); i++)
        assert_int_equal(nm_schema_enum_at(odd, i)->index, i);
}

static void fields_are_sorted_and_found_by_number(void **state)
{
    (void)state;
    const nm_schema_message *tree = message_of(odd, TREE);
    for (size_t i = 0; i < tree->n_fields; i++) {
        assert_true(i == 0 || tree->fields[i - 1].number < tree->fields[i].number);
        assert_ptr_equal(nm_schema_find_field(tree, tree->fields[i].number), &tree->fields[i]);
    }
    assert_null(nm_schema_find_field(tree, 0));
    assert_null(nm_schema_find_field(tree, 9));
    assert_null(nm_schema_find_field(tree, UINT32_MAX));
    assert_null(nm_schema_find_field(message_of(odd, "AtTheTop"), 1));
    assert_string_equal(field_of(TREE, 536870911)->name, "top");
}

static void types_of_fields_are_found_in_all_files(void **state)
{
    (void)state;
    assert_ptr_equal(field_of(TREE, 30)->message, message_of(odd, TREE));
    assert_ptr_equal(field_of(TREE, 16)->message, message_of(odd, "odd.base.Stamp"));
    assert_ptr_equal(field_of(TREE, 17)->enumeration, enum_of(odd, "odd.base.Level"));
    assert_ptr_equal(field_of(TREE, 18)->message, message_of(odd, "google.protobuf.Any"));
    assert_null(field_of(TREE, 12)->message);
    assert_int_equal(field_of(TREE, 12)->type, NM_FIELD_SINT64);
    assert_int_equal(field_of(TREE, 14)->type, NM_FIELD_BYTES);
}

static void json_names_are_protocs(void **state)
{
    (void)state;
    assert_string_equal(field_of(TREE, 1)->json_name, "maybeNumber");
    assert_string_equal(field_of(TREE, 14)->json_name, "@other");
    assert_string_equal(field_of(TREE, 15)->json_name, "LeadIng2");
    assert_string_equal(field_of(OLD, 18)->json_name, "sameName");
    assert_string_equal(field_of(OLD, 19)->json_name, "sameName");
}

/* A descriptor may come without JSON names: they are made as protoc makes them. */
static void json_names_are_made_as_protoc_makes_them(void **state)
{
    size_t n_compared = 0;

    (void)state;
    for (size_t i = 0; i < nm_schema_n_messages(odd); i++) {
        const nm_schema_message *message = nm_schema_message_at(odd, i);
        for (size_t k = 0; k < message->n_fields; k++) {
            const nm_schema_field *field = &message->fields[k];
            char made[100];
            nm_make_json_name(field->name, made);
            if (strcmp(field->json_name, "@other") == 0)
                continue;
            assert_string_equal(made, field->json_name);
            n_compared++;
        }
    }
    assert_true(n_compared > 200);
}

static void maps_oneofs_and_optional_fields_are_told_apart(void **state)
{
    (void)state;
    const nm_schema_message *tree = message_of(odd, TREE);
    const nm_schema_field *map = field_of(TREE, 5);
    assert_true(map->is_map && map->is_repeated && map->message->is_map_entry);
    assert_int_equal(map->message->fields[0].type, NM_FIELD_STRING);
    assert_ptr_equal(map->message->fields[1].message, tree);
    assert_true(field_of(TREE, 6)->is_map);
    assert_false(field_of(TREE, 30)->is_map);
    assert_int_equal(tree->n_oneofs, 3);
    assert_int_equal(field_of(TREE, 10)->oneof, 0);
    assert_int_equal(field_of(TREE, 11)->oneof, 0);
    assert_string_equal(tree->oneofs[0].name, "choice");
    assert_false(tree->oneofs[0].is_synthetic);
    assert_true(tree->oneofs[field_of(TREE, 1)->oneof].is_synthetic);
    assert_true(field_of(TREE, 1)->is_optional && field_of(TREE, 2)->is_optional);
    assert_false(field_of(TREE, 10)->is_optional);
    assert_int_equal(field_of(TREE, 30)->oneof, -1);
    assert_true(field_of(OLD, 2)->is_optional);
    assert_false(field_of(OLD, 15)->is_optional);
    assert_true(field_of(OLD, 1)->is_required);
}

static void packed_follows_from_the_syntax_and_the_option(void **state)
{
    (void)state;
    assert_true(field_of(TREE ".Leaf", 2)->is_packed);
    assert_false(field_of(TREE ".Leaf", 3)->is_packed);
    assert_true(field_of(TREE, 12)->is_packed); /* beside a stranger's option with `packed` in it */
    assert_false(field_of(TREE, 13)->is_packed);
    assert_false(field_of(TREE, 30)->is_packed);
    assert_false(field_of(OLD, 12)->is_packed);
    assert_true(field_of(OLD, 13)->is_packed);
}

static void enums_are_found_by_number_and_by_name(void **state)
{
    (void)state;
    const nm_schema_enum *color = enum_of(odd, TREE ".Leaf.Color");
    assert_string_equal(color->values[0].name, "COLOR_NONE");
    assert_string_equal(nm_schema_enum_name(color, 7), "COLOR_RED");
    assert_string_equal(nm_schema_enum_name(color, 0), "COLOR_NONE");
    assert_string_equal(nm_schema_enum_name(color, INT32_MIN), "COLOR_NEGATIVE");
    assert_null(nm_schema_enum_name(color, 2));
    assert_null(nm_schema_enum_name(color, INT32_MAX));
    assert_int_equal(nm_schema_enum_value(color, "COLOR_ALSO_RED", 14)->number, 7);
    assert_int_equal(nm_schema_enum_value(color, "COLOR_FIRST_RED", 15)->number, 1);
    assert_null(nm_schema_enum_value(color, "COLOR_RE", 8));
    assert_null(nm_schema_enum_value(color, "COLOR_REDD", 10));
    for (size_t i = 0; i < color->n_values; i++)
        assert_ptr_equal(
            nm_schema_enum_value(color, color->values[i].name, strlen(color->values[i].name)),
            &color->values[i]);
}

static void services_have_their_methods_and_options(void **state)
{
    (void)state;
    const nm_schema_service *forest = service_of(odd, "odd.three.Forest");
    assert_string_equal(forest->name, "Forest");
    assert_int_equal(forest->n_methods, 2);
    assert_string_equal(forest->methods[0].name, "Grow");
    assert_ptr_equal(forest->methods[0].request, message_of(odd, TREE));
    assert_ptr_equal(forest->methods[0].response, message_of(odd, TREE ".Leaf"));
    assert_false(forest->methods[0].streams_requests || forest->methods[0].streams_responses);
    assert_true(forest->methods[1].streams_requests && forest->methods[1].streams_responses);
    assert_int_equal(forest->methods[0].options.length, 0);
    Google__Protobuf__MethodOptions *options = google__protobuf__method_options__unpack(
        NULL, forest->methods[1].options.length, forest->methods[1].options.data);
    assert_non_null(options);
    assert_int_equal(options->base.n_unknown_fields, 1);
    google__protobuf__method_options__free_unpacked(options, NULL);
    assert_true(forest->options.length > 0);
    assert_ptr_equal(&forest->file->services[0], forest);
}

static void files_come_after_their_imports(void **state)
{
    (void)state;
    for (size_t i = 0; i < nm_schema_n_files(odd); i++) {
        const nm_schema_file *file = nm_schema_file_at(odd, i);
        for (size_t k = 0; k < file->n_imports; k++) {
            size_t at = 0;
            while (at < i && nm_schema_file_at(odd, at) != file->imports[k])
                at++;
            assert_true(at < i);
        }
    }
    assert_true(message_of(odd, TREE)->file->is_proto3);
    assert_false(message_of(odd, OLD)->file->is_proto3);
    assert_int_equal(message_of(odd, TREE)->file->n_imports, 3);
}

static void groups_stay_groups(void **state)
{
    (void)state;
    assert_int_equal(field_of(OLD, 14)->type, NM_FIELD_GROUP);
    assert_ptr_equal(field_of(OLD, 14)->message, message_of(odd, OLD ".Item"));
    assert_string_equal(field_of(OLD, 14)->name, "item");
}

static nm_schema_default default_of(uint32_t number)
{
    assert_non_null(field_of(OLD, number)->default_text);
    nm_schema_default value;
    assert_true(nm_schema_read_default(field_of(OLD, number), &value));
    return value;
}

static void defaults_are_read_as_their_types(void **state)
{
    (void)state;
    assert_int_equal(default_of(2).i32, INT32_MIN);
    assert_true(default_of(3).u64 == UINT64_MAX);
    assert_true(isinf(default_of(4).f32) && default_of(4).f32 < 0);
    assert_true(default_of(5).f64 == 1.5e300);
    assert_true(isnan(default_of(6).f64));
    assert_true(default_of(7).truth);
    assert_int_equal(default_of(10).i32, 1);
    assert_int_equal(default_of(15).i32, 4);
    assert_int_equal(default_of(20).u32, UINT32_MAX);
    assert_true(default_of(21).i64 == INT64_MIN);
    assert_true(default_of(22).f32 == 0);
    assert_string_equal(field_of(OLD, 8)->default_text, "l\"ine\n"); /* to its NUL */
    uint8_t bytes[100];
    size_t length;
    assert_true(nm_schema_read_default_bytes(field_of(OLD, 9), bytes, &length));
    assert_int_equal(length, 7);
    assert_memory_equal(bytes, "\0\1\376'\"\\z", 7);
    assert_null(field_of(OLD, 11)->default_text);
}

/* ---- sets of files ---- */

static void the_files_of_all_tests_make_a_schema(void **state)
{
    (void)state;
    descriptors files = descriptors_read("tests");
    nm_schema *schema = new_schema(files.files, files.n_files);
    assert_int_equal(nm_schema_n_files(schema), files.n_files);
    assert_int_equal(message_of(schema, "jointest.v1.Wide")->n_fields, 66);
    assert_int_equal(service_of(schema, "lab.v1.Lab")->n_methods, 6);
    nm_schema_free(schema);
    descriptors_free(&files);
}

/* Whether a file's name, which comes first in its bytes, begins with "odd/". */
static bool is_odd(nm_bytes file)
{
    return memcmp((const char *)file.data + 2, "odd/", 4) == 0;
}

/* The order does not matter, a file may come again, and those of the library may be left out. */
static void order_repetition_and_carried_files_make_no_difference(void **state)
{
    size_t n_files = 0;

    (void)state;
    nm_bytes files[20];
    for (size_t i = odd_files.n_files; i-- > 0;)
        for (int again = 0; again < 2 && is_odd(odd_files.files[i]); again++)
            files[n_files++] = odd_files.files[i];
    nm_schema *schema = new_schema(files, n_files);
    assert_int_equal(n_files, 14);
    assert_int_equal(nm_schema_n_files(schema), nm_schema_n_files(odd));
    assert_int_equal(nm_schema_n_messages(schema), nm_schema_n_messages(odd));
    message_of(schema, "google.protobuf.Timestamp");
    nm_schema_free(schema);
}

static void no_files_make_an_empty_schema(void **state)
{
    nm_schema *schema = new_schema(NULL, 0);

    (void)state;
    assert_int_equal(nm_schema_n_files(schema), 0);
    assert_null(nm_schema_find_message(schema, "a", 1));
    nm_schema_free(schema);
    nm_schema_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_found_by_their_full_names),
        cmocka_unit_test(fields_are_sorted_and_found_by_number),
        cmocka_unit_test(types_of_fields_are_found_in_all_files),
        cmocka_unit_test(json_names_are_protocs),
        cmocka_unit_test(json_names_are_made_as_protoc_makes_them),
        cmocka_unit_test(maps_oneofs_and_optional_fields_are_told_apart),
        cmocka_unit_test(packed_follows_from_the_syntax_and_the_option),
        cmocka_unit_test(enums_are_found_by_number_and_by_name),
        cmocka_unit_test(services_have_their_methods_and_options),
        cmocka_unit_test(files_come_after_their_imports),
        cmocka_unit_test(groups_stay_groups),
        cmocka_unit_test(defaults_are_read_as_their_types),
        cmocka_unit_test(the_files_of_all_tests_make_a_schema),
        cmocka_unit_test(order_repetition_and_carried_files_make_no_difference),
        cmocka_unit_test(no_files_make_an_empty_schema),
    };

    return cmocka_run_group_tests(tests, read_odd, free_odd);
}
