/*
 * The set of files must be all that a stranger needs, in an order that every protobuf library
 * takes: each file after its imports.
 */
#include "unit/cmocka_test.h"

#include "schema/file_set.h"
#include "support/sha256.h"

#include <google/protobuf/descriptor.pb-c.h>

#include <stdlib.h>
#include <string.h>

typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__FileDescriptorSet set_proto;

/* A file with these imports and the service p.Lab, as generated code embeds it. free_file() it. */
static natsmicro_stub_file make_file(const char *name, char **imports, size_t n_imports)
{
    file_proto file = GOOGLE__PROTOBUF__FILE_DESCRIPTOR_PROTO__INIT;
    Google__Protobuf__ServiceDescriptorProto other =
        GOOGLE__PROTOBUF__SERVICE_DESCRIPTOR_PROTO__INIT;
    Google__Protobuf__ServiceDescriptorProto lab = other;
    Google__Protobuf__MethodDescriptorProto pong = GOOGLE__PROTOBUF__METHOD_DESCRIPTOR_PROTO__INIT;
    Google__Protobuf__MethodDescriptorProto ping = pong;
    Google__Protobuf__MethodDescriptorProto *methods[] = {&pong, &ping};
    Google__Protobuf__ServiceDescriptorProto *services[] = {&other, &lab};
    pong.name = "Pong";
    pong.input_type = pong.output_type = ".p.Wrong";
    ping.name = "Ping";
    ping.input_type = ".p.Request";
    ping.output_type = ".p.Response";
    other.name = "LabToo";
    lab.name = "Lab";
    other.method = lab.method = methods;
    other.n_method = 1;
    lab.n_method = 2;
    file.name = (char *)(uintptr_t)name;
    file.package = "p";
    file.dependency = imports;
    file.n_dependency = n_imports;
    file.service = services;
    file.n_service = 2;
    const size_t length = google__protobuf__file_descriptor_proto__get_packed_size(&file);
    uint8_t *bytes = malloc(length);
    google__protobuf__file_descriptor_proto__pack(&file, bytes);
    return (natsmicro_stub_file){bytes, length};
}

static void free_file(natsmicro_stub_file file)
{
    free((uint8_t *)(uintptr_t)file.bytes);
}

static void expect_names(const nm_file_set *set, const char *const *names, size_t n_names)
{
    set_proto *unpacked =
        google__protobuf__file_descriptor_set__unpack(NULL, set->length, set->bytes);
    assert_non_null(unpacked);
    assert_int_equal(unpacked->n_file, n_names);
    for (size_t i = 0; i < n_names; i++)
        assert_string_equal(unpacked->file[i]->name, names[i]);
    google__protobuf__file_descriptor_set__free_unpacked(unpacked, NULL);
}

static void carried_files_that_are_imported_are_in_the_set(void **state)
{
    char *own_imports[] = {"other.proto", "natsmicro/options.proto"};
    char *other_imports[] = {"google/protobuf/api.proto"};
    static const char *const names[] = {"google/protobuf/any.proto",
                                        "google/protobuf/source_context.proto",
                                        "google/protobuf/type.proto",
                                        "google/protobuf/api.proto",
                                        "google/protobuf/descriptor.proto",
                                        "google/protobuf/duration.proto",
                                        "natsmicro/options.proto",
                                        "other.proto",
                                        "own.proto"};
    const natsmicro_stub_file files[] = {make_file("other.proto", other_imports, 1),
                                         make_file("own.proto", own_imports, 2)};

    (void)state;
    nm_file_set *set = nm_file_set_new(files, 2);
    assert_non_null(set);
    expect_names(set, names, sizeof(names) / sizeof(names[0]));
    sha256_hex expected;
    sha256_of(set->bytes, set->length, expected);
    assert_string_equal(set->sha256, expected);
    nm_file_set_free(set);
    free_file(files[0]);
    free_file(files[1]);
}

static void nothing_is_added_without_need(void **state)
{
    char *imports[] = {"google/protobuf/any", "google/protobuf/any.proto.proto"};
    static const char *const names[] = {"own.proto"};
    const natsmicro_stub_file file = make_file("own.proto", imports, 2);

    (void)state;
    nm_file_set *set = nm_file_set_new(&file, 1);
    expect_names(set, names, 1);
    nm_file_set_free(set);
    nm_file_set_free(NULL);
    free_file(file);
}

/* Two files of one name are an error to protobuf libraries. */
static void a_file_that_the_library_carries_is_there_once(void **state)
{
    char *imports[] = {"google/protobuf/duration.proto"};
    static const char *const names[] = {"google/protobuf/duration.proto",
                                        "google/protobuf/empty.proto", "own.proto"};
    const natsmicro_stub_file files[] = {make_file("google/protobuf/duration.proto", NULL, 0),
                                         make_file("google/protobuf/empty.proto", NULL, 0),
                                         make_file("own.proto", imports, 1)};

    (void)state;
    nm_file_set *set = nm_file_set_new(files, 3);
    expect_names(set, names, 3);
    nm_file_set_free(set);
    for (size_t i = 0; i < 3; i++)
        free_file(files[i]);
}

static void expect_type(nm_bytes type, const char *name)
{
    assert_int_equal(type.length, strlen(name));
    assert_memory_equal(type.data, name, type.length);
}

static void types_of_methods_are_found_in_their_service(void **state)
{
    const natsmicro_stub_file file = make_file("own.proto", NULL, 0);

    (void)state;
    nm_bytes request;
    nm_bytes response;
    assert_true(nm_file_method_types(&file, "p.Lab", "Ping", &request, &response));
    expect_type(request, "p.Request");
    expect_type(response, "p.Response");
    assert_true(nm_file_method_types(&file, "Lab", "Ping", &request, &response));
    assert_true(nm_file_method_types(&file, "p.LabToo", "Pong", &request, &response));
    assert_false(nm_file_method_types(&file, "p.LabToo", "Ping", &request, &response));
    assert_false(nm_file_method_types(&file, "p.La", "Ping", &request, &response));
    assert_false(nm_file_method_types(&file, "p.Lab", "Pin", &request, &response));
    free_file(file);
}

/* They come from generated code; but a program that was put together wrongly must not crash. */
static void files_that_end_early_are_read_to_their_end(void **state)
{
    const natsmicro_stub_file file = make_file("own.proto", NULL, 0);

    (void)state;
    for (size_t length = 0; length < file.length; length++) {
        uint8_t *bytes = malloc(length + (length == 0));
        memcpy(bytes, file.bytes, length);
        const natsmicro_stub_file cut = {bytes, length};
        nm_bytes request;
        nm_bytes response;
        assert_false(nm_file_method_types(&cut, "p.Lab", "Ping", &request, &response));
        nm_file_set *set = nm_file_set_new(&cut, 1);
        assert_non_null(set);
        nm_file_set_free(set);
        free(bytes);
    }
    free_file(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carried_files_that_are_imported_are_in_the_set),
        cmocka_unit_test(nothing_is_added_without_need),
        cmocka_unit_test(a_file_that_the_library_carries_is_there_once),
        cmocka_unit_test(types_of_methods_are_found_in_their_service),
        cmocka_unit_test(files_that_end_early_are_read_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
