/*
 * Frames without messages: acknowledgements, probes and resets. They are composed under the
 * stream's lock and published after it, so nothing here waits with the lock held. Lost ones are
 * made good by timers.
 */
#include "transport/publish.h"
#include "transport/reliable/state.h"

#include <string.h>

uint8_t *nm_note_write_control(nm_stream *stream, uint8_t *at, uint64_t seq, bool gap)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    uint64_t used = atomic_load_explicit(&reliable->used, memory_order_relaxed);
    uint64_t used_bytes = atomic_load_explicit(&reliable->used_bytes, memory_order_relaxed);
    nm_frame_control control = {.seq = seq, .ack = reliable->received, .gap = gap};
    if (reliable->window_messages > 0) {
        control.max_messages = used + reliable->window_messages;
        control.max_bytes = used_bytes + reliable->window_bytes;
    }
    reliable->told_received = reliable->received;
    reliable->told_received_bytes = reliable->received_bytes;
    reliable->told_max_messages = control.max_messages;
    reliable->told_max_bytes = control.max_bytes;
    atomic_store_explicit(&reliable->told_used, used, memory_order_relaxed);
    atomic_store_explicit(&reliable->told_used_bytes, used_bytes, memory_order_relaxed);
    reliable->ack_due = NM_NEVER;
    return nm_frame_write_control(at, &control);
}

static void address(nm_stream *stream, nm_note *note)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    strcpy(note->subject, reliable->address);
    note->wanted = note->subject[0] != '\0';
}

void nm_note_acknowledge(nm_stream *stream, nm_note *note, bool gap, bool ask)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    address(stream, note);
    uint8_t *end = nm_note_write_control(stream, note->bytes, 0, gap);
    note->length = (size_t)(end - note->bytes);
    note->first = !reliable->peer_heard;
    note->ask = ask || note->first;
    if (ask)
        reliable->last_probe = nm_now();
}

void nm_note_reset(nm_stream *stream, nm_note *note, const nm_error *error)
{
    address(stream, note);
    uint8_t *end = nm_frame_write_reset(note->bytes, error != NULL ? nm_error_code(error) : NULL,
                                        error != NULL ? nm_error_told(error) : NULL);
    note->length = (size_t)(end - note->bytes);
    note->first = !nm_reliable_of(stream)->peer_heard;
    note->ask = false;
    note->flush = true;
}

void nm_note_publish(nm_stream *stream, const nm_note *note)
{
    if (!note->wanted)
        return;
    nm_outgoing outgoing = {.subject = note->subject,
                            .reply = note->ask ? stream->inbox.subject : NULL,
                            .data = note->bytes,
                            .length = note->length,
                            .stream = note->first ? NM_STREAM_VERSION : NULL};
    nm_publish(nm_link_connection(stream->link), &outgoing, NULL);
    if (note->flush)
        nm_link_flush_soon(stream->link);
}
