/*
 * Header block: see header_block.h.
 */
#include "wire/header_block.h"

#include <stdint.h>
#include <string.h>

static const char first_line[] = "NATS/1.0";
static const char last_lines[] = "\r\n\r\n"; /* the end of the last header, and the empty line */

#define FIRST_LINE_LENGTH (sizeof(first_line) - 1)
#define LAST_LINES_LENGTH (sizeof(last_lines) - 1)
#define STATUS_LENGTH     3

/* ---- finding ---- */

static const char *after_string(const char *string)
{
    return string + strlen(string) + 1;
}

static bool is_framed(const char *block, size_t length)
{
    return length >= FIRST_LINE_LENGTH + LAST_LINES_LENGTH &&
           memcmp(block, first_line, FIRST_LINE_LENGTH) == 0 &&
           memcmp(block + length - LAST_LINES_LENGTH, last_lines, LAST_LINES_LENGTH) == 0;
}

nm_header_block_state nm_header_block_find(const char *subject, const char *reply,
                                           const char *payload, size_t limit, nm_bytes *block)
{
    const char *start = after_string(reply != NULL ? reply : subject);
    if (start == payload)
        return NM_HEADER_BLOCK_NONE;

    size_t room = payload == NULL ? limit + 1 : (size_t)(payload - start);
    if (room > limit + 1)
        return NM_HEADER_BLOCK_TOO_LONG;
    const char *nul = memchr(start, '\0', room);
    if (nul == NULL)
        return payload == NULL ? NM_HEADER_BLOCK_TOO_LONG : NM_HEADER_BLOCK_MALFORMED;
    size_t length = (size_t)(nul - start);
    if (payload == NULL && length == 0)
        return NM_HEADER_BLOCK_NONE;
    if ((payload != NULL && nul + 1 != payload) || !is_framed(start, length))
        return NM_HEADER_BLOCK_MALFORMED;
    *block = (nm_bytes){start, length};
    return NM_HEADER_BLOCK_FOUND;
}

bool nm_header_block_is(nm_bytes bytes)
{
    return is_framed(bytes.data, bytes.length);
}

size_t nm_header_block_front(const char *subject, const char *reply, const char *payload)
{
    if (payload != NULL)
        return payload > subject ? (size_t)(payload - subject) : 0;
    const char *start = after_string(reply != NULL ? reply : subject);
    return (size_t)((*start == '\0' ? start : after_string(start)) - subject);
}

/* ---- reading ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static nm_bytes without_blanks(const char *begin, const char *end)
{
    while (begin < end && is_blank(*begin))
        begin++;
    while (begin < end && (is_blank(end[-1]) || end[-1] == '\r'))
        end--;
    return (nm_bytes){begin, (size_t)(end - begin)};
}

/* Takes a line; `end` points to its LF. At the end of the block, the line is empty. */
static const char *take_line(nm_header_reader *reader, const char **end)
{
    const char *begin = reader->at;
    const char *lf = memchr(begin, '\n', (size_t)(reader->end - begin));

    *end = lf != NULL ? lf : reader->end;
    reader->at = lf != NULL ? lf + 1 : reader->end;
    return begin;
}

void nm_header_reader_begin(nm_header_reader *reader, nm_bytes block, nm_bytes *status,
                            nm_bytes *description)
{
    *reader = (nm_header_reader){block.data, (const char *)block.data + block.length, false};
    const char *end;
    const char *begin = take_line(reader, &end);
    nm_bytes line = without_blanks(begin + FIRST_LINE_LENGTH, end);
    const char *rest = line.data;

    *status = line;
    if (line.length > STATUS_LENGTH)
        status->length = STATUS_LENGTH;
    *description = without_blanks(rest + status->length, rest + line.length);
}

/* Adds the lines that go on with a value. */
static void take_folded(nm_header_reader *reader, nm_bytes *value)
{
    while (reader->at < reader->end && is_blank(*reader->at)) {
        const char *end;
        const char *begin = take_line(reader, &end);
        nm_bytes part = without_blanks(begin, end);
        if (part.length == 0)
            continue;
        if (value->length == 0)
            value->data = part.data;
        value->length = (size_t)((const char *)part.data + part.length - (const char *)value->data);
    }
}

static bool is_empty_line(const char *begin, const char *end)
{
    return begin == end || (end - begin == 1 && *begin == '\r');
}

bool nm_header_reader_next(nm_header_reader *reader, nm_bytes *name, nm_bytes *value)
{
    do {
        const char *end;
        const char *begin = take_line(reader, &end);
        if (is_empty_line(begin, end)) {
            reader->at = reader->end;
            return false;
        }
        const char *colon = memchr(begin, ':', (size_t)(end - begin));
        if (colon == NULL || is_blank(*begin)) {
            reader->malformed = true;
            reader->at = reader->end;
            return false;
        }
        *name = (nm_bytes){begin, (size_t)(colon - begin)};
        *value = without_blanks(colon + 1, end);
        take_folded(reader, value);
    } while (name->length == 0);
    return true;
}

size_t nm_header_value_copy(nm_bytes value, char *to)
{
    const char *at = value.data;
    const char *end = at + value.length;
    char *out = to;

    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        nm_bytes part = without_blanks(at, lf != NULL ? lf : end);
        if (part.length > 0 && out != to)
            *out++ = ' ';
        memcpy(out, part.data, part.length);
        out += part.length;
        at = lf != NULL ? lf + 1 : end;
    }
    *out = '\0';
    return (size_t)(out - to);
}
