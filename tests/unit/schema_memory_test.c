/*
 * Short memory: a schema, and descriptors made from it, are whole or are not there, and nothing is
 * lost. If this breaks, a process that runs out of memory crashes where it could have said so.
 */
#include "dynamic/dynamic.h"
#include "support/descriptors.h"
#include "unit/cmocka_test.h"

#include <stdlib.h>
#include <string.h>

/* How many allocations succeed before all others fail; negative: all succeed. */
static long left = -1;

static bool may_allocate(void)
{
    if (left > 0)
        left--;
    return left != 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
    return may_allocate() ? __real_realloc(memory, size) : NULL;
}

static void a_schema_fails_wherever_memory_ends(void **state)
{
    natsmicro_status status = NATSMICRO_RESOURCE_EXHAUSTED;
    long allowed = 0;

    (void)state;
    descriptors files = descriptors_read("odd");
    for (; status != NATSMICRO_OK; allowed++) {
        left = allowed + 1;
        nm_schema *schema;
        status = nm_schema_new(&schema, files.files, files.n_files, NULL);
        left = -1;
        assert_true(status == NATSMICRO_OK || status == NATSMICRO_RESOURCE_EXHAUSTED);
        assert_int_equal(schema != NULL, status == NATSMICRO_OK);
        nm_schema_free(schema);
    }
    assert_true(allowed > 5);
    descriptors_free(&files);
}

/* After a failure the same descriptors can be asked for again. */
static void descriptors_fail_wherever_memory_ends(void **state)
{
    natsmicro_status status = NATSMICRO_RESOURCE_EXHAUSTED;
    long allowed = 0;

    (void)state;
    descriptors files = descriptors_read("odd");
    nm_schema *schema;
    assert_int_equal(nm_schema_new(&schema, files.files, files.n_files, NULL), NATSMICRO_OK);
    const nm_schema_message *tree = nm_schema_find_message(schema, "odd.three.Tree", 14);
    nm_dynamic *dynamic = nm_dynamic_new(schema);
    assert_non_null(dynamic);
    for (; status != NATSMICRO_OK; allowed++) {
        left = allowed + 1;
        const ProtobufCMessageDescriptor *descriptor;
        status = nm_dynamic_descriptor(dynamic, tree, &descriptor, NULL);
        left = -1;
        assert_true(status == NATSMICRO_OK || status == NATSMICRO_RESOURCE_EXHAUSTED);
        assert_int_equal(descriptor != NULL, status == NATSMICRO_OK);
    }
    assert_true(allowed > 5);
    nm_dynamic_free(dynamic);
    nm_schema_free(schema);
    descriptors_free(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_fails_wherever_memory_ends),
        cmocka_unit_test(descriptors_fail_wherever_memory_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
