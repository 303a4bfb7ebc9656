/*
 * Run: another program as a child process, which reads bytes and writes bytes, as plugins of protoc
 * do.
 */
#ifndef GEN_RUN_H
#define GEN_RUN_H

#include "base/buffer.h"

/* How the program ended, and what it has written. Free the buffers. */
typedef struct gen_ended {
    int start_error; /* errno: why it could not be started or talked to; 0: it ran to its end */
    int signal;      /* that ended it; 0: it exited */
    int exit_code;
    nm_buffer output;
    nm_buffer errors; /* from its standard error */
} gen_ended;

/*
 * Starts `program`, a path or a name to look for in PATH, without arguments. Writes the input to it
 * and reads from it at the same time, so that neither side waits for the other for ever, however
 * large both are. Returns when the program has ended.
 */
gen_ended gen_run(const char *program, const void *input, size_t length);

#endif
