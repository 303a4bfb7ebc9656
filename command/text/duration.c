/*
 * Duration: see duration.h.
 */
#include "text/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct cmd_unit {
    const char *name;
    double milliseconds;
} cmd_unit;

/* "ms" stands before "m", with which it begins. */
static const cmd_unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

static const cmd_unit *take_unit(const char **text)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(*text, units[i].name, length) == 0) {
            *text += length;
            return &units[i];
        }
    }
    return NULL;
}

/* Takes digits with a fraction; strtod would also take "inf", "0x1" and a sign. */
static bool take_number(const char **text, double *number)
{
    size_t length = strspn(*text, "0123456789.");
    char *end = NULL;
    *number = strtod(*text, &end);
    bool taken = length > 0 && length < 16 && end == *text + length;
    *text += length;
    return taken;
}

bool cmd_read_duration(const char *text, int64_t *milliseconds)
{
    double sum = 0;
    if (*text == '\0')
        return false;
    while (*text != '\0') {
        double number;
        if (!take_number(&text, &number))
            return false;
        const cmd_unit *unit = take_unit(&text);
        if (unit == NULL && (*text != '\0' || sum > 0))
            return false;
        sum += number * (unit != NULL ? unit->milliseconds : 1000);
    }
    if (sum > 1e15)
        return false;
    *milliseconds = (int64_t)sum;
    return true;
}

void cmd_write_duration(uint64_t nanoseconds, char *text, size_t size)
{
    static const struct {
        const char *name;
        double nanoseconds;
    } scales[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    size_t scale = 0;
    while (scale < 3 && (double)nanoseconds >= scales[scale + 1].nanoseconds)
        scale++;
    double value = (double)nanoseconds / scales[scale].nanoseconds;
    int digits = scale == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    snprintf(text, size, "%.*f %s", digits, value, scales[scale].name);
}

void cmd_write_age(uint64_t seconds, char *text, size_t size)
{
    if (seconds < 60)
        snprintf(text, size, "%" PRIu64 "s", seconds);
    else if (seconds < 3600)
        snprintf(text, size, "%" PRIu64 "m%" PRIu64 "s", seconds / 60, seconds % 60);
    else if (seconds < 86400)
        snprintf(text, size, "%" PRIu64 "h%" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
    else
        snprintf(text, size, "%" PRIu64 "d%" PRIu64 "h", seconds / 86400, seconds / 3600 % 24);
}
