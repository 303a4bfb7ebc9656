/*
 * See natsmicro/context.h.
 */
#include "call/context.h"
#include "base/last_error.h"
#include "wire/names.h"

#include <stdlib.h>

natsmicro_status natsmicro_context_new(natsmicro_context **context)
{
    if (context == NULL)
        return NM_REFUSE_NULL(context);
    *context = calloc(1, sizeof(**context));
    if (*context != NULL)
        return NATSMICRO_OK;
    return nm_last_error_set(NATSMICRO_RESOURCE_EXHAUSTED, "the context: no memory");
}

void natsmicro_context_destroy(natsmicro_context *context)
{
    if (context == NULL)
        return;
    nm_headers_clear(&context->headers);
    nm_headers_clear(&context->response_headers);
    nm_error_clear(&context->error);
    free(context);
}

void nm_context_clear(natsmicro_context *context)
{
    if (context == NULL)
        return;
    nm_error_clear(&context->error);
    nm_headers_clear(&context->response_headers);
}

natsmicro_status nm_context_fail(natsmicro_context *context, natsmicro_status status)
{
    nm_context_clear(context);
    return nm_error_set(context != NULL ? &context->error : NULL, status, "%s",
                        natsmicro_last_error());
}

void natsmicro_context_set_timeout(natsmicro_context *context, int64_t timeout_ms)
{
    if (context == NULL)
        return;
    context->timeout_ms = timeout_ms;
}

void natsmicro_context_set_plain_streams(natsmicro_context *context, bool plain)
{
    if (context == NULL)
        return;
    context->plain_streams = plain;
}

void natsmicro_context_set_idle_timeout(natsmicro_context *context, int64_t idle_timeout_ms)
{
    if (context == NULL)
        return;
    context->idle_timeout_ms = idle_timeout_ms;
}

/* Sets or adds a header. A failure is the context's error, until the next call. */
static natsmicro_status put_header(natsmicro_context *context, const char *name, const char *value,
                                   bool (*put)(nm_headers *, const char *, const char *))
{
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = nm_header_check_named(name, value, &error);
    if (status == NATSMICRO_OK && !put(&context->headers, name, value))
        status =
            nm_error_set(&error, NATSMICRO_RESOURCE_EXHAUSTED, "header \"%.64s\": no memory", name);
    if (status == NATSMICRO_OK)
        return status;
    nm_error_clear(&context->error);
    context->error = error;
    return nm_last_error_note(status, &error);
}

natsmicro_status natsmicro_context_set_header(natsmicro_context *context, const char *name,
                                              const char *value)
{
    if (context == NULL)
        return NM_REFUSE_NULL(context);
    return put_header(context, name, value, nm_headers_set);
}

natsmicro_status natsmicro_context_add_header(natsmicro_context *context, const char *name,
                                              const char *value)
{
    if (context == NULL)
        return NM_REFUSE_NULL(context);
    return put_header(context, name, value, nm_headers_add);
}

void natsmicro_context_clear_headers(natsmicro_context *context)
{
    if (context == NULL)
        return;
    nm_headers_clear(&context->headers);
}

natsmicro_status natsmicro_context_status(const natsmicro_context *context)
{
    if (context == NULL)
        return NM_REFUSE_NULL(context);
    return context->error.status;
}

const char *natsmicro_context_error_code(const natsmicro_context *context)
{
    if (context == NULL)
        return "";
    return nm_error_code(&context->error);
}

const char *natsmicro_context_error_message(const natsmicro_context *context)
{
    if (context == NULL)
        return "";
    return nm_error_text(&context->error);
}

const void *natsmicro_context_error_data(const natsmicro_context *context, size_t *length)
{
    if (length == NULL)
        return NULL;
    *length = 0;
    if (context == NULL)
        return NULL;
    *length = context->error.data_length;
    return context->error.data;
}

const char *natsmicro_context_response_header(const natsmicro_context *context, const char *name)
{
    if (context == NULL)
        return NULL;
    return nm_headers_get(&context->response_headers, name);
}

bool natsmicro_context_response_header_at(const natsmicro_context *context, size_t index,
                                          const char **name, const char **value)
{
    if (context == NULL)
        return false;
    if (index >= context->response_headers.count)
        return false;
    *name = context->response_headers.items[index].name;
    *value = context->response_headers.items[index].value;
    return true;
}
