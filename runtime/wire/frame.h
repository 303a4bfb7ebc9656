/*
 * Frame: what one message of a reliable stream says, read from its payload and written to one. The
 * schema is proto/natsmicro/stream.proto; it is encoded by hand because a frame may hold thousands
 * of messages of a few bytes. No I/O, and no memory per frame; hostile bytes are the rule.
 *
 * What a frame means in the state that a call is in is the transport's business.
 */
#ifndef NM_WIRE_FRAME_H
#define NM_WIRE_FRAME_H

#include "base/bytes.h"
#include "base/headers.h"
#include "base/rules.h"
#include "base/varint.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* No direction has a higher number. */
#define NM_FRAME_LAST_NUMBER (UINT64_C(1) << 62)

/* ---- reading ---- */

typedef struct nm_frame_end {
    nm_bytes status; /* empty: OK; else a valid code (nm_code_is_valid) */
    nm_bytes text;   /* UTF-8 without NUL */
    nm_bytes data;
    nm_bytes trailers; /* where they are: nm_frame_trailers */
    uint64_t digest;
} nm_frame_end;

typedef struct nm_frame_reset {
    nm_bytes status; /* empty: "I know no such call"; else a valid code */
    nm_bytes text;   /* UTF-8 without NUL */
} nm_frame_reset;

/* A frame as it was read. Everything points into the payload and lives as long as that. */
typedef struct nm_frame {
    uint64_t seq;
    uint64_t ack;
    uint64_t max_messages;
    uint64_t max_bytes;
    bool gap;
    bool has_end;
    bool has_reset;
    bool contiguous;         /* the messages' encodings lie behind each other */
    size_t count;            /* of messages */
    size_t messages_size;    /* bytes of their encodings: what counts for limits */
    size_t last_size;        /* of that, the last message's */
    const uint8_t *messages; /* from the first message's encoding to behind the last one's; other */
    const uint8_t *messages_end; /* fields may lie in between. NULL when there is none */
    nm_bytes headers;            /* where they are: nm_frame_headers */
    nm_frame_end end;
    nm_frame_reset reset;
} nm_frame;

/*
 * Reads a payload. False when it is malformed as far as bytes alone can tell, with the reason in
 * *why (a static text). Malformed is: not the schema's bytes; a tag or length of `messages` written
 * longer than need be; `end` or `reset` twice (protobuf would merge them, and no sender means
 * that); messages or an end with seq 0 or with a number over NM_FRAME_LAST_NUMBER; a bad code; text
 * that is not UTF-8 or holds NUL. Of a scalar that comes twice the last counts. In a frame with a
 * reset nothing else is checked beyond the schema.
 */
bool nm_frame_read(const uint8_t *data, size_t length, nm_frame *frame, const char **why);

/* What a frame may not be on its way to us, beyond its bytes. */
typedef struct nm_frame_rules {
    bool from_client;      /* an end has no status */
    bool without_messages; /* it comes to the server of a server-stream */
    uint64_t sent;         /* the highest number that we have sent; an ack may not be beyond */
} nm_frame_rules;

/* Why a frame that was read breaks the rules (a static text; it is malformed then), or NULL. */
const char *nm_frame_breaks(const nm_frame *frame, const nm_frame_rules *rules);

/* The number of the last thing in the frame, message or end; 0 when there is neither. */
static inline uint64_t nm_frame_last_number(const nm_frame *frame)
{
    return frame->count == 0 && !frame->has_end ? 0 : frame->seq + frame->count - !frame->has_end;
}

/* Where the reading of a frame's messages stands: at a message's encoding, or at the end. */
typedef struct nm_frame_cursor {
    const uint8_t *at;
    const uint8_t *end;
} nm_frame_cursor;

static inline nm_frame_cursor nm_frame_first(const nm_frame *frame)
{
    return (nm_frame_cursor){frame->messages, frame->messages_end};
}

/* A cursor's next message where it is long, or other fields lie behind it. */
bool nm_frame_next_message_slowly(nm_frame_cursor *cursor, const uint8_t **data, size_t *length);

/* The first byte of a message's encoding: field 2, length-delimited. */
#define NM_FRAME_MESSAGE_TAG 0x12

/* The next message of a frame that nm_frame_read has found good; false behind the last. */
static inline bool nm_frame_next_message(nm_frame_cursor *cursor, const uint8_t **data,
                                         size_t *length)
{
    const uint8_t *at = cursor->at;

    if (at == cursor->end)
        return false;
    /* A tag is never the frame's last byte, so there is a byte behind it. */
    if (at[0] != NM_FRAME_MESSAGE_TAG || at[1] >= 0x80)
        return nm_frame_next_message_slowly(cursor, data, length);
    *data = at + 2;
    *length = at[1];
    cursor->at = at + 2 + at[1];
    return true;
}

/* Passes over that many messages, or all; returns the bytes of their encodings. */
size_t nm_frame_skip(nm_frame_cursor *cursor, uint64_t count);

/*
 * One response header or trailer: name and value are UTF-8 without NUL, and nothing more is sure.
 */
typedef struct nm_frame_header {
    nm_bytes name;
    nm_bytes value;
} nm_frame_header;

typedef struct nm_frame_header_cursor {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t tag;
} nm_frame_header_cursor;

nm_frame_header_cursor nm_frame_headers(const nm_frame *frame);
nm_frame_header_cursor nm_frame_trailers(const nm_frame *frame);
bool nm_frame_next_header(nm_frame_header_cursor *cursor, nm_frame_header *header);

/*
 * Appends copies of the user's headers among them: those that a peer's user may set. The others are
 * passed over. False when memory is short.
 */
bool nm_frame_copy_headers(nm_frame_header_cursor cursor, nm_headers *headers);

/* ---- writing ----
 *
 * A frame is put together in the caller's memory. Fields may come in any order, so messages are
 * appended one by one as they are made, and what is known only when the frame is sealed goes
 * behind them. What is kept until it is acknowledged is the messages' encodings alone: any run of
 * them with a control behind it is a frame again.
 *
 * Each function writes at `at` and returns the end of what it wrote.
 */

/* Bytes of a message's encoding: 2 for an empty one. */
static inline size_t nm_frame_message_size(size_t length)
{
    return 1 + nm_varint_size(length) + length;
}

/* What stands before a message's bytes, which the caller then puts behind it. */
static inline uint8_t *nm_frame_put_message_head(uint8_t *at, size_t length)
{
    *at++ = NM_FRAME_MESSAGE_TAG;
    return nm_varint_write(at, length);
}

static inline uint8_t *nm_frame_put_message(uint8_t *at, const void *data, size_t length)
{
    at = nm_frame_put_message_head(at, length);
    if (length > 0)
        memcpy(at, data, length);
    return at + length;
}

/* Everything of a frame that is a number. */
typedef struct nm_frame_control {
    uint64_t seq; /* 0: the frame has neither messages nor an end */
    uint64_t ack;
    uint64_t max_messages;
    uint64_t max_bytes;
    bool gap;
} nm_frame_control;

/* No control is longer: four numbers with their tags, and gap. */
#define NM_FRAME_CONTROL_SIZE (4 * 11 + 2)

uint8_t *nm_frame_write_control(uint8_t *at, const nm_frame_control *control);

/* Response headers. NULL: none. */
size_t nm_frame_headers_size(const nm_headers *headers);
uint8_t *nm_frame_write_headers(uint8_t *at, const nm_headers *headers);

/*
 * What an end is to carry. Status and text need not be fit for the wire: they are mended, as error
 * headers are, and a text is at most NM_ERROR_TEXT_LIMIT bytes. Zero and NULL leave a part out.
 */
typedef struct nm_frame_outcome {
    const char *status; /* NULL or "": OK */
    const char *text;
    uint64_t digest;
    nm_bytes data;
    const nm_headers *trailers;
} nm_frame_outcome;

/* An end that is cut as far as it can be is no longer, whatever its text, data and trailers. */
#define NM_FRAME_SHORTEST_END (1 + 2 + 1 + 2 + NM_CODE_LIMIT + 9)

/*
 * Writes an end that has `room` bytes at most, or NM_FRAME_SHORTEST_END where that is more. What
 * does not fit is left out: first the data, as a whole, then trailers from the last one on, then
 * the end of the text.
 */
uint8_t *nm_frame_write_end(uint8_t *at, size_t room, const nm_frame_outcome *outcome);

/* No reset is longer: its text is cut to NM_FRAME_RESET_TEXT. */
#define NM_FRAME_RESET_TEXT 256
#define NM_FRAME_RESET_SIZE (1 + 2 + 1 + 2 + NM_CODE_LIMIT + 1 + 2 + NM_FRAME_RESET_TEXT)

/* A frame of its own: a reset. Mended like an end. NULL or "" as status: no such call. */
uint8_t *nm_frame_write_reset(uint8_t *at, const char *status, const char *text);

#endif
