/*
 * Settings and methods: options with their defaults, the proto's with what overrides them.
 */
#include "call/call.h"

#include "base/rules.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_PENDING_MESSAGES 524288
#define DEFAULT_PENDING_BYTES    (64 * (size_t)1024 * 1024)
#define DEFAULT_WINDOW_BYTES     (4 * (size_t)1024 * 1024)
#define DECODE_BYTES_PER_PAYLOAD 4

static const char *const default_prefixes[] = {"_INBOX.", NULL};

static bool copy_prefixes(nm_call_settings *settings, const char *const *prefixes)
{
    size_t count = 0;
    while (prefixes[count] != NULL)
        count++;
    settings->allowed_inbox_prefixes = calloc(count + 1, sizeof(char *));
    if (settings->allowed_inbox_prefixes == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        settings->allowed_inbox_prefixes[i] = strdup(prefixes[i]);
        if (settings->allowed_inbox_prefixes[i] == NULL)
            return false;
    }
    settings->stream.allowed_inbox_prefixes = (const char *const *)settings->allowed_inbox_prefixes;
    return true;
}

natsmicro_status nm_options_take(void *own, const void *given, nm_error *error)
{
    if (given == NULL)
        return NATSMICRO_OK;
    const size_t own_size = *(const size_t *)own;
    const size_t given_size = *(const size_t *)given;
    if (given_size < sizeof(size_t) || given_size > own_size)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "options of size %zu: begin with the INIT macro", given_size);
    memcpy(own, given, given_size);
    return NATSMICRO_OK;
}

natsmicro_status nm_check_time(const char *option, int64_t ms, int64_t least, nm_error *error)
{
    if (ms >= least)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s %lld: less than %lld", option,
                        (long long)ms, (long long)least);
}

natsmicro_status nm_check_subject(const char *option, const char *subject, nm_error *error)
{
    const char *fault = subject != NULL ? nm_subject_fault(subject) : NULL;
    if (fault == NULL)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s \"%.200s\": %s", option, subject,
                        fault);
}

natsmicro_status nm_check_stub(const natsmicro_stub_service *stub, nm_error *error)
{
    if (stub->stub_version == NATSMICRO_STUB_VERSION)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                        "its tables are of version %d, the library's of %d: generate it anew",
                        stub->stub_version, NATSMICRO_STUB_VERSION);
}

const char *nm_stub_name(const natsmicro_stub_service *stub)
{
    return stub->stub_version == NATSMICRO_STUB_VERSION ? stub->full_name
                                                        : "a stub of another version";
}

natsmicro_status nm_call_settings_init(nm_call_settings *settings, const nm_call_options *options,
                                       natsConnection *connection, nm_error *error)
{
    memset(settings, 0, sizeof(*settings));
    natsmicro_status status = nm_check_time("idle_timeout_ms", options->idle_timeout_ms, -1, error);
    if (status == NATSMICRO_OK)
        status = nm_check_subject("inbox_prefix", options->inbox_prefix, error);
    if (status != NATSMICRO_OK)
        return status;
    int64_t payload = natsConnection_GetMaxPayload(connection);
    if (payload <= 0)
        payload = 1024 * 1024;
    settings->limits.max_depth =
        options->max_depth != 0 ? options->max_depth : NM_DEFAULT_MAX_DEPTH;
    settings->limits.max_decode_bytes = options->max_decode_bytes != 0
                                            ? options->max_decode_bytes
                                            : DECODE_BYTES_PER_PAYLOAD * (size_t)payload;
    settings->stream.max_pending_messages = options->max_pending_messages != 0
                                                ? options->max_pending_messages
                                                : DEFAULT_PENDING_MESSAGES;
    settings->stream.max_pending_bytes =
        options->max_pending_bytes != 0 ? options->max_pending_bytes : DEFAULT_PENDING_BYTES;
    settings->stream.plain_streams = options->plain_streams;
    settings->stream.window_bytes =
        options->window_bytes != 0 ? options->window_bytes : DEFAULT_WINDOW_BYTES;
    settings->stream.window_messages = options->window_messages;
    settings->stream.totals = &settings->totals;
    settings->idle_timeout_ms = options->idle_timeout_ms;
    settings->hooks = options->hooks;
    const char *const *prefixes = options->allowed_inbox_prefixes;
    if (!copy_prefixes(settings, prefixes != NULL ? prefixes : default_prefixes))
        return NATSMICRO_RESOURCE_EXHAUSTED;
    return NATSMICRO_OK;
}

void nm_call_settings_free(nm_call_settings *settings)
{
    if (settings->allowed_inbox_prefixes == NULL)
        return;
    for (size_t i = 0; settings->allowed_inbox_prefixes[i] != NULL; i++)
        free(settings->allowed_inbox_prefixes[i]);
    free(settings->allowed_inbox_prefixes);
    settings->allowed_inbox_prefixes = NULL;
}

/* "a" and "b" as "a.b"; NULL when memory is short. */
static char *join(const char *a, const char *b)
{
    nm_buffer joined = NM_BUFFER_INIT;
    nm_buffer_append_format(&joined, "%s.%s", a, b);
    return (char *)(uintptr_t)nm_buffer_string(&joined);
}

natsmicro_status nm_method_init(nm_method *method, const natsmicro_stub_service *service,
                                const natsmicro_stub_method *stub, const char *subject_prefix,
                                int64_t timeout_ms, nm_error *error)
{
    if (subject_prefix == NULL)
        subject_prefix = service->subject_prefix;
    if (timeout_ms == 0)
        timeout_ms = stub->timeout_ms != 0 ? stub->timeout_ms : service->timeout_ms;
    method->stub = stub;
    method->timeout_ms = timeout_ms;
    method->full_name = join(service->full_name, stub->name);
    method->subject = join(subject_prefix, stub->subject);
    method->request = nm_plan_new(stub->request);
    method->response = nm_plan_new(stub->response);
    if (method->full_name == NULL || method->subject == NULL || method->request == NULL ||
        method->response == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    return nm_check_subject("the subject", method->subject, error);
}

void nm_method_free(nm_method *method)
{
    free(method->full_name);
    free(method->subject);
    nm_plan_free(method->request);
    nm_plan_free(method->response);
}
