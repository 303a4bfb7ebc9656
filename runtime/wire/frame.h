/*
 * Frame: reads and writes the payload of one NATS message of a reliable stream. The schema is
 * proto/natsmicro/stream.proto; this codec is written by hand because a frame may hold thousands of
 * messages of a few bytes. No I/O, and no memory is allocated for a frame. The bytes may be
 * hostile.
 *
 * The transport decides what a frame means for a call in its present state.
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

/* The highest number of a message or end in one direction. */
#define NM_FRAME_LAST_NUMBER (UINT64_C(1) << 62)

/* ---- reading ---- */

typedef struct nm_frame_end {
    nm_bytes status; /* empty: OK; else a valid code (nm_code_is_valid) */
    nm_bytes text;   /* UTF-8 without NUL */
    nm_bytes data;
    nm_bytes trailers; /* the range that holds them; read by nm_frame_trailers */
    uint64_t digest;
} nm_frame_end;

typedef struct nm_frame_reset {
    nm_bytes status; /* empty: the peer knows no such call; else a valid code */
    nm_bytes text;   /* UTF-8 without NUL */
} nm_frame_reset;

/* A frame that was read. All pointers point into the payload, and are valid as long as that is. */
typedef struct nm_frame {
    uint64_t seq;
    uint64_t ack;
    uint64_t max_messages;
    uint64_t max_bytes;
    bool gap;
    bool has_end;
    bool has_reset;
    bool contiguous;      /* no other field lies between the messages */
    size_t count;         /* of messages */
    size_t messages_size; /* bytes of their encodings, which limits count */
    size_t last_size;     /* bytes of the last message's encoding */
    /* The range from the first message's encoding to the last one's; NULL if there is none. */
    const uint8_t *messages;
    const uint8_t *messages_end;
    nm_bytes headers; /* the range that holds them; read by nm_frame_headers */
    nm_frame_end end;
    nm_frame_reset reset;
} nm_frame;

/*
 * Reads a payload. Returns false, with the reason in *why (a static text), if the payload is
 * malformed:
 *
 *   - it does not have the schema's form;
 *   - a tag, or the length of one of `messages`, is not in its shortest form;
 *   - `end` or `reset` comes twice, which protobuf would merge and no sender means;
 *   - messages or an end have seq 0, or a number over NM_FRAME_LAST_NUMBER;
 *   - a code is invalid, or a text is not UTF-8 or holds NUL.
 *
 * If a scalar comes twice the last one counts. In a frame with a reset the numbers are not checked.
 */
bool nm_frame_read(const uint8_t *data, size_t length, nm_frame *frame, const char **why);

/* Rules for a frame that depend on who receives it. */
typedef struct nm_frame_rules {
    bool from_client;      /* an end must have no status */
    bool without_messages; /* for the server of a server stream */
    uint64_t sent;         /* the highest number that was sent; none above it may be acknowledged */
} nm_frame_rules;

/*
 * Returns which rule a frame that was read breaks, in a static text, or NULL. One that breaks a
 * rule is malformed.
 */
const char *nm_frame_breaks(const nm_frame *frame, const nm_frame_rules *rules);

/* The number of the last message or end in the frame; 0 if it has neither. */
static inline uint64_t nm_frame_last_number(const nm_frame *frame)
{
    return frame->count == 0 && !frame->has_end ? 0 : frame->seq + frame->count - !frame->has_end;
}

/* The position of a reader in a frame's messages: at a message's encoding, or at the end. */
typedef struct nm_frame_cursor {
    const uint8_t *at;
    const uint8_t *end;
} nm_frame_cursor;

/* The position before the first message. */
static inline nm_frame_cursor nm_frame_first(const nm_frame *frame)
{
    return (nm_frame_cursor){frame->messages, frame->messages_end};
}

/* nm_frame_next_message for a message of 128 bytes and more, or after other fields. */
bool nm_frame_next_message_slowly(nm_frame_cursor *cursor, const uint8_t **data, size_t *length);

/* The first byte of a message's encoding: field 2, length-delimited. */
#define NM_FRAME_MESSAGE_TAG 0x12

/*
 * Reads the next message of a frame that nm_frame_read has accepted; the message stays in the
 * payload. Returns false after the last one.
 */
static inline bool nm_frame_next_message(nm_frame_cursor *cursor, const uint8_t **data,
                                         size_t *length)
{
    const uint8_t *at = cursor->at;

    if (at == cursor->end)
        return false;
    /* A tag is never the last byte of an accepted frame. */
    if (at[0] != NM_FRAME_MESSAGE_TAG || at[1] >= 0x80)
        return nm_frame_next_message_slowly(cursor, data, length);
    *data = at + 2;
    *length = at[1];
    cursor->at = at + 2 + at[1];
    return true;
}

/* Skips up to `count` messages; returns the bytes of their encodings. */
size_t nm_frame_skip(nm_frame_cursor *cursor, uint64_t count);

/* A response header or trailer. Name and value are UTF-8 without NUL; no other rule was checked. */
typedef struct nm_frame_header {
    nm_bytes name;
    nm_bytes value;
} nm_frame_header;

typedef struct nm_frame_header_cursor {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t tag;
} nm_frame_header_cursor;

/* The position before the first header or trailer. */
nm_frame_header_cursor nm_frame_headers(const nm_frame *frame);
nm_frame_header_cursor nm_frame_trailers(const nm_frame *frame);

/* Reads the next header, which stays in the payload. Returns false after the last one. */
bool nm_frame_next_header(nm_frame_header_cursor *cursor, nm_frame_header *header);

/*
 * Appends copies of those headers that a user may set, and skips the others. Returns false if
 * memory is short.
 */
bool nm_frame_copy_headers(nm_frame_header_cursor cursor, nm_headers *headers);

/* ---- writing ----
 *
 * The caller has the memory of a frame. Fields may come in any order: messages are appended one by
 * one, and the numbers that are known only when the frame is sealed follow them. Only the messages'
 * encodings are kept until they are acknowledged; any run of them followed by a control is a frame
 * again.
 *
 * Each function writes at `at`, where there must be room, and returns the end of what it wrote.
 */

/* The size of a message's encoding: 2 for an empty message. */
static inline size_t nm_frame_message_size(size_t length)
{
    return 1 + nm_varint_size(length) + length;
}

/* Writes the front of a message's encoding, to be followed by the message's bytes. */
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

/* All fields of a frame that are numbers. */
typedef struct nm_frame_control {
    uint64_t seq; /* 0: the frame has neither messages nor an end */
    uint64_t ack;
    uint64_t max_messages;
    uint64_t max_bytes;
    bool gap;
} nm_frame_control;

/* The longest control: four numbers with their tags, and gap. */
#define NM_FRAME_CONTROL_SIZE (4 * 11 + 2)

uint8_t *nm_frame_write_control(uint8_t *at, const nm_frame_control *control);

/* Response headers: their size in a frame, and the fields themselves. NULL is none. */
size_t nm_frame_headers_size(const nm_headers *headers);
uint8_t *nm_frame_write_headers(uint8_t *at, const nm_headers *headers);

/*
 * The parts of an end; zero and NULL leave one out. Status and text may be anything: they are
 * mended as error headers are, and the text is cut to NM_ERROR_TEXT_LIMIT bytes.
 */
typedef struct nm_frame_outcome {
    const char *status; /* NULL or "": OK */
    const char *text;
    uint64_t digest;
    nm_bytes data;
    const nm_headers *trailers;
    bool was_cut; /* the writer's word: data or trailers had to be left out */
} nm_frame_outcome;

/* The longest end that is left once text, data and trailers have been cut. */
#define NM_FRAME_SHORTEST_END (1 + 2 + 1 + 2 + NM_CODE_LIMIT + 9)

/*
 * Writes an end of at most `room` bytes, or NM_FRAME_SHORTEST_END if that is more. It leaves out
 * parts that do not fit: first all data, then trailers from the last one backwards, then the end of
 * the text.
 */
uint8_t *nm_frame_write_end(uint8_t *at, size_t room, nm_frame_outcome *outcome);

/* The most bytes of a reset's text, which is cut, and the longest reset. */
#define NM_FRAME_RESET_TEXT 256
#define NM_FRAME_RESET_SIZE (1 + 2 + 1 + 2 + NM_CODE_LIMIT + 1 + 2 + NM_FRAME_RESET_TEXT)

/*
 * Writes a reset, which is a frame of its own. Status and text are mended as an end's are. NULL or
 * "" as status says that there is no such call.
 */
uint8_t *nm_frame_write_reset(uint8_t *at, const char *status, const char *text);

#endif
