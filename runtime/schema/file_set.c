/*
 * File set: see file_set.h. Only some fields of the descriptors are looked at.
 */
#include "schema/file_set.h"

#include "base/buffer.h"
#include "codec/item.h"
#include "schema/carried.h"

#include <stdlib.h>

/* Numbers of fields: of the set, of a file, of a service, of a method. */
enum {
    SET_FILE = 1,
    FILE_NAME = 1,
    FILE_IMPORT = 3,
    FILE_SERVICE = 6,
    SERVICE_NAME = 1,
    SERVICE_METHOD = 2,
    METHOD_NAME = 1,
    METHOD_REQUEST = 2,
    METHOD_RESPONSE = 3
};

/* ---- fields ---- */

/*
 * Takes fields until a string or a message of this number comes, which `content` becomes. False:
 * there is none any more, or the bytes are malformed.
 */
static bool take_next(nm_cursor *rest, uint32_t number, nm_cursor *content)
{
    nm_item item = {.start = NULL};
    while (nm_cursor_left(rest) != 0 && nm_take_item(rest, &item) == NULL) {
        if (item.number != number || item.wire_type != NM_WIRE_DELIMITED)
            continue;
        *content = item.content;
        return true;
    }
    return false;
}

/* The first field of this number in a message; empty if there is none. */
static nm_cursor first(nm_cursor message, uint32_t number)
{
    nm_cursor content;
    return take_next(&message, number, &content) ? content : nm_cursor_over(NULL, 0);
}

static bool is_text(const nm_cursor *bytes, const char *text)
{
    const size_t length = strlen(text);
    return nm_cursor_left(bytes) == length && memcmp(bytes->at, text, length) == 0;
}

/* ---- the set ---- */

/* Marks the carried files that a file imports in `is_wanted`, by their index. */
static void want_imports(bool *is_wanted, nm_cursor file)
{
    nm_cursor name;
    while (take_next(&file, FILE_IMPORT, &name)) {
        for (size_t i = 0; i < nm_n_carried_files; i++)
            is_wanted[i] |= is_text(&name, nm_carried_files[i].name);
    }
}

/*
 * Whether the set has the library's copy of a file that a stub embeds: the plugin that made the
 * stub may be older than the library, which carries more files.
 */
static bool is_there(const bool *is_wanted, nm_cursor file)
{
    const nm_cursor name = first(file, FILE_NAME);
    for (size_t i = 0; i < nm_n_carried_files; i++) {
        if (is_text(&name, nm_carried_files[i].name))
            return is_wanted[i];
    }
    return false;
}

static void add_file(nm_buffer *set, const void *bytes, size_t length)
{
    uint8_t head[1 + NM_VARINT_SIZE] = {SET_FILE << 3 | NM_WIRE_DELIMITED};
    const uint8_t *end = nm_varint_write(head + 1, length);
    nm_buffer_append(set, head, (size_t)(end - head));
    nm_buffer_append(set, bytes, length);
}

/* A carried file follows what it imports, so that going backwards once finds all. */
static void add_carried(nm_buffer *set, bool *is_wanted)
{
    for (size_t i = nm_n_carried_files; i > 0; i--) {
        const nm_bytes *bytes = &nm_carried_files[i - 1].bytes;
        if (is_wanted[i - 1])
            want_imports(is_wanted, nm_cursor_over(bytes->data, bytes->length));
    }
    for (size_t i = 0; i < nm_n_carried_files; i++) {
        if (is_wanted[i])
            add_file(set, nm_carried_files[i].bytes.data, nm_carried_files[i].bytes.length);
    }
}

static bool fill(nm_buffer *set, const natsmicro_stub_file *files, size_t n_files)
{
    bool *is_wanted = calloc(nm_n_carried_files, sizeof(*is_wanted));
    if (is_wanted == NULL)
        return false;
    for (size_t i = 0; i < n_files; i++)
        want_imports(is_wanted, nm_cursor_over(files[i].bytes, files[i].length));
    add_carried(set, is_wanted);
    for (size_t i = 0; i < n_files; i++) {
        if (!is_there(is_wanted, nm_cursor_over(files[i].bytes, files[i].length)))
            add_file(set, files[i].bytes, files[i].length);
    }
    free(is_wanted);
    return !set->failed;
}

nm_file_set *nm_file_set_new(const natsmicro_stub_file *files, size_t n_files)
{
    nm_file_set *set = calloc(1, sizeof(*set));
    nm_buffer bytes = NM_BUFFER_INIT;
    if (set == NULL || !fill(&bytes, files, n_files) ||
        !nm_sha256(set->sha256, bytes.data, bytes.length)) {
        nm_buffer_free(&bytes);
        free(set);
        return NULL;
    }
    set->bytes = bytes.data;
    set->length = bytes.length;
    return set;
}

void nm_file_set_free(nm_file_set *set)
{
    if (set != NULL)
        free(set->bytes);
    free(set);
}

/* ---- types ---- */

/* The name of a type, which has a dot in front. */
static nm_bytes type_name(nm_cursor method, uint32_t number)
{
    const nm_cursor name = first(method, number);
    const size_t dot = nm_cursor_left(&name) != 0 && name.at[0] == '.';
    return (nm_bytes){name.at + dot, nm_cursor_left(&name) - dot};
}

bool nm_file_method_types(const natsmicro_stub_file *file, const char *service, const char *method,
                          nm_bytes *request, nm_bytes *response)
{
    const char *dot = strrchr(service, '.');
    const char *name = dot != NULL ? dot + 1 : service;
    nm_cursor rest = nm_cursor_over(file->bytes, file->length);
    nm_cursor services;
    while (take_next(&rest, FILE_SERVICE, &services)) {
        nm_cursor found = first(services, SERVICE_NAME);
        if (!is_text(&found, name))
            continue;
        nm_cursor methods;
        while (take_next(&services, SERVICE_METHOD, &methods)) {
            found = first(methods, METHOD_NAME);
            if (!is_text(&found, method))
                continue;
            *request = type_name(methods, METHOD_REQUEST);
            *response = type_name(methods, METHOD_RESPONSE);
            return true;
        }
    }
    return false;
}
