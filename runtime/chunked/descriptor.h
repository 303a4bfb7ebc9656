/*
 * Descriptor: reads and writes files, pipes and sockets for a call. It goes on after signals, short
 * reads and writes, and when the descriptor is not ready yet; a wait ends with the call; SIGPIPE
 * and SIGXFSZ do not end the process.
 */
#ifndef NM_CHUNKED_DESCRIPTOR_H
#define NM_CHUNKED_DESCRIPTOR_H

#include "call/call.h"

typedef enum nm_descriptor_kind {
    NM_DESCRIPTOR_FILE,   /* a regular file: never waits */
    NM_DESCRIPTOR_SOCKET, /* can be told not to wait */
    NM_DESCRIPTOR_OTHER   /* a pipe or terminal: polled before each read and write */
} nm_descriptor_kind;

typedef struct nm_descriptor {
    natsmicro_call *call;
    int fd;
    nm_descriptor_kind kind;
    const char *name; /* for texts: a path, or "the descriptor" */
} nm_descriptor;

/*
 * Sets the error that stands for an errno, with the text "name: No space left on device", and
 * returns its status. A peer is told the text without the name, which may be a path.
 */
natsmicro_status nm_errno_error(nm_error *error, const char *name, int number);

/*
 * Prepares a descriptor of the user's; `name` is for texts. INVALID_ARGUMENT, with a text, if `fd`
 * is not open or is a folder.
 */
natsmicro_status nm_descriptor_of(nm_descriptor *descriptor, natsmicro_call *call, int fd,
                                  const char *name);

/*
 * Reads until the buffer is full, the end is reached, or no more is there yet after something was
 * read. This is a nm_chunk_fill: its errors have ended the call.
 */
natsmicro_status nm_descriptor_read(void *descriptor, uint8_t *buffer, size_t size, size_t *length);

/* Writes all bytes. This is a nm_chunk_take: its errors have ended the call. */
natsmicro_status nm_descriptor_write(void *descriptor, const uint8_t *data, size_t length);

#endif
