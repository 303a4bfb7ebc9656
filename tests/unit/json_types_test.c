/*
 * The types of a JSON service are made once for all that have its tables, and tables whose files do
 * not fit are refused with the reason: a wrong field name on the wire would be found much later.
 */
#include "call/json_types.h"

#include "support/descriptors.h"
#include "unit/cmocka_test.h"

#include "jsonlab/v1/jsonlab.pb-c.h"

#include <stdlib.h>
#include <string.h>

static descriptors set;
static natsmicro_stub_file *files;

static int read_files(void **state)
{
    (void)state;
    set = descriptors_read("tests");
    files = calloc(set.n_files, sizeof(*files));
    for (size_t i = 0; i < set.n_files; i++)
        files[i] = (natsmicro_stub_file){set.files[i].data, set.files[i].length};
    return files != NULL ? 0 : -1;
}

static int forget_files(void **state)
{
    (void)state;
    free(files);
    descriptors_free(&set);
    return 0;
}

static natsmicro_stub_service stub_of(const char *full_name)
{
    return (natsmicro_stub_service){.stub_version = NATSMICRO_STUB_VERSION,
                                    .full_name = full_name,
                                    .files = files,
                                    .n_files = set.n_files,
                                    .json = true};
}

static natsmicro_stub_method echo_of(const char *name, const ProtobufCMessageDescriptor *type)
{
    return (natsmicro_stub_method){.name = name, .request = type, .response = type};
}

static void all_who_have_the_same_tables_share_the_types(void **state)
{
    (void)state;
    const natsmicro_stub_service stub = stub_of("jsonlab.v1.JsonLab");
    const natsmicro_stub_service other = stub_of("jsonlab.v1.JsonLab");
    nm_json_types *first;
    assert_int_equal(nm_json_types_take(&stub, &first, NULL), NATSMICRO_OK);
    nm_json_types *second;
    assert_int_equal(nm_json_types_take(&stub, &second, NULL), NATSMICRO_OK);
    nm_json_types *third;
    assert_int_equal(nm_json_types_take(&other, &third, NULL), NATSMICRO_OK);
    assert_ptr_equal(first, second);
    assert_ptr_not_equal(first, third);
    nm_json_types_give_back(first);
    const natsmicro_stub_method echo = echo_of("Echo", &jsonlab__v1__thing__descriptor);
    const nm_json_type *request;
    const nm_json_type *response;
    assert_int_equal(nm_json_types_of(second, &echo, &request, &response, NULL), NATSMICRO_OK);
    assert_ptr_equal(request, response);
    nm_json_types_give_back(second);
    nm_json_types_give_back(third);
}

static void a_binary_service_has_no_types(void **state)
{
    (void)state;
    natsmicro_stub_service stub = stub_of("jsonlab.v1.JsonLab");
    stub.json = false;
    nm_json_types *types;
    assert_int_equal(nm_json_types_take(&stub, &types, NULL), NATSMICRO_OK);
    assert_null(types);
    stub.json = true;
    stub.stub_version = 1; /* its tables end before that member */
    assert_int_equal(nm_json_types_take(&stub, &types, NULL), NATSMICRO_OK);
    assert_null(types);
    nm_json_types_give_back(types);
}

static void assert_says(nm_error *error, const char *part)
{
    if (strstr(nm_error_text(error), part) == NULL)
        fail_msg("'%s' is not in '%s'", part, nm_error_text(error));
    nm_error_clear(error);
}

static void a_service_that_the_files_lack_is_refused(void **state)
{
    (void)state;
    const natsmicro_stub_service stub = stub_of("jsonlab.v1.Nobody");
    nm_error error = NM_ERROR_INIT;
    nm_json_types *types;
    assert_int_equal(nm_json_types_take(&stub, &types, &error), NATSMICRO_FAILED_PRECONDITION);
    assert_null(types);
    assert_says(&error, "do not have it");
}

static void assert_unfit(nm_json_types *types, const natsmicro_stub_method *method,
                         const char *part)
{
    nm_error error = NM_ERROR_INIT;
    const nm_json_type *request;
    const nm_json_type *response;
    assert_int_equal(nm_json_types_of(types, method, &request, &response, &error),
                     NATSMICRO_FAILED_PRECONDITION);
    assert_says(&error, part);
}

static void messages_that_the_files_do_not_describe_are_refused(void **state)
{
    (void)state;
    const natsmicro_stub_service stub = stub_of("jsonlab.v1.JsonLab");
    nm_json_types *types;
    assert_int_equal(nm_json_types_take(&stub, &types, NULL), NATSMICRO_OK);
    const natsmicro_stub_method unknown = echo_of("Nothing", &jsonlab__v1__thing__descriptor);
    assert_unfit(types, &unknown, "the method Nothing");
    const natsmicro_stub_method other = echo_of("Echo", &jsonlab__v1__total__descriptor);
    assert_unfit(types, &other, ".proto files in its tables");
    nm_json_types_give_back(types);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_who_have_the_same_tables_share_the_types),
        cmocka_unit_test(a_binary_service_has_no_types),
        cmocka_unit_test(a_service_that_the_files_lack_is_refused),
        cmocka_unit_test(messages_that_the_files_do_not_describe_are_refused),
    };
    return cmocka_run_group_tests(tests, read_files, forget_files);
}
