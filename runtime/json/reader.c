/*
 * Reader: see reader.h.
 */
#include "json/reader.h"

#include "base/cold.h"
#include "json/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void nm_json_reader_init(nm_json_reader *r, const uint8_t *text, size_t length, nm_arena *arena)
{
    r->start = text;
    r->at = text;
    r->end = text + length;
    r->arena = arena;
    r->depth = 0;
    r->is_dropped = false;
    r->path = NULL;
    r->fault = NULL;
    r->status = NATSMICRO_OK;
    r->notes_types = false;
    r->types = (nm_buffer)NM_BUFFER_INIT;
    r->types_end = text;
    r->stack.data = r->stack.first;
    r->stack.length = 0;
    r->stack.capacity = sizeof(r->stack.first);
}

void nm_json_reader_free(nm_json_reader *r)
{
    if (r->stack.data != r->stack.first)
        free(r->stack.data);
    nm_buffer_free(&r->types);
}

/* ---- faults ---- */

/* Both count from 1; a column is a character of UTF-8. */
static void find_place(const nm_json_reader *r, const uint8_t *at, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (const uint8_t *c = r->start; c < at; c++) {
        if (*c == '\n') {
            (*line)++;
            *column = 1;
        } else if ((*c & 0xc0) != 0x80) {
            (*column)++;
        }
    }
}

NM_COLD bool nm_json_refuse(nm_json_reader *r, const uint8_t *at, const char *format, ...)
{
    nm_buffer path = NM_BUFFER_INIT;
    nm_error reason = NM_ERROR_INIT;
    va_list arguments;

    va_start(arguments, format);
    nm_error_vset(&reason, NATSMICRO_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    size_t line;
    size_t column;
    find_place(r, at, &line, &column);
    nm_json_path_append(r->path, r->options.proto_names, &path);
    const char *place = nm_buffer_string(&path);
    r->fault = at;
    r->status = nm_error_set(r->error, NATSMICRO_INVALID_ARGUMENT, "%s%s (line %zu, column %zu)",
                             place != NULL ? place : "", nm_error_text(&reason), line, column);
    nm_buffer_free(&path);
    nm_error_clear(&reason);
    return false;
}

NM_COLD bool nm_json_refuse_value(nm_json_reader *r, const uint8_t *at, const char *reason)
{
    size_t length = (size_t)(r->at - at);
    size_t shown = nm_json_shown((const char *)at, length);

    return nm_json_refuse(r, at, "%.*s%s %s", (int)shown, (const char *)at,
                          shown < length ? "…" : "", reason);
}

/* What a byte that is not at the end begins; NULL: nothing of JSON. */
static const char *what_begins(uint8_t byte)
{
    if (nm_json_begins_number(byte))
        return "a number";
    switch (byte) {
    case '{':
        return "an object";
    case '[':
        return "an array";
    case '"':
        return "a string";
    case 't':
    case 'f':
        return "a bool";
    case 'n':
        return "null";
    default:
        return NULL;
    }
}

NM_COLD bool nm_json_unexpected(nm_json_reader *r, const char *expected)
{
    const char *found = r->at == r->end ? "the end of the text" : what_begins(*r->at);

    if (found != NULL)
        return nm_json_refuse(r, r->at, "expected %s, not %s", expected, found);
    if (*r->at > 0x20 && *r->at < 0x7f)
        return nm_json_refuse(r, r->at, "expected %s, not '%c'", expected, *r->at);
    return nm_json_refuse(r, r->at, "expected %s, not the byte 0x%02x", expected, *r->at);
}

/* ---- memory ---- */

NM_COLD bool nm_json_exhausted(nm_json_reader *r)
{
    r->arena->exhausted = true;
    r->status = nm_codec_exhausted(r->descriptor, r->arena->limit, r->error);
    return false;
}

void *nm_json_alloc(nm_json_reader *r, size_t size)
{
    void *memory = nm_arena_alloc(r->arena, size);

    if (memory == NULL)
        nm_json_exhausted(r);
    return memory;
}

static bool grow(nm_json_stack *stack)
{
    bool is_first = stack->data == stack->first;
    size_t capacity = stack->capacity * 2;
    uint8_t *data = realloc(is_first ? NULL : stack->data, capacity);

    if (data == NULL)
        return false;
    if (is_first)
        memcpy(data, stack->first, stack->length);
    stack->data = data;
    stack->capacity = capacity;
    return true;
}

static bool exceeds_limit(const nm_arena *arena, size_t more)
{
    return arena->limit != 0 && more > arena->limit - arena->used;
}

bool nm_json_push(nm_json_reader *r, const void *element, size_t size)
{
    nm_json_stack *stack = &r->stack;

    if (size > stack->capacity - stack->length &&
        (exceeds_limit(r->arena, stack->length) || !grow(stack)))
        return nm_json_exhausted(r);
    memcpy(stack->data + stack->length, element, size);
    stack->length += size;
    return true;
}
