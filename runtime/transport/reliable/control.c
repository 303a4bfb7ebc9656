/*
 * See control.h.
 */
#include "transport/reliable/control.h"

#include "transport/publish.h"
#include "wire/offer.h"

#include <stdlib.h>
#include <string.h>

uint8_t *nm_control_write(nm_reliable *reliable, uint8_t *at, uint64_t seq, bool gap)
{
    nm_frame_control numbers = {.seq = seq, .gap = gap};
    nm_intake_acknowledge(&reliable->intake, &numbers);
    nm_clocks_on_acknowledge(&reliable->clocks);
    return nm_frame_write_control(at, &numbers);
}

bool nm_reliable_set_address(nm_reliable *reliable, const char *address)
{
    size_t size = strlen(address) + 1;
    if (size > reliable->address_size) {
        char *larger = realloc(reliable->address, size);
        if (larger == NULL)
            return false;
        reliable->address = larger;
        reliable->address_size = (uint32_t)size;
    }
    memcpy(reliable->address, address, size);
    return true;
}

static void set_subject(nm_stream *stream, nm_control_frame *control)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    strcpy(control->subject, nm_reliable_address(reliable));
    control->wanted = control->subject[0] != '\0';
}

void nm_control_acknowledge(nm_stream *stream, nm_control_frame *control, bool gap, bool ask)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    set_subject(stream, control);
    uint8_t *end = nm_control_write(reliable, control->bytes, 0, gap);
    control->length = (size_t)(end - control->bytes);
    control->first = !reliable->peer_answered;
    control->ask = ask || control->first;
    if (ask)
        nm_clocks_on_probe(&reliable->clocks, nm_now());
}

void nm_control_reset(nm_stream *stream, nm_control_frame *control, const nm_error *error)
{
    set_subject(stream, control);
    uint8_t *end = nm_frame_write_reset(control->bytes, error != NULL ? nm_error_code(error) : NULL,
                                        error != NULL ? nm_error_told(error) : NULL);
    control->length = (size_t)(end - control->bytes);
    control->first = !nm_reliable_of(stream)->peer_answered;
    control->ask = false;
    control->flush = true;
}

void nm_control_publish(nm_stream *stream, const nm_control_frame *control)
{
    if (!control->wanted)
        return;
    char acceptance[NM_STREAM_ACCEPTANCE_SIZE];
    if (control->first)
        nm_stream_acceptance_format(stream->inbox.token, acceptance);
    nm_outgoing outgoing = {.subject = control->subject,
                            .reply = control->ask ? stream->inbox.subject : NULL,
                            .data = control->bytes,
                            .length = control->length,
                            .stream = control->first ? acceptance : NULL};
    nm_publish(nm_link_connection(stream->link), &outgoing, NULL);
    if (control->flush)
        nm_link_flush_soon(stream->link);
}
