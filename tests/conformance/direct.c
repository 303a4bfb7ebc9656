/*
 * Direct: see direct.h.
 */
#include "conformance/direct.h"

#include "codec/item.h"
#include "support/both_ways.h"

#include "simple.pb-c.h"

#define SIMPLE (&conformance__simple__simple__descriptor)

nm_plan *conformance_direct_plan(void)
{
    return nm_plan_new(SIMPLE);
}

/*
 * Appends the items of simple fields. Where the payload is malformed, the rest is appended as it
 * is.
 */
static void cut(nm_cursor payload, nm_buffer *simple)
{
    nm_item item;

    while (payload.at < payload.end) {
        if (nm_take_item(&payload, &item) != NULL) {
            nm_buffer_append(simple, item.start, (size_t)(payload.end - item.start));
            return;
        }
        if (nm_find_field(SIMPLE, SIMPLE->fields, item.number) != NULL)
            nm_buffer_append(simple, item.start, (size_t)(item.end - item.start));
    }
}

const char *conformance_direct_compare(const nm_plan *plan, nm_bytes payload,
                                       const nm_codec_limits *limits)
{
    nm_buffer simple = NM_BUFFER_INIT;

    cut(nm_cursor_over(payload.data, payload.length), &simple);
    const char *different = simple.failed
                                ? "no memory to cut the payload"
                                : both_ways_decode(plan, simple.data, simple.length, limits);
    if (different == NULL)
        different = both_ways_decode(plan, payload.data, payload.length, limits);
    nm_buffer_free(&simple);
    return different;
}
