/*
 * Header block: finds the headers of a received message, and reads them.
 *
 * nats.c's own reader is not used: it walks a list for each value, so that a stranger's message can
 * cost seconds of CPU; it writes into the message; and before 3.11 it takes the line after a header
 * without a value for the value. This one writes nothing, allocates nothing and looks at each byte
 * a few times, whatever the bytes are.
 *
 * nats.c copies a received message into one allocation:
 *
 *     subject NUL [reply NUL] [block NUL] payload NUL
 *
 * and gives pointers to all of it but the block, which it keeps to itself. This holds for nats.c
 * 3.4.1 to 3.14 (tests/integration/header_layout_test.c), for messages that were received and whose
 * headers nats.c itself has not read.
 */
#ifndef NM_WIRE_HEADER_BLOCK_H
#define NM_WIRE_HEADER_BLOCK_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of headers that a message may have by default, from NATS/1.0 to the empty line. */
#define NM_HEADER_LIMIT 16384

typedef enum nm_header_block_state {
    NM_HEADER_BLOCK_NONE,      /* the message has no headers */
    NM_HEADER_BLOCK_FOUND,     /* it has, and they can be read */
    NM_HEADER_BLOCK_TOO_LONG,  /* it has more bytes of them than the limit */
    NM_HEADER_BLOCK_MALFORMED, /* it has bytes there that are no block of headers */
} nm_header_block_state;

/*
 * Finds the block of a message by the pointers that nats.c gives: subject, reply (NULL: none) and
 * payload. nats.c 3.14 gives NULL for an empty payload; then the block ends at the first NUL.
 *
 * A found block begins with "NATS/1.0", ends with an empty line and holds no NUL. A NUL in the
 * subject or the reply, which nats-server passes on, shifts the start: then the block is malformed,
 * or, if the payload is NULL and the rest of the reply is empty, none. Nothing outside the message
 * is read.
 */
nm_header_block_state nm_header_block_find(const char *subject, const char *reply,
                                           const char *payload, size_t limit, nm_bytes *block);

/*
 * Whether bytes that came by another way are a block of headers: they begin with "NATS/1.0" and end
 * with an empty line.
 */
bool nm_header_block_is(nm_bytes bytes);

/*
 * Returns how many bytes of a received message lie in front of its payload: subject, reply, headers
 * and their NULs. nats.c tells the size of headers in no other way. Takes the same three as
 * nm_header_block_find.
 */
size_t nm_header_block_front(const char *subject, const char *reply, const char *payload);

/* Reads a block that was found, from its first header to its last. */
typedef struct nm_header_reader {
    const char *at;
    const char *end;
    bool malformed;
} nm_header_reader;

/*
 * Begins with the first line, such as "NATS/1.0 503 No Responders": `status` gets the code (at most
 * three bytes) and `description` the rest. Both may be empty.
 */
void nm_header_reader_begin(nm_header_reader *reader, nm_bytes block, nm_bytes *status,
                            nm_bytes *description);

/*
 * Reads the next header. False: there is none, or the block is malformed, and `malformed` says so.
 * A block is malformed when a line has no colon, or when its first header begins with a blank.
 * Headers without a name are passed over.
 *
 * Lines end with LF or CR LF; the first empty line ends the headers. A line that begins with a
 * blank goes on with the value of the line before. The value has no blanks around it and may be
 * empty. If it has several lines, their ends are still in it: nm_header_value_copy takes them out.
 */
bool nm_header_reader_next(nm_header_reader *reader, nm_bytes *name, nm_bytes *value);

/*
 * Copies a value and a NUL to `to`, which has room for one byte more than the value has. The end of
 * a line, with the blanks around it, becomes one space. Returns the length without the NUL.
 */
size_t nm_header_value_copy(nm_bytes value, char *to);

#endif
