/*
 * Settings: what the options of all verbs set. A verb reads the members of the options that it has.
 */
#ifndef CMD_OPTIONS_SETTINGS_H
#define CMD_OPTIONS_SETTINGS_H

#include "request/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cmd_list {
    const char **items;
    size_t count;
} cmd_list;

typedef struct cmd_settings {
    gen_pool *pool; /* all that lives until the program ends */
    /* connection */
    const char *server;
    const char *context;
    const char *creds;
    const char *user;
    const char *password;
    const char *token;
    const char *nkey;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_ca;
    const char *inbox_prefix;
    int64_t connect_timeout_ms;
    /* discovery */
    int64_t wait_ms;
    bool json;
    bool methods;
    bool services;
    bool watch;
    int64_t interval_ms;
    /* types */
    cmd_list protos;
    cmd_list includes;
    const char *descriptor_set;
    const char *subject;
    const char *subject_prefix;
    /* calls */
    const char *data;
    cmd_list headers;
    int64_t timeout_ms;
    bool plain_streams;
    bool emit_defaults;
    bool allow_unknown_fields;
    bool verbose;
    const char *descriptor_set_out;
    const char *output;
    bool template;
    int64_t concurrency;
    int64_t duration_ms;
    bool help;
} cmd_settings;

/* The words that are no options. */
typedef struct cmd_words {
    char **items;
    size_t count;
} cmd_words;

#endif
