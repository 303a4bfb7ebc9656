/*
 * See measure.h.
 */
#include "support/measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How many runs of one bench may lose messages before it gives up. */
#define MOST_VOID_RUNS 20

static char broker_version[32];

double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void need_nats(natsStatus status, const char *what)
{
    if (status != NATS_OK)
        give_up("%s: %s", what, natsStatus_GetText(status));
}

void need(natsmicro_status status, const char *what)
{
    if (status != NATSMICRO_OK)
        give_up("%s: %s", what, natsmicro_status_name(status));
}

bool is_chosen(const char *bench)
{
    const char *names = getenv("BENCH");
    if (names == NULL || names[strspn(names, " ,")] == '\0')
        return true;
    size_t length = strlen(bench);
    for (const char *name = names; *name != '\0';) {
        name += strspn(name, " ,");
        size_t name_length = strcspn(name, " ,");
        if (name_length == length && strncmp(name, bench, length) == 0)
            return true;
        name += name_length;
    }
    return false;
}

int full_or_quick(int full, int quick)
{
    const char *wish = getenv("BENCH_QUICK");
    return wish != NULL && strcmp(wish, "1") == 0 ? quick : full;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    if (count % 2 == 1)
        return values[count / 2];
    return (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double measure(const char *bench, measurement one, void *data, int *void_runs)
{
    for (;;) {
        double figure = one(data);
        if (figure >= 0)
            return figure;
        if (++*void_runs > MOST_VOID_RUNS)
            give_up("%s: %d runs lost messages", bench, *void_runs);
    }
}

void compare(const char *bench, const char *unit, measurement ours, measurement raw, void *data)
{
    int void_runs = 0;

    measure(bench, ours, data, &void_runs); /* both warm up */
    measure(bench, raw, data, &void_runs);
    double our_figures[ROUNDS];
    double raw_figures[ROUNDS];
    double ratios[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        if (i % 2 == 0)
            our_figures[i] = measure(bench, ours, data, &void_runs);
        raw_figures[i] = measure(bench, raw, data, &void_runs);
        if (i % 2 == 1)
            our_figures[i] = measure(bench, ours, data, &void_runs);
        ratios[i] = our_figures[i] / raw_figures[i];
    }
    report(bench, unit, median(our_figures, ROUNDS), median(raw_figures, ROUNDS),
           median(ratios, ROUNDS), void_runs);
}

void measure_with_broker(const char *version)
{
    snprintf(broker_version, sizeof(broker_version), "%s", version);
}

void report(const char *bench, const char *unit, double ours, double raw, double ratio,
            int void_runs)
{
    fprintf(stderr, "%-20s %-11s %12.1f %12.1f %7.2f", bench, unit, ours, raw, ratio);
    if (void_runs > 0)
        fprintf(stderr, "  (%d void runs)", void_runs);
    fputc('\n', stderr);
    printf("{\"bench\":\"%s\",\"unit\":\"%s\",\"ours\":%.2f,\"raw\":%.2f,\"ratio\":%.3f,", bench,
           unit, ours, raw, ratio);
    printf("\"nats_server\":\"%s\",\"nats_c\":\"%s\",\"natsmicro\":\"%s\",\"processors\":%ld}\n",
           broker_version, nats_GetVersion(), natsmicro_version(), sysconf(_SC_NPROCESSORS_ONLN));
    fflush(stdout);
}
