/*
 * See pace.h.
 */
#include "transport/reliable/pace.h"

bool nm_pace_allows_resend(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    size_t bytes = nm_outbox_next_resend(&reliable->outbox);
    if (bytes == 0)
        return true;
    reliable->counts_resend = true;
    return nm_budget_take_resend(nm_link_budget(stream->link), &reliable->resend, &stream->inbox,
                                 bytes, nm_outbox_burst_bytes(&reliable->outbox));
}

void nm_pace_settle(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    const nm_outbox *outbox = &reliable->outbox;
    if (!reliable->counts_resend)
        return;
    if (nm_outbox_is_recovering(outbox))
        nm_budget_settle_resend(nm_link_budget(stream->link), &reliable->resend,
                                outbox->goes_back ? 0 : outbox->unacknowledged_bytes);
    else
        nm_pace_end(stream);
}

void nm_pace_end(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->counts_resend)
        nm_budget_end_resend(nm_link_budget(stream->link), &reliable->resend);
    reliable->counts_resend = false;
}
