/*
 * Draft: composes the messages of one stream. They differ in number and payload alone, so a few
 * natsMsg are kept and filled again. No I/O; one thread at a time.
 *
 * A new natsMsg costs seven allocations, which nats.c's collector thread frees afterwards. That
 * takes many times as long as the rest of a send.
 */
#ifndef NM_WIRE_DRAFT_H
#define NM_WIRE_DRAFT_H

#include "base/bytes.h"

#include <nats/nats.h>
#include <stddef.h>
#include <stdint.h>

/* Payloads of up to this many bytes share slots by length; longer ones share one slot more. */
#define NM_DRAFT_SHORT       4096
#define NM_DRAFT_SHORT_SLOTS 8

/* All zero: empty. */
typedef struct nm_draft {
    natsMsg *kept[NM_DRAFT_SHORT_SLOTS + 1];
} nm_draft;

/*
 * Composes a message of a payload, given in pieces, and a number. The draft owns it: publish it
 * before the next call. `subject` must be the same in all calls until the draft is cleared. Returns
 * nats.c's statuses.
 */
natsStatus nm_draft_compose(nm_draft *draft, natsMsg **message, const char *subject,
                            const nm_bytes *pieces, size_t count, uint64_t sequence);

/* Destroys the kept messages; the draft is empty afterwards. */
void nm_draft_clear(nm_draft *draft);

#endif
