/*
 * Patience: see patience.h. A second in which a thread waits for the caller at the time of the look
 * counts as one of waiting. So a handler that is busy with other things, or that has nothing to
 * send, never counts against its caller.
 */
#include "server/patience.h"

#include "call/answer.h"
#include "server/serve.h"
#include "server/state.h"

#include <inttypes.h>
#include <stdio.h>

/* A stream is judged when its server has waited for so many seconds. */
#define JUDGED_SECONDS 10

#define TEXT_SIZE 256

/* Writes why a call is to end; false: it is not. */
static bool lives_too_long(const natsmicro_server *server, const natsmicro_call *call,
                           char text[TEXT_SIZE])
{
    if (server->max_stream_ms == 0 ||
        nm_now() < nm_after(call->started, nm_duration(server->max_stream_ms)))
        return false;
    snprintf(text, TEXT_SIZE, "the stream has lasted for the server's max_stream_ms (%lld)",
             (long long)server->max_stream_ms);
    return true;
}

static bool moves_too_little(const natsmicro_server *server, natsmicro_call *call,
                             char text[TEXT_SIZE])
{
    if (server->min_stream_rate == 0 || !nm_call_is_waiting(call))
        return false;
    natsmicro_stream_metrics metrics;
    nm_stream_read_metrics(call->stream, &metrics);
    uint64_t moved = metrics.bytes_sent + metrics.bytes_received;
    nm_patience *patience = &call->patience;
    if (++patience->seconds < JUDGED_SECONDS)
        return false;
    uint64_t since = moved - patience->moved;
    *patience = (nm_patience){.moved = moved};
    if (since >= server->min_stream_rate * JUDGED_SECONDS)
        return false;
    snprintf(text, TEXT_SIZE,
             "the caller moved %" PRIu64 " bytes in %d s of waiting for it, less than the server's "
             "min_stream_rate (%" PRIu64 " bytes a second)",
             since, JUDGED_SECONDS, server->min_stream_rate);
    return true;
}

static void judge(natsmicro_server *server, natsmicro_call *call)
{
    char text[TEXT_SIZE];
    if (lives_too_long(server, call, text) || moves_too_little(server, call, text))
        nm_call_end_from_outside(call, NATSMICRO_DEADLINE_EXCEEDED, text);
}

void nm_patience_look(natsmicro_server *server)
{
    if (server->max_stream_ms == 0 && server->min_stream_rate == 0)
        return;
    natsmicro_call *call = NULL;
    while ((call = nm_serve_next_call(server, call)) != NULL) {
        if (nm_call_kind(call) != NATSMICRO_UNARY)
            judge(server, call);
    }
}
