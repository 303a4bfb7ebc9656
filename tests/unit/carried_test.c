/*
 * The .proto files that the library carries: without them nobody could read a schema that uses
 * Timestamp or an option of ours, as generated code leaves them out.
 */
#include "unit/cmocka_test.h"

#include "schema/carried.h"

#include <google/protobuf/descriptor.pb-c.h>

#include <string.h>

static size_t place_of(const char *name)
{
    size_t i = 0;
    while (i < nm_n_carried_files && strcmp(nm_carried_files[i].name, name) != 0)
        i++;
    return i;
}

static void each_file_is_whole_and_follows_its_imports(void **state)
{
    (void)state;
    for (size_t i = 0; i < nm_n_carried_files; i++) {
        const nm_carried *carried = &nm_carried_files[i];
        Google__Protobuf__FileDescriptorProto *file =
            google__protobuf__file_descriptor_proto__unpack(NULL, carried->bytes.length,
                                                            carried->bytes.data);
        assert_non_null(file);
        assert_string_equal(file->name, carried->name);
        assert_true(file->n_message_type > 0);
        assert_null(file->source_code_info);
        for (size_t j = 0; j < file->n_dependency; j++)
            assert_true(place_of(file->dependency[j]) < i);
        google__protobuf__file_descriptor_proto__free_unpacked(file, NULL);
    }
}

static void files_are_found_by_name(void **state)
{
    (void)state;
    static const char *const names[] = {
        "google/protobuf/any.proto",        "google/protobuf/api.proto",
        "google/protobuf/descriptor.proto", "google/protobuf/duration.proto",
        "google/protobuf/empty.proto",      "google/protobuf/field_mask.proto",
        "google/protobuf/struct.proto",     "google/protobuf/source_context.proto",
        "google/protobuf/timestamp.proto",  "google/protobuf/type.proto",
        "google/protobuf/wrappers.proto",   "natsmicro/options.proto"};
    const size_t n_names = sizeof(names) / sizeof(names[0]);
    assert_int_equal(nm_n_carried_files, n_names);
    for (size_t i = 0; i < n_names; i++)
        assert_ptr_equal(nm_carried_file(names[i]), &nm_carried_files[place_of(names[i])].bytes);
    assert_null(nm_carried_file("google/protobuf/compiler/plugin.proto"));
    assert_null(nm_carried_file("google/protobuf/any"));
    assert_null(nm_carried_file(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_whole_and_follows_its_imports),
        cmocka_unit_test(files_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
