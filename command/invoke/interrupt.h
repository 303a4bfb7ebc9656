/*
 * Interrupt: what ^C (SIGINT) and SIGTERM do. While a call is going on they cancel it, so that its
 * peer is told, and end the waits of cmd_wait_readable; the second one, or one while no call is
 * going on, ends the program with CMD_INTERRUPTED.
 *
 * Signals are taken by a thread of their own, because cancelling is not for a signal handler.
 */
#ifndef CMD_INVOKE_INTERRUPT_H
#define CMD_INVOKE_INTERRUPT_H

#include <natsmicro/call.h>

#include <stdbool.h>

/* Starts taking signals. Call it before other threads are made: they inherit what is blocked. */
void cmd_catch_interrupts(void);

/*
 * From cmd_begin_calls to cmd_end_calls an interrupt does not end the program: who made the calls
 * asks cmd_was_interrupted, and ends it.
 */
void cmd_begin_calls(void);
void cmd_end_calls(void);

/* An interrupt cancels this call, at once if there was one. NULL: no call. */
void cmd_set_call(natsmicro_call *call);

bool cmd_was_interrupted(void);

/* Has cmd_wait_readable return from now on, as an interrupt does. */
void cmd_stop_reading(void);

/* Waits until the descriptor can be read. False: reading is over. */
bool cmd_wait_readable(int fd);

#endif
