/*
 * See over.h.
 */
#include "transport/reliable/over.h"

#include "transport/reliable/pace.h"

void nm_reliable_over(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    reliable->state = NM_RELIABLE_OVER;
    nm_outbox_drop(&reliable->outbox);
    nm_pace_end(stream);
    nm_stream_close_share(stream);
    nm_clocks_on_seal(&reliable->clocks);
    nm_stream_notify(stream, NM_OPENED | NM_READABLE | NM_WRITABLE);
}

void nm_reliable_end_call(nm_stream *stream, nm_control_frame *control, natsmicro_status status,
                          const char *text)
{
    nm_error error = NM_ERROR_INIT;
    nm_error_set(&error, status, "%s: %s", stream->method, text);
    nm_stream_abort_locked(stream, status, "%s", nm_error_text(&error));
    nm_control_reset(stream, control, &error);
    nm_reliable_over(stream);
    nm_error_clear(&error);
}
