/*
 * Duration: times as a user writes and reads them: "250ms", "10s", "1m30s".
 */
#ifndef CMD_TEXT_DURATION_H
#define CMD_TEXT_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads units h, m, s, ms, of which each may have a fraction; a number alone is seconds. */
bool cmd_read_duration(const char *text, int64_t *milliseconds);

/* Writes "1.25 ms" and the like: three digits and the unit that fits. */
void cmd_write_duration(uint64_t nanoseconds, char *text, size_t size);

/* Writes "3d4h", "12m5s": the two largest units. */
void cmd_write_age(uint64_t seconds, char *text, size_t size);

#endif
