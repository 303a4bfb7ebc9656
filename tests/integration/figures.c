/*
 * See figures.h.
 */
#include "integration/figures.h"

#include "support/process.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Returns the number in a line of /proc/<pid>/status, such as "VmHWM:   1234 kB". */
static uint64_t status_line(pid_t pid, const char *name)
{
    uint64_t kib = 0;
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        support_die("cannot read %s", path);
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
