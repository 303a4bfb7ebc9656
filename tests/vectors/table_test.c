/*
 * The list of differences that users read, in docs/wire-protocol.md, is the list that the replays
 * are held to.
 */
#include "support/process.h"
#include "vectors/report.h"

#include <stdio.h>
#include <string.h>

#define DOCUMENT "docs/wire-protocol.md"
#define HEADING  "### In recorded conversations"
#define ROWS     64

static char rows[ROWS][512];
static size_t row_count;

/* The rows of the table under the heading, without its head. */
static void read_rows(void)
{
    bool inside = false;
    FILE *file = fopen(DOCUMENT, "r");
    if (file == NULL)
        support_die("no " DOCUMENT ": run from the project's folder");
    char line[512];
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#')
            inside = strncmp(line, HEADING, strlen(HEADING)) == 0;
        if (!inside || line[0] != '|' || strncmp(line, "| point ", 8) == 0 ||
            strncmp(line, "| --- ", 6) == 0)
            continue;
        if (row_count == ROWS)
            support_die("too many rows in " DOCUMENT);
        snprintf(rows[row_count++], sizeof(rows[0]), "%s", line);
    }
    fclose(file);
}

/* Whether a row begins with the name and ends with the reason. */
static bool is_row_of(const char *row, const difference *entry)
{
    char begins[200];
    snprintf(begins, sizeof(begins), "| %s |", entry->name);
    char ends[200];
    snprintf(ends, sizeof(ends), "| %s |\n", entry->reason);
    size_t length = strlen(row);
    return strncmp(row, begins, strlen(begins)) == 0 && length > strlen(ends) &&
           strcmp(row + length - strlen(ends), ends) == 0;
}

int main(void)
{
    read_rows();
    report results;
    report_begin(&results, difference_count + 1);
    char name[200];
    for (size_t i = 0; i < difference_count; i++) {
        snprintf(name, sizeof(name), "documented in its place: %s", differences[i].name);
        report_result(&results, name, i < row_count && is_row_of(rows[i], &differences[i]));
    }
    report_result(&results, "nothing else is documented", row_count == difference_count);
    return report_end(&results);
}
