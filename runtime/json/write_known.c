/*
 * Write known: see write_known.h.
 */
#include "json/write_known.h"

#include "json/mask.h"
#include "json/text.h"
#include "json/time.h"

#include <inttypes.h>

static nm_json_time time_of(const nm_json_type *type, const void *message)
{
    return (nm_json_time){nm_json_int64_in(message, type->fields[0].offset),
                          nm_json_int32_in(message, type->fields[1].offset)};
}

static bool append_time(nm_json_writer *w, const char *what, nm_json_time time, const char *text,
                        const char *end)
{
    if (end == NULL)
        return nm_json_refuse_write(w, NATSMICRO_INVALID_ARGUMENT,
                                    "%" PRId64 " seconds and %" PRId32 " nanos are no %s",
                                    time.seconds, time.nanos, what);
    nm_buffer_append(w->out, "\"", 1);
    nm_buffer_append(w->out, text, (size_t)(end - text));
    nm_buffer_append(w->out, "\"", 1);
    return true;
}

bool nm_json_write_timestamp(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    nm_json_time time = time_of(type, message);

    char text[NM_JSON_TIME_SIZE];
    return append_time(w, "Timestamp of the years 1 to 9999", time, text,
                       nm_json_put_timestamp(text, time));
}

bool nm_json_write_duration(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    nm_json_time time = time_of(type, message);

    char text[NM_JSON_TIME_SIZE];
    return append_time(w, "Duration of less than 10,000 years with one sign", time, text,
                       nm_json_put_duration(text, time));
}

static bool write_path(nm_json_writer *w, const char *path)
{
    if (path == NULL)
        return nm_json_invalid(w, "a path that is NULL");
    size_t length = strlen(path);
    uint8_t *room = nm_buffer_reserve(w->out, length + 1);
    if (room == NULL)
        return true;
    uint8_t *end = nm_json_put_path(room, path, length);
    if (end == NULL)
        return nm_json_refuse_write(w, NATSMICRO_INVALID_ARGUMENT,
                                    "the path \"%.*s\" cannot be written in lowerCamelCase",
                                    (int)nm_json_shown(path, length), path);
    w->out->length += (size_t)(end - room);
    return true;
}

bool nm_json_write_field_mask(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    size_t count = nm_json_size_in(message, type->fields[0].quantifier_offset);
    char *const *paths = nm_json_pointer_in(message, type->fields[0].offset);

    if (count > 0 && paths == NULL)
        return nm_json_invalid(w, "a list that has a count, and no elements");
    nm_buffer_append(w->out, "\"", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            nm_buffer_append(w->out, ",", 1);
        if (!write_path(w, paths[i]))
            return false;
    }
    nm_buffer_append(w->out, "\"", 1);
    return true;
}
