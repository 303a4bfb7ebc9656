/*
 * Table: rows whose columns are aligned, for stdout. On a terminal a row that is too wide is cut.
 */
#ifndef CMD_TEXT_TABLE_H
#define CMD_TEXT_TABLE_H

#include "base/buffer.h"

#include <stdio.h>

#define CMD_MOST_COLUMNS 8

typedef struct cmd_table {
    size_t n_columns;
    bool right[CMD_MOST_COLUMNS]; /* numbers stand at the right */
    const char *indent;
    nm_buffer cells; /* each ends with a NUL */
    size_t n_cells;
} cmd_table;

/*
 * Begins a table with its headings: one string of words, separated by |; a word that begins with >
 * stands at the right with its column. "" has no line of headings, as "||" with three columns.
 */
void cmd_table_begin(cmd_table *table, const char *indent, const char *headings);

/* Add the next cell of the row; a text may come from anybody. NULL is an empty cell. */
void cmd_table_add(cmd_table *table, const char *text);
void cmd_table_format(cmd_table *table, const char *format, ...) NATSMICRO_PRINTF(2, 3);

/* Prints the table and frees it. */
void cmd_table_end(cmd_table *table, FILE *output);

/* Prints a line that stands alone, cut as a row is. */
void cmd_print_line(nm_buffer *line, FILE *output);

/* The terminal's width if the file is one, else 0. */
size_t cmd_columns(FILE *output);

#endif
