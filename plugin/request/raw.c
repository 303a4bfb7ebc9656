/*
 * Raw: see raw.h. Whatever is read here was unpacked before, so it is well-formed.
 */
#include "request/raw.h"

enum {
    FILES_OF_REQUEST = 15,
    SOURCE_INFO_OF_FILE = 9,
    LOCATIONS_OF_SOURCE_INFO = 1,
    PATH_OF_LOCATION = 1,
    SPAN_OF_LOCATION = 2,
    LEADING_COMMENTS_OF_LOCATION = 3
};

const nm_cursor *gen_raw_files(gen_pool *pool, const nm_buffer *request, size_t n_files)
{
    nm_cursor *files = gen_pool_alloc(pool, n_files, sizeof(nm_cursor));
    nm_cursor rest = nm_cursor_over(request->data, request->length);
    size_t count = 0;
    gen_wire_field field;
    while (count < n_files && nm_cursor_left(&rest) != 0 && gen_wire_next(&rest, &field)) {
        if (field.number == FILES_OF_REQUEST)
            files[count++] = field.content;
    }
    return files;
}

/* ---- leading comments ---- */

static void add_message(nm_buffer *out, uint32_t number, const nm_buffer *content)
{
    if (content->failed)
        gen_out_of_memory();
    uint8_t head[2 * NM_VARINT_SIZE];
    uint8_t *end = nm_varint_write(head, (uint64_t)number << 3 | NM_WIRE_DELIMITED);
    end = nm_varint_write(end, content->length);
    nm_buffer_append(out, head, (size_t)(end - head));
    nm_buffer_append(out, content->data, content->length);
}

/* Adds a location that has a leading comment, without its other comments. */
static void add_location(nm_buffer *out, nm_cursor location)
{
    nm_buffer kept = NM_BUFFER_INIT;
    bool has_comment = false;
    gen_wire_field field;
    for (const uint8_t *start = location.at;
         nm_cursor_left(&location) != 0 && gen_wire_next(&location, &field); start = location.at) {
        has_comment |= field.number == LEADING_COMMENTS_OF_LOCATION;
        if (field.number == PATH_OF_LOCATION || field.number == SPAN_OF_LOCATION ||
            field.number == LEADING_COMMENTS_OF_LOCATION)
            nm_buffer_append(&kept, start, (size_t)(location.at - start));
    }
    if (has_comment)
        add_message(out, LOCATIONS_OF_SOURCE_INFO, &kept);
    nm_buffer_free(&kept);
}

static void add_leading_comments(nm_buffer *out, nm_cursor source_info)
{
    nm_buffer kept = NM_BUFFER_INIT;
    gen_wire_field field;
    while (nm_cursor_left(&source_info) != 0 && gen_wire_next(&source_info, &field)) {
        if (field.number == LOCATIONS_OF_SOURCE_INFO)
            add_location(&kept, field.content);
    }
    if (kept.length != 0)
        add_message(out, SOURCE_INFO_OF_FILE, &kept);
    nm_buffer_free(&kept);
}

nm_cursor gen_raw_strip(gen_pool *pool, nm_cursor file, gen_source_info kept)
{
    nm_buffer out = NM_BUFFER_INIT;
    gen_wire_field field;
    for (const uint8_t *start = file.at; nm_cursor_left(&file) != 0 && gen_wire_next(&file, &field);
         start = file.at) {
        if (field.number != SOURCE_INFO_OF_FILE)
            nm_buffer_append(&out, start, (size_t)(file.at - start));
        else if (kept == GEN_LEADING_COMMENTS)
            add_leading_comments(&out, field.content);
    }
    size_t length = out.length;
    return nm_cursor_over(gen_pool_take(pool, &out), length);
}
