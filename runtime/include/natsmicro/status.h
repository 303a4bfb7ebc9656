/*
 * Statuses: what every function of the library returns, and what a call ends with.
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
 * NATSMICRO_OK is 0; NATSMICRO_END is the regular end of a stream; everything else is an error.
 * The names below, without their prefix, are the codes on the wire ("NOT_FOUND").
 */
typedef enum natsmicro_status {
    NATSMICRO_OK = 0,
    NATSMICRO_END = 1, /* the stream is complete: every message was read */

    NATSMICRO_CANCELLED = 2,            /* one of the sides gave up */
    NATSMICRO_UNKNOWN = 3,              /* an error that says nothing about itself */
    NATSMICRO_INVALID_ARGUMENT = 4,     /* the request cannot be right; a malformed message */
    NATSMICRO_DEADLINE_EXCEEDED = 5,    /* the time for the call ran out */
    NATSMICRO_NOT_FOUND = 6,            /* what the request names does not exist */
    NATSMICRO_ALREADY_EXISTS = 7,       /* what the request creates exists */
    NATSMICRO_PERMISSION_DENIED = 8,    /* the caller may not do this */
    NATSMICRO_RESOURCE_EXHAUSTED = 9,   /* a limit was hit: the error's text names it */
    NATSMICRO_FAILED_PRECONDITION = 10, /* the call or object is not in a state for this */
    NATSMICRO_ABORTED = 11,             /* given up because of a conflict; may be tried again */
    NATSMICRO_OUT_OF_RANGE = 12,        /* past the end of what there is */
    NATSMICRO_UNIMPLEMENTED = 13,       /* the service has no handler for the method */
    NATSMICRO_INTERNAL = 14,            /* something that ought not to happen did */
    NATSMICRO_UNAVAILABLE = 15,         /* nobody serves, the peer or the connection is gone */
    NATSMICRO_DATA_LOSS = 16,           /* messages of a stream were lost: the text says which */
    NATSMICRO_UNAUTHENTICATED = 17,     /* the caller has not said, or proved, who it is */

    NATSMICRO_SERVICE_ERROR = 18, /* a code of the service's own: see the error code's string */

    NATSMICRO_WOULD_BLOCK = 19 /* try_send: the peer has no room for more; never on the wire */
} natsmicro_status;

/*
 * The name of a status without its prefix: "OK", "END", "NOT_FOUND", … "SERVICE_ERROR"; "UNKNOWN"
 * for a number that is none. A static string. Never blocks; any thread.
 */
const char *natsmicro_status_name(natsmicro_status status);

/*
 * The status of a code as it travels: "NOT_FOUND", and the numbers 400, 404, 500 and 503 that
 * other implementations send. NULL or "" is NATSMICRO_UNKNOWN, any other string is
 * NATSMICRO_SERVICE_ERROR. Never blocks; any thread.
 */
natsmicro_status natsmicro_status_from_code(const char *code);

/* The library's version, "0.1.0". A static string. Never blocks; any thread. */
const char *natsmicro_version(void);

#ifdef __cplusplus
}
#endif

#endif
