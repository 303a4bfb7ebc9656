/*
 * Report: what the command says on stderr, in lines of its own, and the exit status that follows.
 */
#ifndef CMD_TEXT_REPORT_H
#define CMD_TEXT_REPORT_H

#include "natsmicro/status.h"

/* Exit statuses. One of a call that failed is CMD_CALL_FAILED and the call's status. */
enum {
    CMD_DONE = 0,
    CMD_WRONG_USAGE = 1,
    CMD_CALL_FAILED = 64,
    CMD_INTERRUPTED = 130,
    CMD_PIPE_CLOSED = 141, /* as of a program that SIGPIPE ended */
};

/*
 * Print "natsmicro: text" as one line that a terminal can show, and return the exit status, so that
 * a step can fail with `return cmd_fail(…)`.
 */
int cmd_fail(int exit_status, const char *format, ...) NATSMICRO_PRINTF(2, 3);
int cmd_fail_with(natsmicro_status status, const char *format, ...) NATSMICRO_PRINTF(2, 3);

/*
 * Tells that standard output could not be written, by errno, and returns the exit status. A pipe
 * that its reader has closed is not told.
 */
int cmd_fail_output(void);

/* Prints such a line where it is no failure, or where the caller knows the exit status. */
void cmd_say(const char *format, ...) NATSMICRO_PRINTF(1, 2);

#endif
