/*
 * Read known: see read_known.h.
 */
#include "json/read_known.h"

#include "json/lex.h"
#include "json/mask.h"
#include "json/time.h"

bool nm_json_read_time(nm_json_reader *r, const nm_json_type *type, void *message)
{
    bool is_timestamp = type->known == NM_JSON_TIMESTAMP;

    nm_json_peek(r);
    const uint8_t *start = r->at;
    nm_json_string string;
    if (!nm_json_take_string(r, &string,
                             is_timestamp ? "a time such as \"2000-12-31T23:59:59Z\""
                                          : "a duration such as \"1.5s\""))
        return false;
    uint8_t room[NM_JSON_TIME_SIZE];
    const char *text = (const char *)nm_json_characters(&string, room, sizeof(room));
    nm_json_time time;
    bool is_valid =
        text != NULL && (is_timestamp ? nm_json_read_timestamp(text, string.length, &time)
                                      : nm_json_read_duration(text, string.length, &time));
    if (!is_valid)
        return nm_json_refuse_value(
            r, start,
            is_timestamp ? "is not a time of the years 1 to 9999, such as \"2000-12-31T23:59:59Z\""
                         : "is not a duration of less than 10,000 years, such as \"1.5s\"");
    memcpy(nm_json_at(message, type->fields[0].offset), &time.seconds, sizeof(time.seconds));
    memcpy(nm_json_at(message, type->fields[1].offset), &time.nanos, sizeof(time.nanos));
    return true;
}

/* ---- FieldMask ---- */

static size_t count_paths(const uint8_t *text, size_t length)
{
    size_t count = length > 0;

    for (size_t i = 0; i < length; i++)
        count += text[i] == ',';
    return count;
}

static char *read_path(nm_json_reader *r, const uint8_t *start, const uint8_t *path, size_t length)
{
    size_t needed = nm_json_path_length(path, length);

    if (needed == 0) {
        nm_json_refuse_value(r, start, "is not a list of paths such as \"fooBar,baz.text\"");
        return NULL;
    }
    char *copy = nm_json_alloc(r, needed + 1);
    if (copy != NULL)
        *nm_json_read_path(copy, path, length) = '\0';
    return copy;
}

static bool read_paths(nm_json_reader *r, const uint8_t *start, const nm_json_string *string,
                       char **paths)
{
    const uint8_t *at = string->raw;
    const uint8_t *end = at + string->raw_length;

    for (size_t i = 0; at <= end; i++) {
        const uint8_t *comma = memchr(at, ',', (size_t)(end - at));
        const uint8_t *path_end = comma != NULL ? comma : end;
        paths[i] = read_path(r, start, at, (size_t)(path_end - at));
        if (paths[i] == NULL)
            return false;
        at = path_end + 1;
    }
    return true;
}

bool nm_json_read_field_mask(nm_json_reader *r, const nm_json_type *type, void *message)
{
    nm_json_peek(r);
    const uint8_t *start = r->at;
    nm_json_string string;
    if (!nm_json_take_string(r, &string, "a string of paths"))
        return false;
    /* The characters of paths need no escapes. */
    size_t count = count_paths(string.raw, string.raw_length);
    if (count == 0)
        return true;
    char **paths = nm_json_alloc(r, count * sizeof(paths[0]));
    if (paths == NULL || !read_paths(r, start, &string, paths))
        return false;
    memcpy(nm_json_at(message, type->fields[0].offset), &paths, sizeof(paths));
    memcpy(nm_json_at(message, type->fields[0].quantifier_offset), &count, sizeof(count));
    return true;
}
