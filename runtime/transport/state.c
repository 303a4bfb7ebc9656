/*
 * See state.h.
 */
#include "transport/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the log ---- */

void nm_stream_debug(const nm_stream *stream, const char *format, ...)
{
    if (stream->settings->log < NATSMICRO_LOG_DEBUG)
        return;
    va_list arguments;
    va_start(arguments, format);
    char text[256];
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    nm_log(NATSMICRO_LOG_DEBUG, stream->subject, stream->id, "%s: %s: %s",
           stream->is_server ? "server" : "client", stream->method, text);
}

bool nm_stream_opening_is_refused(const nm_stream *stream, int64_t limit, int64_t now,
                                  nm_error *error)
{
    return nm_link_refuses_opening(stream->link, stream->method, stream->subject,
                                   stream->silent_since, now >= limit, error);
}

/* ---- the link's windows ---- */

void nm_stream_close_share(nm_stream *stream)
{
    if (stream->share > 0)
        nm_budget_close_share(nm_link_budget(stream->link), stream->share);
    stream->share = 0;
}

/* ---- the transport's own state ---- */

void nm_stream_free_state(nm_stream *stream)
{
    if (stream->state_kind != NULL)
        stream->state_kind->free(stream->state);
    stream->state_kind = NULL;
    stream->state = NULL;
}

void *nm_stream_take_state(nm_stream *stream, const nm_state_kind *kind)
{
    if (stream->state_kind == kind)
        return stream->state;
    nm_stream_free_state(stream);
    stream->state = aligned_alloc(kind->alignment, kind->size);
    if (stream->state == NULL)
        return NULL;
    stream->state_kind = kind;
    memset(stream->state, 0, kind->size);
    return stream->state;
}

/* ---- readiness ---- */

void nm_stream_notify(nm_stream *stream, unsigned readiness)
{
    unsigned owed = stream->waiting & readiness;
    if (owed == 0)
        return;
    stream->waiting &= ~owed;
    stream->callbacks->on_ready(stream->owner, owed);
}

void nm_stream_notify_reader(nm_stream *stream, bool many)
{
    bool let_wait = (stream->waiting & NM_READABLE) != 0 && !many;
    if (!let_wait)
        nm_stream_notify(stream, NM_READABLE);
    nm_inbox_ask_for_pause(&stream->inbox, let_wait);
}

/* ---- how a direction ends ---- */

void nm_stream_end_input(nm_stream *stream)
{
    if (stream->in_end != NATSMICRO_OK)
        return;
    stream->in_end = NATSMICRO_END;
    nm_stream_notify(stream, NM_OPENED | NM_READABLE | NM_WRITABLE);
}

void nm_stream_fail_input_with(nm_stream *stream, nm_error *error)
{
    if (stream->in_end == NATSMICRO_OK) {
        stream->in_end = error->status;
        stream->input_error = *error;
        *error = (nm_error)NM_ERROR_INIT;
        nm_stream_notify(stream, NM_OPENED | NM_READABLE | NM_WRITABLE);
    }
    nm_error_clear(error);
}

void nm_stream_fail_input(nm_stream *stream, natsmicro_status status, const char *format, ...)
{
    if (stream->in_end != NATSMICRO_OK)
        return;
    nm_error error = NM_ERROR_INIT;
    va_list arguments;
    va_start(arguments, format);
    nm_error_vset(&error, status, format, arguments);
    va_end(arguments);
    nm_stream_fail_input_with(stream, &error);
}

void nm_stream_close_finished(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    nm_stream_fail_input(stream, NATSMICRO_CANCELLED,
                         "%s: the call is over, and its caller sends nothing more", stream->method);
    pthread_mutex_unlock(&stream->lock);
    nm_inbox_close(&stream->inbox);
}

/* ---- how a call ends ---- */

void nm_stream_abort_locked_with(nm_stream *stream, nm_error *error)
{
    if (stream->aborted == NATSMICRO_OK) {
        stream->aborted = error->status;
        stream->abort_error = *error;
        *error = (nm_error)NM_ERROR_INIT;
        atomic_store_explicit(&stream->is_aborted, true, memory_order_release);
        nm_stream_notify(stream, NM_OPENED | NM_READABLE | NM_WRITABLE | NM_ABORTED);
    }
    nm_error_clear(error);
}

void nm_stream_abort_locked(nm_stream *stream, natsmicro_status status, const char *format, ...)
{
    if (stream->aborted != NATSMICRO_OK)
        return;
    nm_error error = NM_ERROR_INIT;
    va_list arguments;
    va_start(arguments, format);
    nm_error_vset(&error, status, format, arguments);
    va_end(arguments);
    nm_stream_abort_locked_with(stream, &error);
}

/* ---- why ---- */

const nm_error *nm_stream_shown_error(const nm_stream *stream)
{
    return stream->aborted != NATSMICRO_OK ? &stream->abort_error : &stream->input_error;
}

natsmicro_status nm_stream_check_call(nm_stream *stream, nm_error *error)
{
    if (nm_stream_may_send(stream))
        return NATSMICRO_OK;
    if (stream->aborted == NATSMICRO_OK && stream->in_end == NATSMICRO_END)
        return NATSMICRO_END;
    nm_error_copy(error, nm_stream_shown_error(stream));
    return nm_stream_shown_error(stream)->status;
}

void nm_stream_reason(const nm_stream *stream, nm_error *reason)
{
    if (stream->aborted == NATSMICRO_OK) {
        nm_error_set(reason, NATSMICRO_CANCELLED, "the caller gave up");
        return;
    }
    const char *text = nm_error_told(&stream->abort_error);
    size_t length = strlen(stream->method);
    if (strncmp(text, stream->method, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        text += length + 2;
    nm_error_set(reason, stream->aborted, "%s", text);
}
