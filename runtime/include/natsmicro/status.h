/*
 * Status: what functions of the library return and calls end with.
 */
#ifndef NATSMICRO_STATUS_H
#define NATSMICRO_STATUS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Lets a compiler check printf arguments where it can; nothing elsewhere. */
#if defined(__GNUC__)
#define NATSMICRO_PRINTF(format_index, first_argument) \
    __attribute__((format(printf, format_index, first_argument)))
#else
#define NATSMICRO_PRINTF(format_index, first_argument)
#endif

/*
 * Marks a function whose failure is told nowhere else, so that compilers warn who ignores what it
 * returns: those that make something, add a service or run a server, and those that send and
 * receive. What ends or answers something is not marked.
 */
#if defined(__GNUC__)
#define NATSMICRO_MUST_USE __attribute__((warn_unused_result))
#else
#define NATSMICRO_MUST_USE
#endif

/*
 * NATSMICRO_OK is 0. NATSMICRO_END is the regular end of a stream. All others are errors.
 *
 * A service may fail with any of the errors from CANCELLED to UNAUTHENTICATED. It travels as a
 * code, which is the name below without the prefix ("NOT_FOUND"). The library itself returns most
 * of them, too; "library:" says when.
 */
typedef enum natsmicro_status {
    NATSMICRO_OK = 0,
    /* The stream is complete: every message was read. */
    NATSMICRO_END = 1,

    /* The call was given up. Library: by natsmicro_call_cancel or close, or the caller is gone. */
    NATSMICRO_CANCELLED = 2,
    /* Nothing more is known. Library: the peer sent an error without a code. */
    NATSMICRO_UNKNOWN = 3,
    /* The request is wrong. Library: an argument, an option or a received message is. */
    NATSMICRO_INVALID_ARGUMENT = 4,
    /* The time for the call ran out. */
    NATSMICRO_DEADLINE_EXCEEDED = 5,
    /* What the request names does not exist. Library: a file. */
    NATSMICRO_NOT_FOUND = 6,
    /* What the request would create exists. Library: the server serves the subject already. */
    NATSMICRO_ALREADY_EXISTS = 7,
    /* The caller may not do this. Library: the broker or the file system refused it. */
    NATSMICRO_PERMISSION_DENIED = 8,
    /* A limit was reached, and the text names it. Library: memory, max_payload, disk space. */
    NATSMICRO_RESOURCE_EXHAUSTED = 9,
    /* The call or object is not in a state for this. */
    NATSMICRO_FAILED_PRECONDITION = 10,
    /* Given up because of a conflict; trying again may help. Library: a file or pipe that broke. */
    NATSMICRO_ABORTED = 11,
    /* Past the end of what there is. */
    NATSMICRO_OUT_OF_RANGE = 12,
    /* Library: the service has no handler for the method. */
    NATSMICRO_UNIMPLEMENTED = 13,
    /* A fault in a program. Library: no reply, or one that cannot be decoded. */
    NATSMICRO_INTERNAL = 14,
    /*
     * The service cannot be used now. Library: nobody listens, the service is busy or stopping, the
     * peer was silent for too long, the connection is closed.
     */
    NATSMICRO_UNAVAILABLE = 15,
    /* Library: messages of a stream were lost; the text has their numbers. */
    NATSMICRO_DATA_LOSS = 16,
    /* The caller has not proved who it is. */
    NATSMICRO_UNAUTHENTICATED = 17,

    /* A code of the service's own; the error code's string tells which. */
    NATSMICRO_SERVICE_ERROR = 18,

    /* Only from try_send: the peer has no room for the message now. No call ends with it. */
    NATSMICRO_WOULD_BLOCK = 19
} natsmicro_status;

/*
 * Returns the name of a status without its prefix: "OK", "END", "NOT_FOUND", … "SERVICE_ERROR". A
 * number that is no status is "UNKNOWN". The string is static. Never blocks; any thread.
 */
const char *natsmicro_status_name(natsmicro_status status);

/*
 * Returns the status of a code as it travels: the names from "CANCELLED" to "SERVICE_ERROR", and
 * the numbers that other implementations, and servers with numeric_codes, send: 400
 * INVALID_ARGUMENT, 401 UNAUTHENTICATED, 403 PERMISSION_DENIED, 404 NOT_FOUND, 409 ALREADY_EXISTS,
 * 412 FAILED_PRECONDITION, 416 OUT_OF_RANGE, 429 RESOURCE_EXHAUSTED, 499 CANCELLED, 500 INTERNAL,
 * 501 UNIMPLEMENTED, 503 UNAVAILABLE, 504 DEADLINE_EXCEEDED. NULL and "" are NATSMICRO_UNKNOWN.
 * Every other string is NATSMICRO_SERVICE_ERROR, so the result is always an error. Never blocks;
 * any thread.
 */
natsmicro_status natsmicro_status_from_code(const char *code);

/*
 * Returns why a function failed that neither a call nor a context tells of, in the calling thread:
 * what failed, and the reason, as "shop.v1.Stock: subject_prefix \"a b\": must not contain a space".
 * The functions are those that make a client, a server or a context; `…__add`,
 * natsmicro_server_run, natsmicro_options_prepare and natsmicro_chunked_remove_leftovers; and those
 * of a context that set a header, and those that make a unary call or open a stream, whether they
 * are given a context or not. Functions that are given a call leave their text there:
 * natsmicro_call_error_message.
 *
 * It is like errno. Ask right after a failure: a function that succeeds may leave an old text, and
 * a later failure of the thread replaces it. "" where none has failed yet. At most 511 bytes. They
 * belong to the thread, and other threads have texts of their own. A text may hold what a peer has
 * sent: see context.h. Never blocks; any thread.
 */
const char *natsmicro_last_error(void);

/*
 * Returns the library's version as "major.minor.patch". The string is static. Never blocks; any
 * thread.
 */
const char *natsmicro_version(void);

#ifdef __cplusplus
}
#endif

#endif
