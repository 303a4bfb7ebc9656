/*
 * Descriptor: reading and writing files, pipes and sockets for a call: whatever is interrupted,
 * short or not ready yet goes on, a wait ends with the call, and no signal kills the process.
 */
#ifndef NM_CHUNKED_DESCRIPTOR_H
#define NM_CHUNKED_DESCRIPTOR_H

#include "call/call.h"

typedef enum nm_descriptor_kind {
    NM_DESCRIPTOR_FILE,   /* regular: never waits */
    NM_DESCRIPTOR_SOCKET, /* may be told not to wait */
    NM_DESCRIPTOR_OTHER   /* pipes, terminals: waited for before */
} nm_descriptor_kind;

typedef struct nm_descriptor {
    natsmicro_call *call;
    int fd;
    nm_descriptor_kind kind;
    const char *name; /* for texts: a path, or "the descriptor" */
} nm_descriptor;

/*
 * What stands for an errno in this library, with a text: "name: No space left on device". A peer is
 * not told the name, which may be a path.
 */
natsmicro_status nm_errno_error(nm_error *error, const char *name, int number);

/*
 * What a descriptor of the user's is; `name` as in the struct. INVALID_ARGUMENT, with a text: none.
 */
natsmicro_status nm_descriptor_of(nm_descriptor *descriptor, natsmicro_call *call, int fd,
                                  const char *name);

/*
 * Reads until the buffer is full, the end, or, having read something, no more is there yet. A
 * nm_chunk_fill: errors have ended the call.
 */
natsmicro_status nm_descriptor_read(void *descriptor, uint8_t *buffer, size_t size, size_t *length);

/* Writes all of it. A nm_chunk_take. */
natsmicro_status nm_descriptor_write(void *descriptor, const uint8_t *data, size_t length);

#endif
