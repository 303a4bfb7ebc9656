/*
 * See figures.h.
 */
#include "integration/figures.h"

#include "support/process.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where /proc/<pid>/stat has the time in user mode, and the time in the kernel after it; from 1. */
#define CPU_FIELD 14

uint64_t figure(const char *variable, uint64_t whole, uint64_t small)
{
    const char *text = getenv(variable);
    if (text != NULL && text[0] != '\0')
        return strtoull(text, NULL, 10);
    return PLAIN_OR_SANITIZED(true, false) ? whole : small;
}

void report(const char *format, ...)
{
    printf("# ");
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
}

static FILE *open_proc(pid_t pid, const char *name, const char *mode)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
    FILE *file = fopen(path, mode);
    if (file == NULL)
        support_die("cannot open %s", path);
    return file;
}

/* Returns the number in a line of /proc/<pid>/status, such as "VmHWM:   1234 kB". */
static uint64_t status_line(pid_t pid, const char *name)
{
    uint64_t kib = 0;
    FILE *file = open_proc(pid, "status", "r");
    char line[256];
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoull(line + strlen(name), NULL, 10);
    fclose(file);
    return kib;
}

uint64_t peak_memory_kib(pid_t pid)
{
    return status_line(pid, "VmHWM:");
}

uint64_t memory_kib(pid_t pid)
{
    return status_line(pid, "VmRSS:");
}

void forget_peak_memory(pid_t pid)
{
    FILE *file = open_proc(pid, "clear_refs", "w");
    fputs("5", file);
    if (fclose(file) != 0)
        support_die("cannot forget the peak memory of process %ld", (long)pid);
}

uint64_t cpu_ms(pid_t pid)
{
    FILE *file = open_proc(pid, "stat", "r");
    char line[1024];
    char *got = fgets(line, sizeof(line), file);
    fclose(file);
    char *at = got != NULL ? strrchr(line, ')') : NULL; /* after the program's name */
    if (at == NULL)
        support_die("cannot read how much process %ld has run", (long)pid);
    for (int field = 2; field < CPU_FIELD && at != NULL; field++)
        at = strchr(at + 1, ' ');
    char *rest = at;
    uint64_t ticks = at != NULL ? strtoull(at, &rest, 10) : 0;
    ticks += at != NULL ? strtoull(rest, NULL, 10) : 0;
    return ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}
