/*
 * Identity: see identity.h.
 */
#include "connect/identity.h"

#include "text/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

static void override(const char **member, const char *value)
{
    if (value != NULL)
        *member = value;
}

static bool says_who(const cmd_settings *settings)
{
    return settings->creds != NULL || settings->user != NULL || settings->token != NULL ||
           settings->nkey != NULL;
}

/* As with the nats command, a user without a password is a token. */
static void take_who(const cmd_settings *settings, cmd_identity *identity)
{
    identity->user_jwt = NULL;
    identity->user_seed = NULL;
    identity->creds = cmd_expand_home(settings->pool, settings->creds);
    identity->nkey = cmd_expand_home(settings->pool, settings->nkey);
    identity->token = settings->token;
    identity->user = NULL;
    identity->password = settings->password;
    if (settings->user != NULL && settings->password == NULL)
        identity->token = settings->user;
    else
        identity->user = settings->user;
}

/* Of a file that is not there OpenSSL has no more to say than its name. */
static bool check_readable(const char *path)
{
    if (path == NULL || access(path, R_OK) == 0)
        return true;
    cmd_fail(0, "%s: %s", path, strerror(errno));
    return false;
}

/* Says so of options that do not go together. */
static bool check(const cmd_settings *settings, const cmd_identity *identity)
{
    if (settings->password != NULL && settings->user == NULL) {
        cmd_fail(0, "--password needs --user");
        return false;
    }
    if ((identity->cert != NULL) != (identity->key != NULL)) {
        cmd_fail(0, "%s needs %s", identity->cert != NULL ? "a TLS certificate" : "a TLS key",
                 identity->cert != NULL ? "its key: --tlskey" : "its certificate: --tlscert");
        return false;
    }
    if (identity->user_seed != NULL && identity->user_jwt == NULL) {
        cmd_fail(0, "the context's user_seed needs a user_jwt");
        return false;
    }
    int ways = (identity->creds != NULL) + (identity->user != NULL) + (identity->token != NULL) +
               (identity->nkey != NULL) + (identity->user_jwt != NULL);
    if (ways > 1)
        cmd_fail(0, "creds, user, token, nkey and user_jwt: %d of these are set, and one can count",
                 ways);
    return ways <= 1;
}

bool cmd_find_identity(const cmd_settings *settings, cmd_identity *identity)
{
    gen_pool *pool = settings->pool;
    const char *context = settings->context;
    *identity = (cmd_identity){0};
    override(&context, settings->context != NULL ? NULL : environment("NATS_CONTEXT"));
    if (!cmd_read_context(pool, context, identity))
        return false;
    override(&identity->url, environment("NATS_URL"));
    override(&identity->url, settings->server);
    override(&identity->cert, cmd_expand_home(pool, settings->tls_cert));
    override(&identity->key, cmd_expand_home(pool, settings->tls_key));
    override(&identity->ca, cmd_expand_home(pool, settings->tls_ca));
    override(&identity->inbox_prefix, settings->inbox_prefix);
    if (says_who(settings))
        take_who(settings, identity);
    return check(settings, identity) && check_readable(identity->ca) &&
           check_readable(identity->cert) && check_readable(identity->key);
}
