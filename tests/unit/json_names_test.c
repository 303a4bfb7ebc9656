/*
 * A stranger may choose the names of fields. They are found by hashing, so that names which all
 * share a slot would make each search pass over all of them: which slot a name has must not be
 * known before.
 */
#include "unit/cmocka_test.h"
#include "unit/json_fixture.h"
#include "json/type.h"

#include "json_test.pb-c.h"

#include <string.h>

#define WIDE (&jsontest__v1__wide__descriptor)

static void names_have_other_slots_in_each_process(void **state)
{
    nm_error error = NM_ERROR_INIT;
    nm_json *other = nm_json_new(json_schema, json_dynamic);
    const nm_json_type *first = json_type(WIDE);

    (void)state;
    assert_non_null(other);
    const nm_json_type *second;
    assert_int_equal(nm_json_bind(other, WIDE, first->message, &second, &error), NATSMICRO_OK);
    assert_int_equal(first->n_slots, second->n_slots);
    assert_memory_not_equal(first->slots, second->slots, first->n_slots * sizeof(first->slots[0]));
    for (size_t i = 0; i < first->n_fields; i++) {
        const nm_json_name *name = &second->fields[i].json;
        assert_ptr_equal(nm_json_find_field(second, (const uint8_t *)name->text, name->length),
                         &second->fields[i]);
    }
    nm_json_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_other_slots_in_each_process),
    };
    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
