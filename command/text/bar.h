/*
 * Bar: a progress bar on stderr, if that is a terminal: the part that is done, the rate, the time
 * left; of a total that is not known, the bytes so far.
 */
#ifndef CMD_TEXT_BAR_H
#define CMD_TEXT_BAR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cmd_bar {
    char name[64]; /* as it can be shown, 20 columns at most */
    bool shown;
    int64_t begun; /* nm_now */
    int64_t drawn;
} cmd_bar;

/* Starts a bar; `hidden` keeps it off a terminal that gets something else. */
void cmd_bar_begin(cmd_bar *bar, const char *name, bool hidden);

/* Draws it, at most ten times a second. `total` is 0 where it is not known. */
void cmd_bar_draw(cmd_bar *bar, uint64_t done, uint64_t total);

/* Erases it. */
void cmd_bar_end(const cmd_bar *bar);

#endif
