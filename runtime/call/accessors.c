/*
 * The accessors of natsmicro/call.h that both sides have.
 */
#include "base/last_error.h"
#include "call/call.h"
#include "wire/names.h"

void *natsmicro_stub_call_handle(natsmicro_call *call)
{
    return &call->handle;
}

/* ---- what became of it ---- */

natsmicro_status natsmicro_call_status(natsmicro_call *call)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    pthread_mutex_lock(&call->lock);
    natsmicro_status status = call->failure.status;
    pthread_mutex_unlock(&call->lock);
    if (status == NATSMICRO_OK)
        status = nm_stream_aborted(call->stream);
    if (status == NATSMICRO_OK && !call->side->is_server)
        status = nm_stream_input_end(call->stream);
    return status;
}

const char *natsmicro_call_error_code(natsmicro_call *call)
{
    if (call == NULL)
        return "";
    return nm_error_code(nm_call_shown_error(call));
}

const char *natsmicro_call_error_message(natsmicro_call *call)
{
    if (call == NULL)
        return "";
    return nm_error_text(nm_call_shown_error(call));
}

const void *natsmicro_call_error_data(natsmicro_call *call, size_t *length)
{
    if (length == NULL)
        return NULL;
    *length = 0;
    if (call == NULL)
        return NULL;
    const nm_error *error = nm_call_shown_error(call);
    *length = error->data_length;
    return error->data;
}

/* ---- headers ---- */

const char *natsmicro_call_header(natsmicro_call *call, const char *name)
{
    if (call == NULL)
        return NULL;
    return nm_stream_header(call->stream, name);
}

bool natsmicro_call_header_at(natsmicro_call *call, size_t index, const char **name,
                              const char **value)
{
    if (call == NULL)
        return false;
    return nm_stream_header_at(call->stream, index, name, value);
}

const char *natsmicro_call_trailer(natsmicro_call *call, const char *name)
{
    if (call == NULL)
        return NULL;
    return nm_stream_trailer(call->stream, name);
}

bool natsmicro_call_trailer_at(natsmicro_call *call, size_t index, const char **name,
                               const char **value)
{
    if (call == NULL)
        return false;
    return nm_stream_trailer_at(call->stream, index, name, value);
}

const char *natsmicro_call_own_header(natsmicro_call *call, const char *name)
{
    if (call == NULL)
        return NULL;
    return nm_stream_own_header(call->stream, name);
}

/* Sets a header or a trailer. A failure is shown as that of a send. */
static natsmicro_status put_header(natsmicro_call *call, const char *name, const char *value,
                                   natsmicro_status (*put)(nm_stream *, const char *, const char *,
                                                           nm_error *))
{
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = nm_header_check_named(name, value, &error);
    if (status == NATSMICRO_OK)
        status = put(call->stream, name, value, &error);
    if (status == NATSMICRO_OK)
        return status;
    nm_call_forget_send_error(call);
    call->send_error = error;
    return status;
}

natsmicro_status natsmicro_call_set_header(natsmicro_call *call, const char *name,
                                           const char *value)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    return put_header(call, name, value, nm_stream_set_header);
}

natsmicro_status natsmicro_call_set_trailer(natsmicro_call *call, const char *name,
                                            const char *value)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    return put_header(call, name, value, nm_stream_set_trailer);
}

/* ---- the rest ---- */

const char *natsmicro_call_method(natsmicro_call *call)
{
    if (call == NULL)
        return "";
    return call->method->full_name;
}

const char *natsmicro_call_subject(natsmicro_call *call)
{
    if (call == NULL)
        return "";
    return call->method->subject;
}

void natsmicro_call_get_metrics(natsmicro_call *call, natsmicro_stream_metrics *metrics)
{
    if (metrics == NULL)
        return;
    *metrics = (natsmicro_stream_metrics){0};
    if (call == NULL)
        return;
    nm_stream_read_metrics(call->stream, metrics);
}

int64_t natsmicro_call_remaining_ms(natsmicro_call *call)
{
    if (call == NULL)
        return -1;
    int64_t deadline = nm_stream_wait_deadline(call->stream);
    return deadline == NM_NEVER ? -1 : nm_remaining_ms(deadline);
}
