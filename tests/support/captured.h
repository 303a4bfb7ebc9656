/*
 * Captured: what this process writes to stderr meanwhile, by whichever thread. Assertions of cmocka
 * write there, too, so they come after captured_end.
 */
#ifndef SUPPORT_CAPTURED_H
#define SUPPORT_CAPTURED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURED_SIZE 65536

typedef struct captured {
    int stderr_before;
    int file;
    char text[CAPTURED_SIZE]; /* what was written so far, by the last function that looked */
} captured;

void captured_begin(captured *self);

/* Waits until what was written holds this part. False: it does not within `timeout_ms`. */
bool captured_wait(captured *self, const char *part, int64_t timeout_ms);

/* Writes go to the old stderr again. */
void captured_end(captured *self);

/* How often the text holds this part. */
size_t captured_count(const captured *self, const char *part);

#endif
