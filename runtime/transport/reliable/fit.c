/*
 * See fit.h.
 */
#include "transport/reliable/fit.h"

#include "transport/reliable/over.h"

#include <inttypes.h>
#include <stdio.h>

static void end_oversize_call(nm_stream *stream, const nm_oversize *oversize, size_t max_payload,
                              nm_control_frame *control)
{
    char text[256];
    int length = oversize->is_end
                     ? snprintf(text, sizeof(text), "the end of the stream")
                     : snprintf(text, sizeof(text), "message %" PRIu64, oversize->number);
    snprintf(text + length, sizeof(text) - (size_t)length,
             ", of %zu bytes, is larger than the %zu that the max_payload of %zu of the broker now "
             "leaves room for; it was accepted before the connection came to this broker",
             oversize->size, oversize->room, max_payload);
    nm_reliable_end_call(stream, control, NATSMICRO_RESOURCE_EXHAUSTED, text);
}

nm_fit nm_reliable_fit(nm_stream *stream, size_t max_payload, nm_control_frame *control)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_oversize oversize;
    nm_refit refit = nm_outbox_refit(&reliable->outbox, max_payload, &oversize);
    nm_clocks_on_seal(&reliable->clocks); /* nothing is open any more */
    switch (refit) {
    case NM_REFIT_NOTHING:
        break;
    case NM_REFIT_CUT:
        return NM_FIT_CUT;
    case NM_REFIT_OVERSIZE:
        end_oversize_call(stream, &oversize, max_payload, control);
        return NM_FIT_FAILED;
    case NM_REFIT_NO_MEMORY:
        nm_reliable_end_call(stream, control, NATSMICRO_RESOURCE_EXHAUSTED,
                             "no memory to cut frames anew for a smaller max_payload");
        return NM_FIT_FAILED;
    }
    return NM_FIT_UNCHANGED;
}
