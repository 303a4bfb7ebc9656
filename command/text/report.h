/*
 * Report: what the command says on stderr, in lines of its own, and the exit status that follows.
 */
#ifndef CMD_TEXT_REPORT_H
#define CMD_TEXT_REPORT_H

#include "natsmicro/status.h"

/* Exit statuses. One of a call that failed is CMD_CALL_FAILED and the call's status. */
enum { CMD_DONE = 0, CMD_WRONG_USAGE = 1, CMD_CALL_FAILED = 64, CMD_INTERRUPTED = 130 };

/*
 * Print "natsmicro: text" as one line that a terminal can show, and return the exit status, so that
 * a step can fail with `return cmd_fail(…)`.
 */
int cmd_fail(int exit_status, const char *format, ...) NATSMICRO_PRINTF(2, 3);
int cmd_fail_with(natsmicro_status status, const char *format, ...) NATSMICRO_PRINTF(2, 3);

/* The same for what is no failure. */
void cmd_say(const char *format, ...) NATSMICRO_PRINTF(1, 2);

#endif
