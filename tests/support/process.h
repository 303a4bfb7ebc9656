/*
 * Process: starts other programs from a test and ends them again. broker.h and scenario.h know what
 * the programs are for.
 */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns the milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);

/*
 * Prints what went wrong and aborts the test program, because the machine is not fit for the test.
 */
void support_die(const char *format, ...);

/*
 * Starts `path` with `arguments` (the name first, NULL last). Its standard output and error go to
 * the descriptors given; -1 leaves one as it is. The program inherits no other descriptor, so that
 * a connection that a test closes does not stay open in it.
 */
pid_t process_start(const char *path, char *const arguments[], int out, int err);

/*
 * Waits for the process to end. True: *wait_status is waitpid's. False: it still runs after
 * `timeout_ms`.
 */
bool process_wait(pid_t pid, int64_t timeout_ms, int *wait_status);

/* Sends a signal. Aborts the test program if there is no such process. */
void process_signal(pid_t pid, int signal_number);

/* Stops a child with SIGSTOP: when this returns, none of its threads runs any more. */
void process_stop(pid_t pid);

#endif
