/*
 * A progress bar on stderr, when that is a terminal: how far, how fast, how long still.
 */
#ifndef BLOB_BAR_H
#define BLOB_BAR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bar {
    const char *name;
    bool shown;
    double begun; /* seconds */
    double drawn;
} bar;

bar bar_begin(const char *name);

/* A natsmicro_progress with a bar as user_data; false once the program was interrupted. */
bool bar_draw(uint64_t done, uint64_t total, void *user_data);

/* Takes the bar away. */
void bar_end(bar *self);

/* From now on SIGINT and SIGTERM cancel at the next draw; a second one ends the program. */
void bar_catch_signals(void);
bool bar_was_interrupted(void);

#endif
