/*
 * Bytes: a run of bytes that another owns. A message may be given as several of them, in order, so
 * that bytes from two places need not be copied together first.
 */
#ifndef NM_BASE_BYTES_H
#define NM_BASE_BYTES_H

#include <stddef.h>
#include <string.h>

typedef struct nm_bytes {
    const void *data; /* may be NULL if length is 0 */
    size_t length;
} nm_bytes;

/* The length of all pieces together. */
static inline size_t nm_bytes_length(const nm_bytes *pieces, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += pieces[i].length;
    return length;
}

#define NM_BYTES_SHORT 8

/* Copies the pieces to `to`, one after the other; it has room for all. */
static inline void nm_bytes_join(void *to, const nm_bytes *pieces, size_t count)
{
    char *at = to;
    for (size_t i = 0; i < count; i++) {
        const char *from = pieces[i].data;
        if (pieces[i].length > NM_BYTES_SHORT)
            memcpy(at, from, pieces[i].length);
        else /* a call of memcpy would cost more */
            for (size_t k = 0; k < pieces[i].length; k++)
                at[k] = from[k];
        at += pieces[i].length;
    }
}

#endif
