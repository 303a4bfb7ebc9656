/*
 * Bar: see bar.h. It takes 79 columns at most: one that wraps could not be drawn over.
 */
#include "text/bar.h"

#include "base/clock.h"
#include "text/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TICKS            24
#define NAME_COLUMNS     20
#define DRAW_INTERVAL_MS 100
#define CLEAR_REST       "\033[K"

void cmd_bar_begin(cmd_bar *bar, const char *name, bool hidden)
{
    nm_buffer shown = NM_BUFFER_INIT;
    cmd_show(&shown, name);
    size_t length =
        shown.failed ? 0 : cmd_fit((const char *)shown.data, shown.length, NAME_COLUMNS);
    int64_t now = nm_now();
    *bar = (cmd_bar){.shown = !hidden && isatty(STDERR_FILENO) == 1, .begun = now, .drawn = now};
    if (length < sizeof(bar->name) && length > 0)
        memcpy(bar->name, shown.data, length);
    nm_buffer_free(&shown);
}

/* Writes "1.25 GB" and the like. */
static void write_size(double bytes, char *text, size_t size)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    for (; bytes >= 1000 && unit < 5; unit++)
        bytes /= 1000;
    snprintf(text, size, "%.*f %s",
             unit == 0 || bytes >= 100 ? 0
             : bytes >= 10             ? 1
                                       : 2,
             bytes, units[unit]);
}

static void draw_part(const cmd_bar *bar, double done, double total, double rate)
{
    double part = done < total ? done / total : 1;
    long left = rate > 0 && total > done ? (long)((total - done) / rate) : 0;
    char ticks[TICKS + 1];
    memset(ticks, ' ', TICKS);
    memset(ticks, '#', (size_t)(part * TICKS));
    ticks[TICKS] = '\0';
    char speed[32];
    write_size(rate, speed, sizeof(speed));
    fprintf(stderr, "\r%s  [%s] %3.0f %%  %s/s  %ld:%02ld left" CLEAR_REST, bar->name, ticks,
            part * 100, speed, left / 60, left % 60);
}

void cmd_bar_draw(cmd_bar *bar, uint64_t done, uint64_t total)
{
    int64_t now = nm_now();
    if (!bar->shown || now - bar->drawn < DRAW_INTERVAL_MS * NM_NS_PER_MS)
        return;
    bar->drawn = now;
    double rate = (double)done / ((double)(now - bar->begun) / 1e9);
    if (total > 0) {
        draw_part(bar, (double)done, (double)total, rate);
        return;
    }
    char size[32];
    write_size((double)done, size, sizeof(size));
    char speed[32];
    write_size(rate, speed, sizeof(speed));
    fprintf(stderr, "\r%s  %s  %s/s" CLEAR_REST, bar->name, size, speed);
}

void cmd_bar_end(const cmd_bar *bar)
{
    if (bar->shown)
        fputs("\r" CLEAR_REST, stderr);
}
