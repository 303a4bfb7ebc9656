/*
 * Input: JSON documents, one after the other, of a text, a file or standard input. A document may
 * be one line (NDJSON) or several.
 */
#ifndef CMD_INVOKE_INPUT_H
#define CMD_INVOKE_INPUT_H

#include "base/buffer.h"

/* The most bytes of a document. */
#define CMD_LARGEST_DOCUMENT (64 << 20)

typedef struct cmd_input {
    int fd;           /* -1: all is in `bytes` */
    const char *name; /* "line 3 of" this, for texts */
    nm_buffer bytes;  /* what was read and not yet given */
    size_t begin;     /* of what was not yet given */
    size_t line;      /* in which the last document began */
    size_t next_line;
    bool at_end;
} cmd_input;

/*
 * `data` is JSON, or "@FILE", or "-" or "@-" for standard input; NULL: no document. Returns
 * CMD_DONE or an exit status after it was told what is wrong.
 */
int cmd_input_open(cmd_input *input, const char *data);

typedef enum cmd_next { CMD_DOCUMENT, CMD_END, CMD_BROKEN } cmd_next;

/*
 * Waits for the next document, which lives until the next call. CMD_BROKEN: it cannot be read, or
 * reading was stopped; it was told, unless it was stopped.
 */
cmd_next cmd_input_next(cmd_input *input, const uint8_t **document, size_t *length);

void cmd_input_close(cmd_input *input);

#endif
