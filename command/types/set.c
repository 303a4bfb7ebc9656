/*
 * Set: see set.h.
 */
#include "types/set.h"

#include "base/cursor.h"
#include "base/varint.h"
#include "request/wire.h"

#define FILE_FIELD 1

/* Whether the next field is a file; false at the end, or where the bytes are malformed. */
static bool next_file(nm_cursor *rest, nm_bytes *file, bool *malformed)
{
    while (nm_cursor_left(rest) > 0 && !*malformed) {
        gen_wire_field field;
        if (!gen_wire_next(rest, &field)) {
            *malformed = true;
        } else if (field.number == FILE_FIELD && field.type == NM_WIRE_DELIMITED) {
            *file = (nm_bytes){field.content.at, nm_cursor_left(&field.content)};
            return true;
        }
    }
    return false;
}

bool cmd_split_set(gen_pool *pool, const nm_buffer *set, nm_bytes **files, size_t *n_files)
{
    bool malformed = false;
    size_t count = 0;
    nm_cursor rest = nm_cursor_over(set->data, set->length);
    nm_bytes file;
    while (next_file(&rest, &file, &malformed))
        count++;
    *files = gen_pool_alloc(pool, count, sizeof(file));
    *n_files = 0;
    rest = nm_cursor_over(set->data, set->length);
    while (!malformed && next_file(&rest, &file, &malformed))
        (*files)[(*n_files)++] = file;
    return !malformed;
}

void cmd_append_to_set(nm_buffer *set, nm_bytes file)
{
    uint8_t head[1 + NM_VARINT_SIZE] = {FILE_FIELD << 3 | NM_WIRE_DELIMITED};
    const uint8_t *end = nm_varint_write(head + 1, file.length);
    nm_buffer_append(set, head, (size_t)(end - head));
    nm_buffer_append(set, file.data, file.length);
}
