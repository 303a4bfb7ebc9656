/*
 * Draft: the messages of one stream differ in number and payload alone, so they are composed in
 * messages that are kept and written anew. No I/O; one thread at a time.
 *
 * Composing one from nothing takes nats.c seven allocations, which its collector thread frees
 * afterwards: many times what the rest of a send takes.
 */
#ifndef NM_WIRE_DRAFT_H
#define NM_WIRE_DRAFT_H

#include "base/bytes.h"

#include <nats/nats.h>
#include <stddef.h>
#include <stdint.h>

/* Payloads up to this have a slot by their length; one longer payload is kept besides. */
#define NM_DRAFT_SHORT       4096
#define NM_DRAFT_SHORT_SLOTS 8

/* All zero: empty. */
typedef struct nm_draft {
    natsMsg *kept[NM_DRAFT_SHORT_SLOTS + 1];
} nm_draft;

/*
 * The message with this payload, given in pieces, and number, to be published before the next call;
 * it is the draft's. `subject` is the same in all calls until the draft is cleared. nats.c's
 * statuses.
 */
natsStatus nm_draft_compose(nm_draft *draft, natsMsg **message, const char *subject,
                            const nm_bytes *pieces, size_t count, uint64_t sequence);

/* Destroys what is kept. */
void nm_draft_clear(nm_draft *draft);

#endif
