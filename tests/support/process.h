/*
 * Process: starting other programs from a test and getting rid of them again. What a program is
 * for is left to broker.h and scenario.h.
 */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Milliseconds on CLOCK_MONOTONIC. */
int64_t now_ms(void);

/* Says what went wrong and ends the test program: the test's surroundings are broken. */
void support_die(const char *format, ...);

/*
 * Starts `path` with `arguments` (the name first, NULL last). Its standard output and error go to
 * the file descriptors given, -1 leaves one as it is. It gets no other descriptor of ours: a
 * connection that a test closes must not stay open in it.
 */
pid_t process_start(const char *path, char *const arguments[], int out, int err);

/* Waits for the end: true and waitpid's status, false when it still runs after `timeout_ms`. */
bool process_wait(pid_t pid, int64_t timeout_ms, int *wait_status);

/* Sends a signal; dies when there is no such process. */
void process_signal(pid_t pid, int signal_number);

#endif
