/*
 * Part: a schema may be larger than a message, so a caller asks for its bytes part by part: the
 * question {"offset":0}, and the answer {"offset":0,"total":9,"data":"..."}. Pure functions.
 */
#ifndef NM_DISCOVERY_PART_H
#define NM_DISCOVERY_PART_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/error.h"

/*
 * The most bytes that a question may have. A longer one is not read: it would cost a stranger less
 * than the service.
 */
#define NM_PART_QUESTION_LIMIT 256

/* Most bytes of an answer, so that a small question does not bring a megabyte. */
#define NM_PART_ANSWER_LIMIT 65536

/* Reads a question; the offset is at most `total`. INVALID_ARGUMENT, with a text that says more. */
natsmicro_status nm_part_read(nm_bytes question, size_t total, size_t *offset, nm_error *error);

/*
 * Appends an answer of at most `limit` bytes, and of NM_PART_ANSWER_LIMIT: the bytes of `all` from
 * the offset on. Even with a small limit it has some of them, so that who asks comes to the end.
 */
void nm_part_write(nm_buffer *answer, nm_bytes all, size_t offset, size_t limit);

#endif
