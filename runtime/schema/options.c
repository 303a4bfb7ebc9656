/*
 * Options: see options.h.
 */
#include "schema/options.h"

#include "codec/item.h"

#define START_GROUP 3
#define END_GROUP   4

/* Takes a value, of which a group's start and end are values of their own. */
static const char *take_value(nm_cursor *s, nm_item *item, uint32_t *depth)
{
    if (item->wire_type == START_GROUP) {
        ++*depth;
        return NULL;
    }
    if (item->wire_type != END_GROUP)
        return nm_take_value(s, item);
    if (*depth == 0)
        return "a group that ends without a start";
    --*depth;
    return NULL;
}

const char *nm_options_read_bool(nm_bytes options, uint32_t number, bool *value)
{
    nm_cursor s = nm_cursor_over(options.data, options.length);
    nm_item item = {.start = NULL};
    uint32_t depth = 0;

    while (s.at < s.end) {
        const char *fault = nm_take_tag(&s, &item);
        nm_cursor content = s;
        if (fault == NULL)
            fault = take_value(&s, &item, &depth);
        if (fault != NULL)
            return fault;
        uint64_t read = 0;
        if (depth == 0 && item.number == number && item.wire_type == NM_WIRE_VARINT &&
            nm_take_varint(&content, NM_VARINT_SIZE, &read))
            *value = read != 0;
    }
    return depth == 0 ? NULL : "a group without an end";
}
