/*
 * Find: see find.h.
 */
#include "schema/find.h"

#include "schema/names.h"

const nm_schema_field *nm_schema_find_field(const nm_schema_message *message, uint32_t number)
{
    size_t from = 0;
    size_t to = message->n_fields;

    /* Mostly numbers are 1, 2, 3, … */
    if (number - 1 < to && message->fields[number - 1].number == number)
        return &message->fields[number - 1];
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const nm_schema_field *field = &message->fields[middle];
        if (field->number == number)
            return field;
        if (field->number < number)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

const char *nm_schema_enum_name(const nm_schema_enum *enumeration, int32_t number)
{
    size_t from = 0;
    size_t to = enumeration->n_values;

    while (from < to) { /* the first that is not smaller: of aliases, the first */
        size_t middle = from + (to - from) / 2;
        if (enumeration->values[enumeration->by_number[middle]].number < number)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == enumeration->n_values)
        return NULL;
    const nm_schema_value *value = &enumeration->values[enumeration->by_number[from]];
    return value->number == number ? value->name : NULL;
}

const nm_schema_value *nm_schema_enum_value(const nm_schema_enum *enumeration, const char *name,
                                            size_t length)
{
    size_t from = 0;
    size_t to = enumeration->n_values;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const nm_schema_value *value = &enumeration->values[enumeration->by_name[middle]];
        int order = nm_compare_name(name, length, value->name);
        if (order == 0)
            return value;
        if (order > 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}
