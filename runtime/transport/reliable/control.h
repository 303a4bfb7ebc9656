/*
 * Control frames: frames without messages, that is acknowledgements, probes and resets. They are
 * composed under the stream's lock and published after it, so that nothing waits with the lock
 * held. A lost one is repeated by a timer.
 */
#ifndef NM_TRANSPORT_RELIABLE_CONTROL_H
#define NM_TRANSPORT_RELIABLE_CONTROL_H

#include "transport/reliable/state.h"
#include "wire/frame.h"

typedef struct nm_control_frame {
    char subject[NM_RELIABLE_ADDRESS_SIZE];
    uint8_t bytes[NM_FRAME_CONTROL_SIZE > NM_FRAME_RESET_SIZE ? NM_FRAME_CONTROL_SIZE
                                                              : NM_FRAME_RESET_SIZE];
    size_t length;
    bool first;  /* with the header and our inbox: no frame of the client has come yet */
    bool ask;    /* with our inbox, so that the peer answers */
    bool wanted; /* there is something to publish */
    bool flush;  /* at once; other frames are left to nats.c, which takes a millisecond */
} nm_control_frame;

/*
 * Under the lock: the peer is at this address from now on, which is shorter than
 * NM_RELIABLE_ADDRESS_SIZE. False: no memory, and it stays where it was.
 */
bool nm_reliable_set_address(nm_reliable *reliable, const char *address);

/* Nothing to publish. The bytes stay as they are: most control frames remain empty. */
static inline void nm_control_clear(nm_control_frame *control)
{
    control->length = 0;
    control->first = control->ask = control->wanted = control->flush = false;
}

/* Under the lock: an acknowledgement. `ask`: as a probe, which wants an answer. */
void nm_control_acknowledge(nm_stream *stream, nm_control_frame *control, bool gap, bool ask);

/* Under the lock: a reset. Without an error it says that there is no such call. */
void nm_control_reset(nm_stream *stream, nm_control_frame *control, const nm_error *error);

/* With the lock free. */
void nm_control_publish(nm_stream *stream, const nm_control_frame *control);

/*
 * Under the lock: the control fields of any frame, as they are now, with `seq` as the number of its
 * first message. Writes at `at`, returns the end.
 */
uint8_t *nm_control_write(nm_reliable *reliable, uint8_t *at, uint64_t seq, bool gap);

#endif
