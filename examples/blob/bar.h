/*
 * Bar: a progress bar on stderr, if that is a terminal. It shows the part that is done, the rate
 * and the time left.
 */
#ifndef BLOB_BAR_H
#define BLOB_BAR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bar {
    char name[21]; /* as much of it as there is room for */
    bool shown;
    double begun; /* seconds */
    double drawn; /* the last time, seconds */
} bar;

/* Starts a bar. */
bar bar_begin(const char *name);

/*
 * A natsmicro_progress whose user_data is the bar. Returns false once the program is interrupted.
 */
bool bar_draw(uint64_t done, uint64_t total, void *user_data);

/* Erases the bar. */
void bar_end(bar *self);

/*
 * From now on SIGINT or SIGTERM makes bar_draw return false, which cancels the call. A second one
 * ends the program.
 */
void bar_catch_signals(void);
bool bar_was_interrupted(void);

#endif
