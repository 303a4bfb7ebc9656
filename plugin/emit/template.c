/*
 * Template: see template.h. Values may be long, so filled lines are broken once more.
 */
#include "emit/template.h"

#include "request/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LIMIT 100

static void add_spaces(nm_buffer *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        nm_buffer_append_string(text, " ");
}

/* ---- long lines ---- */

/* The index after the closing quote of the literal that begins at `at`. */
static size_t skip_literal(const char *line, size_t at, size_t length)
{
    for (size_t i = at + 1; i < length; i++) {
        if (line[i] == '\\')
            i++;
        else if (line[i] == '"')
            return i + 1;
    }
    return length;
}

/* The index of the comma or parenthesis that ends the argument which begins at `at`. */
static size_t skip_argument(const char *line, size_t at, size_t length)
{
    size_t depth = 0;
    for (size_t i = at; i < length; i++) {
        if (line[i] == '"') {
            i = skip_literal(line, i, length) - 1;
        } else if (line[i] == '(') {
            depth++;
        } else if (depth == 0 && (line[i] == ',' || line[i] == ')')) {
            return i;
        } else if (line[i] == ')') {
            depth--;
        }
    }
    return length;
}

/* Finds the opening parenthesis of the longest list of arguments; false if there is no list. */
static bool find_arguments(const char *line, size_t length, size_t *opening)
{
    size_t longest = 0;
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '"')
            i = skip_literal(line, i, length) - 1;
        if (line[i] != '(')
            continue;
        size_t end = i + 1;
        while ((end = skip_argument(line, end, length)) < length && line[end] == ',')
            end++;
        if (end - i > longest) {
            longest = end - i;
            *opening = i;
        }
    }
    return longest > 2;
}

/* The length of the longest argument. The rest of the line counts to the last one. */
static size_t longest_argument(const char *line, size_t at, size_t length)
{
    size_t longest = 0;
    while (at < length) {
        size_t end = skip_argument(line, at, length);
        if (end < length && line[end] == ')')
            end = length;
        else
            end++;
        longest = end - at > longest ? end - at : longest;
        at = end + 1;
    }
    return longest;
}

static void add_line_break(nm_buffer *text, size_t indent)
{
    nm_buffer_append_string(text, "\n");
    add_spaces(text, indent);
}

static void add_broken_line(nm_buffer *text, const char *line, size_t length)
{
    size_t opening = 0;
    if (!find_arguments(line, length, &opening)) {
        nm_buffer_append(text, line, length);
        return;
    }
    size_t column = opening + 1;
    size_t at = opening + 1;
    nm_buffer_append(text, line, at);
    if (column + longest_argument(line, at, length) > LINE_LIMIT) {
        column = strspn(line, " ") + 4;
        add_line_break(text, column);
    }
    size_t used = column;
    while (at < length) {
        size_t end = skip_argument(line, at, length);
        bool last = end >= length || line[end] == ')';
        size_t width = last ? length - at : end + 1 - at;
        if (used > column && used + 1 + width > LINE_LIMIT) {
            add_line_break(text, column);
            used = column;
        } else if (used > column) {
            nm_buffer_append_string(text, " ");
            used++;
        }
        nm_buffer_append(text, line + at, width);
        used += width;
        at += width;
        while (at < length && line[at] == ' ')
            at++;
    }
}

/* ---- comments ---- */

/* The index of the text in a line of a comment, after "    * "; 0 if the line is no such line. */
static size_t comment_text(const char *line, size_t length)
{
    size_t at = 0;
    while (at < length && line[at] == ' ')
        at++;
    if (at + 2 >= length || line[at] != '*' || line[at + 1] != ' ' || line[at + 2] == ' ')
        return 0;
    return at + 2;
}

/*
 * Adds words in lines that begin with `indent` spaces and a star. *column is the length of the last
 * line; 0 begins a line.
 */
static void add_words(nm_buffer *text, size_t indent, const char *words, size_t length,
                      size_t *column)
{
    size_t at = 0;
    while (at < length) {
        size_t end = at;
        while (end < length && words[end] != ' ')
            end++;
        if (*column != 0 && *column + 1 + (end - at) > LINE_LIMIT) {
            nm_buffer_append_string(text, "\n");
            *column = 0;
        }
        if (*column == 0) {
            add_spaces(text, indent);
            nm_buffer_append_string(text, "* ");
            *column = indent + 2;
        } else {
            nm_buffer_append_string(text, " ");
            *column += 1;
        }
        nm_buffer_append(text, words + at, end - at);
        *column += end - at;
        at = end;
        while (at < length && words[at] == ' ')
            at++;
    }
}

/*
 * Adds the paragraph of a comment that begins at `line`. It is filled anew, because names of any
 * length have been put into it. Returns the line after it.
 */
static const char *add_paragraph(nm_buffer *text, const char *line)
{
    size_t indent = strspn(line, " ");
    size_t column = 0;
    for (;;) {
        size_t length = strcspn(line, "\n");
        size_t start = comment_text(line, length);
        if (start == 0)
            break;
        add_words(text, indent, line + start, length - start, &column);
        line += length;
        if (*line == '\0')
            break;
        line++;
    }
    if (line[-1] == '\n')
        nm_buffer_append_string(text, "\n");
    return line;
}

/* Adds a comment of one line that is too long for one: as a block. */
static void add_block_comment(nm_buffer *text, const char *line, size_t length)
{
    size_t indent = strspn(line, " ");
    size_t column = 0;
    nm_buffer_append(text, line, indent);
    nm_buffer_append_string(text, "/*\n");
    add_words(text, indent + 1, line + indent + 3, length - indent - 6, &column);
    add_line_break(text, indent);
    nm_buffer_append_string(text, " */");
}

/* ---- templates ---- */

static void add_line(nm_buffer *text, const char *line, size_t length)
{
    size_t indent = strspn(line, " ");
    if (length <= LINE_LIMIT || line[indent] == '*' || line[indent] == '#')
        nm_buffer_append(text, line, length);
    else if (strncmp(line + indent, "/* ", 3) == 0)
        add_block_comment(text, line, length);
    else
        add_broken_line(text, line, length);
}

static const char *find_value(const gen_var *vars, const char *name, size_t length)
{
    for (; vars->name != NULL; vars++) {
        if (strlen(vars->name) == length && memcmp(vars->name, name, length) == 0)
            return vars->value;
    }
    return NULL;
}

static void replace(nm_buffer *out, const gen_var *vars, const char *format)
{
    const char *dollar;
    while ((dollar = strchr(format, '$')) != NULL) {
        const char *end = strchr(dollar + 1, '$');
        const char *value = NULL;
        if (end != NULL)
            value = find_value(vars, dollar + 1, (size_t)(end - dollar - 1));
        if (value == NULL)
            abort(); /* a mistake in a template, which any test of that template shows */
        nm_buffer_append(out, format, (size_t)(dollar - format));
        nm_buffer_append_string(out, value);
        format = end + 1;
    }
    nm_buffer_append_string(out, format);
}

void gen_print(nm_buffer *text, const gen_var *vars, const char *format)
{
    nm_buffer filled = NM_BUFFER_INIT;
    replace(&filled, vars, format);
    const char *line = gen_string(&filled);
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        if (comment_text(line, length) != 0) {
            line = add_paragraph(text, line);
            continue;
        }
        add_line(text, line, length);
        line += length;
        if (*line == '\n') {
            nm_buffer_append_string(text, "\n");
            line++;
        }
    }
    nm_buffer_free(&filled);
}
