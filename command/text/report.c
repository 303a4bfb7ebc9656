/*
 * Report: see report.h.
 */
#include "text/report.h"

#include "text/show.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One write for the line, so that lines of several threads do not mix. */
static void print(const char *format, va_list arguments)
{
    nm_buffer line = NM_BUFFER_INIT;
    nm_buffer_append_string(&line, "natsmicro: ");
    char text[4096];
    vsnprintf(text, sizeof(text), format, arguments);
    cmd_show(&line, text);
    nm_buffer_append_string(&line, "\n");
    if (!line.failed)
        fwrite(line.data, 1, line.length, stderr);
    nm_buffer_free(&line);
}

int cmd_fail(int exit_status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
    return exit_status;
}

int cmd_fail_with(natsmicro_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
    return CMD_CALL_FAILED + (int)status;
}

int cmd_fail_output(void)
{
    if (errno == EPIPE)
        return CMD_PIPE_CLOSED;
    return cmd_fail_with(NATSMICRO_ABORTED, "standard output: %s", strerror(errno));
}

void cmd_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}
