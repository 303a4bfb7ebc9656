/*
 * See bar.h.
 */
#include "bar.h"
#include "text.h"

#include <natsmicro/chunked.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Fits into 80 columns with 20 bytes of the name: a bar that wraps could not be drawn over. */
#define WIDTH         24
#define DRAW_INTERVAL 0.1 /* seconds */
#define CLEAR_REST    "\033[K"

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void bar_catch_signals(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool bar_was_interrupted(void)
{
    return interrupted != 0;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

bar bar_begin(const char *name)
{
    double begun = now();
    bar self = {.shown = isatty(STDERR_FILENO) == 1, .begun = begun, .drawn = begun};
    text_show(name, self.name, sizeof(self.name));
    return self;
}

static void draw_known(const bar *self, double done, double total, double rate)
{
    double part = total > 0 && done < total ? done / total : 1;
    size_t ticks = (size_t)(part * WIDTH);
    long left = rate > 0 && total > done ? (long)((total - done) / rate) : 0;
    char filled[WIDTH + 1];
    memset(filled, ' ', WIDTH);
    memset(filled, '#', ticks);
    filled[WIDTH] = '\0';
    fprintf(stderr, "\r%s  [%s] %3.0f %%  %.1f MB/s  %ld:%02ld left" CLEAR_REST, self->name, filled,
            part * 100, rate / 1e6, left / 60, left % 60);
}

bool bar_draw(uint64_t done, uint64_t total, void *user_data)
{
    bar *self = user_data;
    double time = now();
    if (self->shown && time - self->drawn >= DRAW_INTERVAL) {
        double rate = (double)done / (time - self->begun);
        self->drawn = time;
        if (total == NATSMICRO_TOTAL_UNKNOWN)
            fprintf(stderr, "\r%s  %.1f MB  %.1f MB/s" CLEAR_REST, self->name, (double)done / 1e6,
                    rate / 1e6);
        else
            draw_known(self, (double)done, (double)total, rate);
    }
    return !interrupted;
}

void bar_end(bar *self)
{
    if (self->shown)
        fprintf(stderr, "\r" CLEAR_REST);
}
