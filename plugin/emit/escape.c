/*
 * Escape: see escape.h.
 */
#include "emit/escape.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

void gen_add_literal(nm_buffer *text, const char *string)
{
    if (string == NULL) {
        nm_buffer_append_string(text, "NULL");
        return;
    }
    nm_buffer_append_string(text, "\"");
    for (const char *at = string; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\' || (c == '?' && at != string && at[-1] == '?')) {
            nm_buffer_append_string(text, "\\");
            nm_buffer_append(text, at, 1);
        } else if (c == '\n') {
            nm_buffer_append_string(text, "\\n");
        } else if (c < 0x20 || c >= 0x7f) {
            nm_buffer_append_format(text, "\\%03o", c); /* three digits: a digit may follow */
        } else {
            nm_buffer_append(text, at, 1);
        }
    }
    nm_buffer_append_string(text, "\"");
}

/* ---- comments ---- */

/* U+202A to U+202E and U+2066 to U+2069 turn the direction of writing: compilers warn of them. */
static bool is_direction(const unsigned char *at, size_t length)
{
    if (length != 3 || at[0] != 0xe2)
        return false;
    return (at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
           (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

/* Whether the two bytes together would begin or end a comment, or begin a trigraph. */
static bool needs_gap(char previous, char c)
{
    return (previous == '*' && c == '/') || (previous == '/' && c == '*') ||
           (previous == '?' && c == '?');
}

static void add_comment_line(nm_buffer *text, const char *line, size_t length)
{
    while (length > 0 && strchr(" \t\r\v\f", line[length - 1]) != NULL)
        length--;
    char previous = ' ';
    for (size_t i = 0; i < length;) {
        const unsigned char *at = (const unsigned char *)line + i;
        size_t width = nm_utf8_length(at, length - i);
        if (width == 0 || at[0] == 0x7f || (at[0] < 0x20 && at[0] != '\t')) {
            nm_buffer_append_string(text, previous == '?' ? " ?" : "?");
            previous = '?';
            i++;
            continue;
        }
        if (!is_direction(at, width)) {
            if (needs_gap(previous, line[i]))
                nm_buffer_append_string(text, " ");
            nm_buffer_append(text, line + i, width);
            previous = line[i + width - 1];
        }
        i += width;
    }
    if (previous == '\\')
        nm_buffer_append_string(text, " ."); /* a backslash would join the next line to this one */
}

/*
 * Skips what protoc leaves before the text in a line of a comment: the space of "// text", the rest
 * of "///" or "//!", and in the first line the second star of a comment for documentation tools.
 */
static const char *skip_mark(const char *line, const char *end, bool first)
{
    if (line < end && (*line == '/' || *line == '!' || (first && *line == '*')))
        line++;
    return line < end && *line == ' ' ? line + 1 : line;
}

static bool is_blank(const char *line, const char *end)
{
    return strspn(line, " \t\r") >= (size_t)(end - line);
}

void gen_add_comment(nm_buffer *text, const char *indent, const char *comment)
{
    if (comment == NULL)
        return;
    size_t length = strlen(comment);
    while (length > 0 && strchr(" \t\r\n", comment[length - 1]) != NULL)
        length--;
    const char *end_of_all = comment + length;
    bool first = true;
    for (const char *end; comment < end_of_all; comment = end + 1, first = false) {
        end = memchr(comment, '\n', (size_t)(end_of_all - comment));
        if (end == NULL)
            end = end_of_all;
        bool marked = *comment == '*';
        comment = skip_mark(comment, end, first);
        bool blank = is_blank(comment, end);
        if (first && marked && blank)
            continue; /* the text begins in the next line */
        nm_buffer_append_string(text, indent);
        nm_buffer_append_string(text, blank ? " *" : " * ");
        add_comment_line(text, comment, (size_t)(end - comment));
        nm_buffer_append_string(text, "\n");
    }
}

void gen_add_comment_text(nm_buffer *text, const char *string)
{
    add_comment_line(text, string, strlen(string));
}
