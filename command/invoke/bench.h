/*
 * Bench: makes unary calls for a while, and measures them.
 */
#ifndef CMD_INVOKE_BENCH_H
#define CMD_INVOKE_BENCH_H

#include "invoke/session.h"

/*
 * Makes calls by --concurrency threads for --duration, and prints how many there were and how long
 * they took. ^C ends it early. Returns CMD_DONE, or an exit status after it was told what is wrong:
 * that of the first call that failed, if one did.
 */
int cmd_bench(cmd_session *session, cmd_input *input);

#endif
