/*
 * See due.h.
 */
#include "transport/reliable/due.h"

nm_waiting nm_reliable_waiting(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    const nm_outbox *outbox = &reliable->outbox;
    bool sender_waits = (stream->waiting & NM_WRITABLE) != 0;
    bool outstanding = nm_outbox_is_outstanding(outbox);
    return (nm_waiting){.for_answer = outstanding || outbox->unpublished != NULL || sender_waits ||
                                      !reliable->peer_answered,
                        .for_acknowledgement = outstanding};
}

int64_t nm_reliable_deadline_due(const nm_stream *stream)
{
    return stream->aborted == NATSMICRO_OK ? stream->deadline : NM_NEVER;
}

void nm_reliable_schedule(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->state == NM_RELIABLE_OVER)
        return;
    if (reliable->clocks.disconnected)
        return; /* the timer looks at the connection; until it is back nothing is due */
    int64_t due = nm_clocks_next(&reliable->clocks, nm_reliable_waiting(stream));
    int64_t deadline = nm_reliable_deadline_due(stream);
    if (deadline < due)
        due = deadline;
    if (nm_clocks_hasten(&reliable->clocks, due))
        nm_inbox_hasten_timer(&stream->inbox, due);
}
