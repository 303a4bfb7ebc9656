/*
 * Connect: see connect.h.
 */
#include "connect/connect.h"

#include "connect/nkey.h"
#include "text/file.h"
#include "text/report.h"

#include <natsmicro/natsmicro.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_SEED (1 << 16) /* the file of a seed, or of a JWT and its seed */

/* ---- what the broker says ---- */

static struct {
    pthread_mutex_t lock;
    char text[512];
    char copy[512];
} complaint = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void hear(natsConnection *nats, natsSubscription *subscription, natsStatus status,
                 void *closure)
{
    (void)subscription;
    (void)closure;
    const char *text = NULL;
    if (natsConnection_GetLastError(nats, &text) == NATS_OK || text == NULL || *text == '\0')
        text = natsStatus_GetText(status);
    pthread_mutex_lock(&complaint.lock);
    strncpy(complaint.text, text, sizeof(complaint.text) - 1);
    pthread_mutex_unlock(&complaint.lock);
}

const char *cmd_broker_complaint(void)
{
    pthread_mutex_lock(&complaint.lock);
    memcpy(complaint.copy, complaint.text, sizeof(complaint.copy));
    complaint.text[0] = '\0';
    pthread_mutex_unlock(&complaint.lock);
    return complaint.copy;
}

/* ---- servers ---- */

/* "nats://a:b@host" as "nats://host", for texts. */
static const char *without_secrets(gen_pool *pool, const char *urls)
{
    nm_buffer text = NM_BUFFER_INIT;
    while (*urls != '\0') {
        size_t length = strcspn(urls, ",");
        const char *scheme = strstr(urls, "://");
        size_t begin = scheme != NULL && scheme < urls + length ? (size_t)(scheme + 3 - urls) : 0;
        size_t after = begin;
        for (size_t i = begin; i < length; i++)
            after = urls[i] == '@' ? i + 1 : after;
        nm_buffer_append(&text, urls, begin);
        nm_buffer_append(&text, urls + after, length - after);
        urls += length;
        nm_buffer_append(&text, urls, *urls == ',');
        urls += *urls == ',';
    }
    return gen_pool_take(pool, &text);
}

/* nats.c takes any scheme, and then finds no server. */
static bool check_servers(const char *urls)
{
    static const char *const schemes[] = {"nats://", "tls://"};
    for (const char *at = urls; (at = strstr(at, "://")) != NULL; at += 3) {
        bool known = false;
        for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
            size_t length = strlen(schemes[i]) - 3;
            known = known || ((size_t)(at - urls) >= length &&
                              strncmp(at - length, schemes[i], length) == 0);
        }
        if (known)
            continue;
        cmd_fail(0, "server \"%s\": a URL begins with nats:// or tls://", urls);
        return false;
    }
    return true;
}

static natsStatus set_servers(gen_pool *pool, natsOptions *options, const char *urls)
{
    char *rest = gen_pool_copy(pool, urls, strlen(urls));
    const char **servers = gen_pool_alloc(pool, strlen(urls) + 1, sizeof(*servers));
    int count = 0;
    char *state = NULL;
    for (char *url = strtok_r(rest, ", ", &state); url != NULL; url = strtok_r(NULL, ", ", &state))
        servers[count++] = url;
    return count > 0 ? natsOptions_SetServers(options, servers, count) : NATS_INVALID_ARG;
}

/* ---- who we are ---- */

static natsStatus give_jwt(char **jwt, char **error, void *closure)
{
    const cmd_connection *connection = closure;
    (void)error;
    *jwt = strdup(connection->jwt);
    return *jwt != NULL ? NATS_OK : NATS_NO_MEMORY;
}

static natsStatus sign(char **error, unsigned char **signature, int *length, const char *nonce,
                       void *closure)
{
    const cmd_connection *connection = closure;
    (void)error;
    if (connection->seed[0] == '\0') { /* a JWT that needs none, or the broker refuses it */
        *length = 0;
        *signature = calloc(1, 1);
        return *signature != NULL ? NATS_OK : NATS_NO_MEMORY;
    }
    return nats_Sign(connection->seed, nonce, signature, length);
}

static bool read_seed_file(const char *path, char *seed, char *public_key)
{
    nm_buffer content = NM_BUFFER_INIT;
    bool read = cmd_read_file(path, LONGEST_SEED, &content);
    const char *text = read ? nm_buffer_string(&content) : NULL;
    bool found = text != NULL && cmd_read_seed(text, seed, public_key);
    if (read && !found)
        cmd_fail(0, "%s: has no seed of a user nkey (SU...)", path);
    nm_buffer_free(&content);
    return found;
}

static bool set_nkey(const cmd_identity *identity, cmd_connection *connection, natsOptions *options,
                     natsStatus *status)
{
    char public_key[CMD_NKEY_SIZE];
    if (!read_seed_file(identity->nkey, connection->seed, public_key))
        return false;
    *status = natsOptions_SetNKey(options, public_key, sign, connection);
    return true;
}

/*
 * Read here, and once. nats.c reads the file twice, so that it cannot be a pipe, and takes a file
 * without a JWT for a JWT, which the broker then refuses.
 */
static bool read_creds(gen_pool *pool, const char *path, cmd_connection *connection)
{
    nm_buffer content = NM_BUFFER_INIT;
    bool read = cmd_read_file(path, LONGEST_SEED, &content);
    const char *text = read ? nm_buffer_string(&content) : NULL;
    const char *jwt = text != NULL ? strstr(text, "\neyJ") : NULL;
    char public_key[CMD_NKEY_SIZE];
    bool found = jwt != NULL && cmd_read_seed(text, connection->seed, public_key);
    if (found)
        connection->jwt = gen_pool_copy(pool, jwt + 1, strcspn(jwt + 1, " \t\r\n"));
    if (read && !found)
        cmd_fail(0, "%s: has no JWT of a user with its seed", path);
    nm_buffer_free(&content);
    return found;
}

static bool set_creds(gen_pool *pool, const cmd_identity *identity, cmd_connection *connection,
                      natsOptions *options, natsStatus *status)
{
    if (!read_creds(pool, identity->creds, connection))
        return false;
    *status =
        natsOptions_SetUserCredentialsCallbacks(options, give_jwt, connection, sign, connection);
    return true;
}

static bool set_jwt(const cmd_identity *identity, cmd_connection *connection, natsOptions *options,
                    natsStatus *status)
{
    char public_key[CMD_NKEY_SIZE];
    if (identity->user_seed != NULL &&
        !cmd_read_seed(identity->user_seed, connection->seed, public_key)) {
        cmd_fail(0, "the context's user_seed is no seed of a user nkey (SU...)");
        return false;
    }
    connection->jwt = identity->user_jwt;
    *status =
        natsOptions_SetUserCredentialsCallbacks(options, give_jwt, connection, sign, connection);
    return true;
}

static bool set_who(gen_pool *pool, const cmd_identity *identity, cmd_connection *connection,
                    natsOptions *options, natsStatus *status)
{
    if (identity->creds != NULL)
        return set_creds(pool, identity, connection, options, status);
    if (identity->token != NULL)
        *status = natsOptions_SetToken(options, identity->token);
    else if (identity->user != NULL)
        *status = natsOptions_SetUserInfo(options, identity->user,
                                          identity->password != NULL ? identity->password : "");
    else if (identity->nkey != NULL)
        return set_nkey(identity, connection, options, status);
    else if (identity->user_jwt != NULL)
        return set_jwt(identity, connection, options, status);
    return true;
}

/* nats.c makes nothing of tls:// by itself: it would send a password in the clear. */
static bool wants_tls(const cmd_identity *identity)
{
    return identity->ca != NULL || identity->cert != NULL ||
           strstr(identity->url, "tls://") != NULL;
}

static natsStatus set_tls(const cmd_identity *identity, natsOptions *options)
{
    natsStatus status = NATS_OK;
    if (identity->ca != NULL)
        status = natsOptions_LoadCATrustedCertificates(options, identity->ca);
    if (status == NATS_OK && identity->cert != NULL)
        status = natsOptions_LoadCertificatesChain(options, identity->cert, identity->key);
    if (status == NATS_OK && wants_tls(identity))
        status = natsOptions_SetSecure(options, true);
    return status;
}

/* ---- connecting ---- */

/* Without the place in nats.c, "(conn.c:2088): ", that its texts begin with. */
static const char *last_error(natsStatus status)
{
    const char *text = nats_GetLastError(NULL);
    if (text == NULL || *text == '\0')
        return natsStatus_GetText(status);
    const char *end = *text == '(' ? strstr(text, "): ") : NULL;
    return end != NULL ? end + 3 : text;
}

/*
 * A broker that refuses our certificate, or that we have none, says so when TLS 1.3 is there for us
 * already. nats.c loses that text, and then says one of these.
 */
static bool ended_after_handshake(const cmd_identity *identity, natsStatus status, const char *text)
{
    return strncmp(text, "SSL_", 4) == 0 || strcmp(text, "Expected 'PONG', got ''") == 0 ||
           (status == NATS_CONNECTION_CLOSED && wants_tls(identity));
}

static const char *reason(const cmd_settings *settings, const cmd_identity *identity,
                          natsStatus status)
{
    const char *text = last_error(status);
    if (!ended_after_handshake(identity, status, text))
        return text;
    if (identity->cert == NULL)
        return "the broker closed the connection after TLS began: it may want a certificate "
               "(--tlscert)";
    return gen_pool_format(settings->pool,
                           "the broker closed the connection after TLS began: it may not trust %s",
                           identity->cert);
}

static bool fill(const cmd_settings *settings, const cmd_identity *identity,
                 cmd_connection *connection, natsOptions *options, natsStatus *status)
{
    *status = set_servers(settings->pool, options, identity->url);
    if (*status == NATS_OK && natsmicro_options_prepare(options) != NATSMICRO_OK)
        *status = NATS_INVALID_ARG;
    if (*status == NATS_OK)
        *status = natsOptions_SetName(options, "natsmicro");
    if (*status == NATS_OK)
        *status = natsOptions_SetErrorHandler(options, hear, NULL);
    if (*status == NATS_OK && settings->connect_timeout_ms > 0)
        *status = natsOptions_SetTimeout(options, settings->connect_timeout_ms);
    if (*status == NATS_OK)
        *status = set_tls(identity, options);
    return *status != NATS_OK || set_who(settings->pool, identity, connection, options, status);
}

static natsmicro_status status_of(natsStatus status)
{
    return status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED
               ? NATSMICRO_UNAUTHENTICATED
               : NATSMICRO_UNAVAILABLE;
}

int cmd_connect(const cmd_settings *settings, cmd_connection *connection)
{
    *connection = (cmd_connection){0};
    cmd_identity identity;
    if (!cmd_find_identity(settings, &identity))
        return CMD_WRONG_USAGE;
    if (identity.url == NULL)
        identity.url = NATS_DEFAULT_URL;
    connection->url = without_secrets(settings->pool, identity.url);
    if (!check_servers(connection->url))
        return CMD_WRONG_USAGE;
    connection->inbox_prefix = identity.inbox_prefix;
    natsOptions *options = NULL;
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK && !fill(settings, &identity, connection, options, &status)) {
        natsOptions_Destroy(options);
        return CMD_WRONG_USAGE;
    }
    bool filled = status == NATS_OK;
    if (filled)
        status = natsConnection_Connect(&connection->nats, options);
    natsOptions_Destroy(options);
    if (status == NATS_OK)
        return CMD_DONE;
    if (!filled)
        return cmd_fail(CMD_WRONG_USAGE, "cannot connect to %s: %s", connection->url,
                        last_error(status));
    return cmd_fail_with(status_of(status), "cannot connect to %s: %s", connection->url,
                         reason(settings, &identity, status));
}

void cmd_disconnect(cmd_connection *connection)
{
    natsConnection_Close(connection->nats);
    natsSubscription_Destroy(connection->answers);
    natsConnection_Destroy(connection->nats);
    *connection = (cmd_connection){0};
    nats_Close();
}
