/*
 * Tables of the options that several verbs share.
 */
#include "options/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MEMBER(name) offsetof(cmd_settings, name)

static const cmd_option connection[] = {
    {'s', "server", "URL", CMD_TEXT, MEMBER(server),
     "NATS servers, joined by commas (NATS_URL; else the context's, else nats://127.0.0.1:4222)"},
    {0, "context", "NAME", CMD_TEXT, MEMBER(context),
     "a context of the nats command (NATS_CONTEXT; else the selected one)"},
    {0, "creds", "FILE", CMD_TEXT, MEMBER(creds), "user JWT and seed"},
    {0, "user", "NAME", CMD_TEXT, MEMBER(user), "user; without --password, a token"},
    {0, "password", "TEXT", CMD_TEXT, MEMBER(password), "password of --user"},
    {0, "token", "TEXT", CMD_TEXT, MEMBER(token), "token"},
    {0, "nkey", "FILE", CMD_TEXT, MEMBER(nkey), "seed of a user nkey"},
    {0, "tlscert", "FILE", CMD_TEXT, MEMBER(tls_cert), "TLS certificate of ours, PEM"},
    {0, "tlskey", "FILE", CMD_TEXT, MEMBER(tls_key), "its private key, PEM"},
    {0, "tlsca", "FILE", CMD_TEXT, MEMBER(tls_ca), "certificates of authorities to trust, PEM"},
    {0, "inbox-prefix", "PREFIX", CMD_TEXT, MEMBER(inbox_prefix),
     "what our inboxes begin with (_INBOX)"},
    {0, "connect-timeout", "TIME", CMD_DURATION, MEMBER(connect_timeout_ms),
     "for the connection to one server (2s)"},
};

static const cmd_option discovery[] = {
    {0, "json", NULL, CMD_FLAG, MEMBER(json), "print JSON instead of tables"},
    {0, "wait", "TIME", CMD_DURATION, MEMBER(wait_ms),
     "answers are collected until none has come for this long (300ms)"},
    {'w', "watch", NULL, CMD_FLAG, MEMBER(watch), "ask again and again, until ^C"},
    {0, "interval", "TIME", CMD_DURATION, MEMBER(interval_ms), "with --watch: how often (2s)"},
};

static const cmd_option wait[] = {
    {0, "wait", "TIME", CMD_DURATION, MEMBER(wait_ms),
     "how long services may take to tell their types (1s after the last answer)"},
};

static const cmd_option types[] = {
    {0, "proto", "FILE", CMD_LIST, MEMBER(protos), "read types from a .proto file, by protoc"},
    {'I', "include", "FOLDER", CMD_LIST, MEMBER(includes), "where --proto finds imports"},
    {0, "descriptor-set", "FILE", CMD_TEXT, MEMBER(descriptor_set),
     "read types from what protoc --include_imports --descriptor_set_out wrote"},
    {0, "descriptor-set-out", "FILE", CMD_TEXT, MEMBER(descriptor_set_out),
     "write the types there, as protoc does"},
};

static const cmd_option call[] = {
    {'H', "header", "NAME:VALUE", CMD_LIST, MEMBER(headers),
     "send a header; ${NAME} in it is taken from the environment"},
    {0, "timeout", "TIME", CMD_DURATION, MEMBER(timeout_ms),
     "bounds the whole call (unary: the service's timeout, or 5s; streams: none)"},
    {0, "subject", "SUBJECT", CMD_TEXT, MEMBER(subject), "call this subject"},
    {0, "subject-prefix", "PREFIX", CMD_TEXT, MEMBER(subject_prefix),
     "what the subject begins with, instead of the types' own prefix"},
    {0, "plain-streams", NULL, CMD_FLAG, MEMBER(plain_streams),
     "streams without acknowledgements, even where the service knows reliable ones"},
    {0, "emit-defaults", NULL, CMD_FLAG, MEMBER(emit_defaults),
     "print fields that hold their default, too"},
    {0, "allow-unknown-fields", NULL, CMD_FLAG, MEMBER(allow_unknown_fields),
     "ignore fields of the JSON that the message does not have"},
    {'v', "verbose", NULL, CMD_FLAG, MEMBER(verbose),
     "show subject, headers and trailers on stderr"},
};

const cmd_option_group cmd_connection_options = {"Connection", connection, COUNT(connection)};
const cmd_option_group cmd_discovery_options = {"Discovery", discovery, COUNT(discovery)};
const cmd_option_group cmd_wait_options = {"Discovery", wait, COUNT(wait)};
const cmd_option_group cmd_type_options = {"Types", types, COUNT(types)};
const cmd_option_group cmd_call_options = {"Calls", call, COUNT(call)};
