/*
 * Table: see table.h.
 */
#include "text/table.h"

#include "base/compare.h"
#include "text/show.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2 /* columns between two cells */

/* A wider cell does not widen its column: the spaces in many rows would be megabytes each. */
#define WIDEST 200

static void add_bytes(cmd_table *table, const char *text, size_t length)
{
    cmd_show_bytes(&table->cells, text, length);
    nm_buffer_append(&table->cells, "", 1);
    table->n_cells++;
}

void cmd_table_begin(cmd_table *table, const char *indent, const char *headings)
{
    *table = (cmd_table){.indent = indent, .cells = NM_BUFFER_INIT};
    while (headings != NULL && table->n_columns < CMD_MOST_COLUMNS) {
        table->right[table->n_columns++] = *headings == '>';
        headings += *headings == '>';
        size_t length = strcspn(headings, "|");
        add_bytes(table, headings, length);
        headings = headings[length] == '|' ? headings + length + 1 : NULL;
    }
}

void cmd_table_add(cmd_table *table, const char *text)
{
    add_bytes(table, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

void cmd_table_format(cmd_table *table, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char text[512];
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    cmd_table_add(table, text);
}

size_t cmd_columns(FILE *output)
{
    if (isatty(fileno(output)) != 1)
        return 0;
    struct winsize size;
    if (ioctl(fileno(output), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    const char *columns = getenv("COLUMNS");
    return columns != NULL ? strtoul(columns, NULL, 10) : 80;
}

static void measure(const cmd_table *table, size_t widths[CMD_MOST_COLUMNS])
{
    const char *cell = (const char *)table->cells.data;
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t length = strlen(cell);
        size_t *width = &widths[i % table->n_columns];
        *width = nm_larger(*width, nm_smaller(cmd_width(cell, length), WIDEST));
        cell += length + 1;
    }
}

static void pad(nm_buffer *line, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        nm_buffer_append(line, " ", 1);
}

static void append_cell(nm_buffer *line, const char *cell, size_t width, bool right)
{
    size_t used = cmd_width(cell, strlen(cell));
    size_t space = width > used ? width - used : 0;
    if (right)
        pad(line, space);
    nm_buffer_append_string(line, cell);
    if (!right)
        pad(line, space);
}

/* Prints a line without the spaces at its end, and no wider than `columns` unless that is 0. */
static void print_line(nm_buffer *line, size_t columns, FILE *output)
{
    const char *text = (const char *)line->data;
    while (line->length > 0 && text[line->length - 1] == ' ')
        line->length--;
    size_t length = line->length;
    bool cut = columns > 3 && cmd_width(text, length) > columns;
    if (cut)
        length = cmd_fit(text, length, columns - 3);
    fwrite(text, 1, length, output);
    fputs(cut ? "...\n" : "\n", output);
}

void cmd_print_line(nm_buffer *line, FILE *output)
{
    if (!line->failed && line->length > 0)
        print_line(line, cmd_columns(output), output);
}

static bool has_headings(const cmd_table *table)
{
    const char *cell = (const char *)table->cells.data;
    for (size_t i = 0; i < table->n_columns; i++) {
        if (*cell != '\0')
            return true;
        cell++;
    }
    return false;
}

static void print_rows(const cmd_table *table, FILE *output)
{
    size_t widths[CMD_MOST_COLUMNS] = {0};
    measure(table, widths);
    const char *cell = (const char *)table->cells.data;
    size_t columns = cmd_columns(output);
    bool skip = !has_headings(table);
    nm_buffer line = NM_BUFFER_INIT;
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t column = i % table->n_columns;
        if (column == 0)
            nm_buffer_append_string(&line, table->indent);
        else
            pad(&line, GAP);
        append_cell(&line, cell, widths[column], table->right[column]);
        cell += strlen(cell) + 1;
        if (column + 1 < table->n_columns)
            continue;
        if (!skip && !line.failed)
            print_line(&line, columns, output);
        skip = false;
        nm_buffer_reset(&line);
    }
    nm_buffer_free(&line);
}

void cmd_table_end(cmd_table *table, FILE *output)
{
    if (!table->cells.failed)
        print_rows(table, output);
    nm_buffer_free(&table->cells);
}
