/*
 * Offer: the header that a caller opens a reliable stream with, `Natsmicro-Stream: 1;
 * messages=1048576; bytes=4194304; timeout=5000`, and the one that a service accepts it with,
 * `Natsmicro-Stream: 1; service=<token>`.
 */
#ifndef NM_WIRE_OFFER_H
#define NM_WIRE_OFFER_H

#include "base/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NM_STREAM_VERSION "1"

typedef struct nm_stream_offer {
    uint64_t messages;   /* the caller's first limits: the highest number that may be sent to it */
    uint64_t bytes;      /* and the bytes below which a message may start */
    bool has_timeout;    /* it has a deadline */
    uint64_t timeout_ms; /* which is that far away */
} nm_stream_offer;

/* No offer is longer, its NUL included. */
#define NM_STREAM_OFFER_SIZE (sizeof("1; messages=; bytes=; timeout=") + (size_t)(3 * 20))

void nm_stream_offer_format(const nm_stream_offer *offer, char text[NM_STREAM_OFFER_SIZE]);

/*
 * Reads an offer. False, and the opening is a plain one, when the value is NULL, the version is not
 * 1, a limit is missing, or limit or timeout is not well-formed: digits, at most 2^62, once. Names
 * are in lower case. Other parameters are ignored.
 */
bool nm_stream_offer_read(const char *value, nm_stream_offer *offer);

/*
 * A token tells the frames of one service from those of another that has got the same opening. It
 * is random, and of one call alone: an opening that is sent again makes another call.
 */
#define NM_SERVICE_TOKEN_SIZE 65

/* What a service says until it has heard its caller. No acceptance is longer, its NUL included. */
#define NM_STREAM_ACCEPTANCE_SIZE (sizeof(NM_STREAM_VERSION "; service=") + NM_TOKEN_LENGTH)

void nm_stream_acceptance_format(const char *service, char text[NM_STREAM_ACCEPTANCE_SIZE]);

/*
 * Whether a service says that it speaks our version. `service`, which may be NULL, gets its token;
 * "": it has none, or one of more bytes than there is room for. Other parameters are ignored.
 */
bool nm_stream_acceptance_read(const char *value, char service[NM_SERVICE_TOKEN_SIZE]);

#endif
