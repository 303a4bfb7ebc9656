/*
 * See settings.h.
 */
#include "call/settings.h"

#include "base/log.h"
#include "base/rules.h"
#include "wire/header_block.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_PENDING_MESSAGES 524288
#define DEFAULT_PENDING_BYTES    (64 * (size_t)1024 * 1024)
#define DEFAULT_WINDOW_BYTES     (4 * (size_t)1024 * 1024)

/*
 * Lists of small messages, such as those of one letter, take about twenty times their bytes once
 * they are decoded, and small numbers eight times. Only lists of empty messages can take more.
 */
#define DECODE_BYTES_PER_PAYLOAD 32
#define DEFAULT_GONE_LIMIT_MS    10000
#define DEFAULT_HEADER_BYTES     NM_HEADER_LIMIT

/* Room for two inboxes, or an error's code and text. */
#define LEAST_HEADER_BYTES 4096

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

natsmicro_status nm_check_time(const char *option, int64_t ms, int64_t least, nm_error *error)
{
    if (ms >= least)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s is %lld, and must be at least %lld",
                        option, (long long)ms, (long long)least);
}

natsmicro_status nm_check_size(const char *option, size_t size, size_t least, nm_error *error)
{
    if (size == 0 || size >= least)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s is %zu, and must be at least %zu",
                        option, size, least);
}

natsmicro_status nm_check_subject(const char *option, const char *subject, nm_error *error)
{
    const char *fault = subject != NULL ? nm_subject_fault(subject) : NULL;
    if (fault == NULL)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s \"%.200s\": %s", option, subject,
                        fault);
}

static natsmicro_status check_jetstream(const nm_call_options *options, nm_error *error)
{
    const char *domain = options->jetstream_domain;
    if (domain != NULL && options->jetstream_prefix != NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "jetstream_domain and jetstream_prefix are both set");
    natsmicro_status status = nm_check_subject("jetstream_domain", domain, error);
    if (status == NATSMICRO_OK && domain != NULL && strchr(domain, '.') != NULL)
        status = nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                              "jetstream_domain \"%.200s\": must have no dot", domain);
    return status == NATSMICRO_OK
               ? nm_check_subject("jetstream_prefix", options->jetstream_prefix, error)
               : status;
}

/* NULL stays NULL. */
static bool copy_string(char **copy, const char *string)
{
    *copy = string != NULL ? strdup(string) : NULL;
    return string == NULL || *copy != NULL;
}

natsmicro_status nm_call_settings_init(nm_call_settings *settings, const nm_call_options *options,
                                       natsConnection *connection, nm_error *error)
{
    memset(settings, 0, sizeof(*settings));
    natsmicro_status status = nm_check_time("idle_timeout_ms", options->idle_timeout_ms, -1, error);
    if (status == NATSMICRO_OK)
        status = nm_check_time("gone_limit_ms", options->gone_limit_ms, 0, error);
    if (status == NATSMICRO_OK)
        status =
            nm_check_size("max_header_bytes", options->max_header_bytes, LEAST_HEADER_BYTES, error);
    if (status == NATSMICRO_OK)
        status = nm_check_subject("inbox_prefix", options->inbox_prefix, error);
    if (status == NATSMICRO_OK)
        status = check_jetstream(options, error);
    if (status != NATSMICRO_OK)
        return status;
    settings->limits.max_depth =
        options->max_depth != 0 ? options->max_depth : NM_DEFAULT_MAX_DEPTH;
    settings->limits.max_decode_bytes = options->max_decode_bytes != 0
                                            ? options->max_decode_bytes
                                            : DECODE_BYTES_PER_PAYLOAD * nm_max_payload(connection);
    settings->stream.max_pending_messages = options->max_pending_messages != 0
                                                ? options->max_pending_messages
                                                : DEFAULT_PENDING_MESSAGES;
    settings->stream.max_pending_bytes =
        options->max_pending_bytes != 0 ? options->max_pending_bytes : DEFAULT_PENDING_BYTES;
    settings->stream.gone_limit =
        nm_duration(options->gone_limit_ms != 0 ? options->gone_limit_ms : DEFAULT_GONE_LIMIT_MS);
    settings->stream.max_header_bytes =
        options->max_header_bytes != 0 ? options->max_header_bytes : DEFAULT_HEADER_BYTES;
    settings->stream.log = nm_log_choose(options->log);
    settings->stream.plain_streams = options->plain_streams;
    settings->stream.window_bytes =
        options->window_bytes != 0 ? options->window_bytes : DEFAULT_WINDOW_BYTES;
    settings->stream.window_messages = options->window_messages;
    settings->stream.totals = &settings->totals;
    settings->stream.ends = &settings->ends;
    settings->idle_timeout_ms = options->idle_timeout_ms;
    settings->hooks = options->hooks;
    status = nm_interceptors_copy(&settings->interceptors, options->interceptors, error);
    if (status != NATSMICRO_OK)
        return status;
    const char *const *prefixes = options->allowed_inbox_prefixes;
    if (!copy_prefixes(settings, prefixes != NULL ? prefixes : default_prefixes) ||
        !copy_string(&settings->jetstream_domain, options->jetstream_domain) ||
        !copy_string(&settings->jetstream_prefix, options->jetstream_prefix))
        return NATSMICRO_RESOURCE_EXHAUSTED;
    return NATSMICRO_OK;
}

void nm_call_settings_free(nm_call_settings *settings)
{
    nm_interceptors_free(&settings->interceptors);
    free(settings->jetstream_domain);
    free(settings->jetstream_prefix);
    if (settings->allowed_inbox_prefixes == NULL)
        return;
    for (size_t i = 0; settings->allowed_inbox_prefixes[i] != NULL; i++)
        free(settings->allowed_inbox_prefixes[i]);
    free(settings->allowed_inbox_prefixes);
    settings->allowed_inbox_prefixes = NULL;
}
