/*
 * Settings: the options that clients and servers have in common, checked and with their defaults.
 */
#ifndef NM_CALL_SETTINGS_H
#define NM_CALL_SETTINGS_H

#include "base/options.h"
#include "call/chain.h"
#include "codec/codec.h"
#include "transport/stream.h"

/* Settings of a client or a server, for all its calls. */
typedef struct nm_call_settings {
    nm_codec_limits limits;
    nm_stream_settings stream;
    int64_t idle_timeout_ms; /* 0: not set */
    natsmicro_hooks hooks;
    nm_interceptors interceptors;
    atomic_bool silent; /* the client was destroyed: none of the user's functions run any more */
    char **allowed_inbox_prefixes; /* owned, ends with NULL */
    char *jetstream_domain;        /* owned, as is the next; NULL: none */
    char *jetstream_prefix;
    nm_stream_totals totals;
    nm_stream_ends ends;
} nm_call_settings;

/* The part that client and server options have in common. */
typedef struct nm_call_options {
    const char *inbox_prefix;
    int64_t idle_timeout_ms;
    size_t max_decode_bytes;
    uint32_t max_depth;
    size_t max_pending_messages;
    size_t max_pending_bytes;
    natsmicro_hooks hooks;
    const char *const *allowed_inbox_prefixes;
    bool plain_streams;
    size_t window_bytes;
    uint32_t window_messages;
    int64_t gone_limit_ms;
    size_t max_header_bytes;
    natsmicro_log_level log;
    const natsmicro_interceptor *const *interceptors;
    const char *jetstream_domain;
    const char *jetstream_prefix;
} nm_call_options;

/*
 * Taken from natsmicro_client_options or natsmicro_server_options, which are two types with like
 * names.
 */
#define NM_CALL_OPTIONS_OF(options)                                                               \
    {                                                                                             \
        .inbox_prefix = (options)->inbox_prefix, .idle_timeout_ms = (options)->idle_timeout_ms,   \
        .max_decode_bytes = (options)->max_decode_bytes, .max_depth = (options)->max_depth,       \
        .max_pending_messages = (options)->max_pending_messages,                                  \
        .max_pending_bytes = (options)->max_pending_bytes, .hooks = (options)->hooks,             \
        .allowed_inbox_prefixes = (options)->allowed_inbox_prefixes,                              \
        .plain_streams = (options)->plain_streams, .window_bytes = (options)->window_bytes,       \
        .window_messages = (options)->window_messages, .gone_limit_ms = (options)->gone_limit_ms, \
        .max_header_bytes = (options)->max_header_bytes, .log = (options)->log,                   \
        .interceptors = (options)->interceptors, .jetstream_domain = (options)->jetstream_domain, \
        .jetstream_prefix = (options)->jetstream_prefix,                                          \
    }

/* ---- checks of what users give: OK, or INVALID_ARGUMENT with a text that names it ---- */

/* An option in milliseconds. */
natsmicro_status nm_check_time(const char *option, int64_t ms, int64_t least, nm_error *error);

/* An option in bytes; 0 is its default. */
natsmicro_status nm_check_size(const char *option, size_t size, size_t least, nm_error *error);

/* A literal subject, or the beginning of one; NULL is none. */
natsmicro_status nm_check_subject(const char *option, const char *subject, nm_error *error);

/* ---- making ---- */

natsmicro_status nm_call_settings_init(nm_call_settings *settings, const nm_call_options *options,
                                       natsConnection *connection, nm_error *error);
void nm_call_settings_free(nm_call_settings *settings);

#endif
