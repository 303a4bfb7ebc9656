/*
 * Text: see text.h. Growing, templates and the breaking of long lines; comments and literals, which
 * take strings from outside, are in text_escape.c.
 */
#include "text.h"

#include "pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LIMIT 100

void gen_text_add_bytes(gen_text *text, const char *bytes, size_t length)
{
    if (length >= text->capacity - text->length) {
        size_t capacity = text->capacity == 0 ? 4096 : text->capacity;
        while (length >= capacity - text->length)
            capacity *= 2;
        char *grown = realloc(text->bytes, capacity);
        if (grown == NULL)
            gen_out_of_memory();
        text->bytes = grown;
        text->capacity = capacity;
    }
    if (length != 0)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void gen_text_add(gen_text *text, const char *string)
{
    gen_text_add_bytes(text, string, strlen(string));
}

void gen_text_add_char(gen_text *text, char c)
{
    gen_text_add_bytes(text, &c, 1);
}

void gen_text_free(gen_text *text)
{
    free(text->bytes);
    *text = (gen_text){NULL, 0, 0};
}

/* ---- long lines ---- */

/* Where the literal that starts at `at` ends: the index behind its closing quote. */
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

/* Where what starts at `at` ends, at the next comma or closing parenthesis of its own level. */
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

/* The opening parenthesis around the longest list of arguments, or false when there is none. */
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

/* The longest single argument behind the parenthesis, with what follows the last one. */
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

static void add_indent(gen_text *text, size_t columns)
{
    gen_text_add_char(text, '\n');
    for (size_t i = 0; i < columns; i++)
        gen_text_add_char(text, ' ');
}

static void add_broken_line(gen_text *text, const char *line, size_t length)
{
    size_t opening = 0;
    if (!find_arguments(line, length, &opening)) {
        gen_text_add_bytes(text, line, length);
        return;
    }
    size_t column = opening + 1;
    size_t at = opening + 1;
    gen_text_add_bytes(text, line, at);
    if (column + longest_argument(line, at, length) > LINE_LIMIT) {
        column = strspn(line, " ") + 4;
        add_indent(text, column);
    }
    size_t used = column;
    while (at < length) {
        size_t end = skip_argument(line, at, length);
        bool last = end >= length || line[end] == ')';
        size_t width = last ? length - at : end + 1 - at;
        if (used > column && used + 1 + width > LINE_LIMIT) {
            add_indent(text, column);
            used = column;
        } else if (used > column) {
            gen_text_add_char(text, ' ');
            used++;
        }
        gen_text_add_bytes(text, line + at, width);
        used += width;
        at += width;
        while (at < length && line[at] == ' ')
            at++;
    }
}

/* ---- comments ---- */

/* Where the text of a template's comment line starts: behind "    * ". 0 for any other line. */
static size_t comment_text(const char *line, size_t length)
{
    size_t at = 0;
    while (at < length && line[at] == ' ')
        at++;
    if (at + 2 >= length || line[at] != '*' || line[at + 1] != ' ' || line[at + 2] == ' ')
        return 0;
    return at + 2;
}

/* Adds words, each line of them behind `prefix`, broken at the limit. */
static void add_words(gen_text *text, const gen_text *prefix, const char *words, size_t length,
                      size_t *column)
{
    size_t at = 0;
    while (at < length) {
        size_t end = at;
        while (end < length && words[end] != ' ')
            end++;
        if (*column != 0 && *column + 1 + (end - at) > LINE_LIMIT) {
            gen_text_add_char(text, '\n');
            *column = 0;
        }
        if (*column == 0) {
            gen_text_add_bytes(text, prefix->bytes, prefix->length);
            *column = prefix->length;
        } else {
            gen_text_add_char(text, ' ');
            *column += 1;
        }
        gen_text_add_bytes(text, words + at, end - at);
        *column += end - at;
        at = end;
        while (at < length && words[at] == ' ')
            at++;
    }
}

/*
 * Adds the paragraph of a comment that begins at `line`, filled anew: names of any length have
 * taken their places in it. Returns what follows it, behind its newline.
 */
static const char *add_paragraph(gen_text *text, const char *line)
{
    gen_text prefix = {NULL, 0, 0};
    gen_text_add_bytes(&prefix, line, comment_text(line, strcspn(line, "\n")));
    size_t column = 0;
    for (;;) {
        size_t length = strcspn(line, "\n");
        size_t start = comment_text(line, length);
        if (start == 0)
            break;
        add_words(text, &prefix, line + start, length - start, &column);
        line += length;
        if (*line == '\0')
            break;
        line++;
    }
    if (line[-1] == '\n')
        gen_text_add_char(text, '\n');
    gen_text_free(&prefix);
    return line;
}

/* A comment of one line that has become too long for it is made a block. */
static void add_block_comment(gen_text *text, const char *line, size_t length)
{
    gen_text prefix = {NULL, 0, 0};
    size_t indent = strspn(line, " ");
    size_t column = 0;
    gen_text_add_bytes(&prefix, line, indent);
    gen_text_add(&prefix, " * ");
    gen_text_add_bytes(text, line, indent);
    gen_text_add(text, "/*\n");
    add_words(text, &prefix, line + indent + 3, length - indent - 6, &column);
    gen_text_add_char(text, '\n');
    gen_text_add_bytes(text, line, indent);
    gen_text_add(text, " */");
    gen_text_free(&prefix);
}

/* ---- templates ---- */

static void add_line(gen_text *text, const char *line, size_t length)
{
    size_t indent = strspn(line, " ");
    if (length <= LINE_LIMIT || line[indent] == '*' || line[indent] == '#')
        gen_text_add_bytes(text, line, length);
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

static void replace(gen_text *out, const gen_var *vars, const char *format)
{
    const char *dollar;
    while ((dollar = strchr(format, '$')) != NULL) {
        const char *end = strchr(dollar + 1, '$');
        const char *value = NULL;
        if (end != NULL)
            value = find_value(vars, dollar + 1, (size_t)(end - dollar - 1));
        if (value == NULL)
            abort(); /* a mistake in a template of ours, which any test of it shows */
        gen_text_add_bytes(out, format, (size_t)(dollar - format));
        gen_text_add(out, value);
        format = end + 1;
    }
    gen_text_add(out, format);
}

void gen_text_print(gen_text *text, const gen_var *vars, const char *format)
{
    gen_text filled = {NULL, 0, 0};
    replace(&filled, vars, format);
    const char *line = filled.bytes;
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        if (comment_text(line, length) != 0) {
            line = add_paragraph(text, line);
            continue;
        }
        add_line(text, line, length);
        line += length;
        if (*line == '\n') {
            gen_text_add_char(text, '\n');
            line++;
        }
    }
    gen_text_free(&filled);
}
