/*
 * Context: the files in which the nats command keeps how to connect.
 *
 * A context is $XDG_CONFIG_HOME/nats/context/<name>.json, or below ~/.config; the name of the
 * selected one is in context.txt in the folder nats.
 */
#ifndef CMD_CONNECT_CONTEXT_H
#define CMD_CONNECT_CONTEXT_H

#include "request/pool.h"

/* NULL: not set. Strings live in the settings' pool. */
typedef struct cmd_identity {
    const char *url;
    const char *creds;
    const char *user;
    const char *password;
    const char *token;
    const char *nkey;
    const char *user_jwt;
    const char *user_seed;
    const char *cert;
    const char *key;
    const char *ca;
    const char *inbox_prefix;
} cmd_identity;

/*
 * Reads the context of this name; NULL: the selected one, if one is. False: it was told what is
 * wrong, such as a member that this program cannot honour.
 */
bool cmd_read_context(gen_pool *pool, const char *name, cmd_identity *identity);

/* "~/x" in the home folder, "$HOME/x" too; any other path as it is. NULL for NULL. */
const char *cmd_expand_home(gen_pool *pool, const char *path);

#endif
