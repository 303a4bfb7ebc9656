/*
 * Context: see context.h.
 */
#include "connect/context.h"

#include "text/file.h"
#include "text/report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONGEST_CONTEXT (1 << 20)

/* ---- where ---- */

static const char *home(void)
{
    const char *folder = getenv("HOME");
    return folder != NULL ? folder : "";
}

const char *cmd_expand_home(gen_pool *pool, const char *path)
{
    if (path == NULL)
        return NULL;
    if (strncmp(path, "~/", 2) == 0)
        return gen_pool_format(pool, "%s%s", home(), path + 1);
    if (strncmp(path, "$HOME/", 6) == 0)
        return gen_pool_format(pool, "%s%s", home(), path + 5);
    return path;
}

static const char *folder_of_nats(gen_pool *pool)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    if (config != NULL && *config != '\0')
        return gen_pool_format(pool, "%s/nats", config);
    return gen_pool_format(pool, "%s/.config/nats", home());
}

/* *name becomes NULL if none is selected. */
static bool read_selected(gen_pool *pool, const char *folder, const char **name)
{
    const char *path = gen_pool_format(pool, "%s/context.txt", folder);
    *name = NULL;
    if (access(path, F_OK) != 0)
        return true;
    nm_buffer content = NM_BUFFER_INIT;
    if (!cmd_read_file(path, LONGEST_CONTEXT, &content)) {
        nm_buffer_free(&content);
        return false;
    }
    char *selected = gen_pool_take(pool, &content);
    selected[strcspn(selected, " \t\r\n")] = '\0';
    if (*selected != '\0')
        *name = selected;
    return true;
}

/* ---- members ---- */

typedef struct cmd_member {
    const char *name;
    size_t member; /* its offset in cmd_identity */
    bool is_path;
} cmd_member;

#define MEMBER(name) offsetof(cmd_identity, name)

static const cmd_member members[] = {
    {"url", MEMBER(url), false},
    {"creds", MEMBER(creds), true},
    {"user", MEMBER(user), false},
    {"password", MEMBER(password), false},
    {"token", MEMBER(token), false},
    {"nkey", MEMBER(nkey), true},
    {"user_jwt", MEMBER(user_jwt), false},
    {"user_seed", MEMBER(user_seed), false},
    {"cert", MEMBER(cert), true},
    {"key", MEMBER(key), true},
    {"ca", MEMBER(ca), true},
    {"inbox_prefix", MEMBER(inbox_prefix), false},
};

/* They change nothing about a connection or a call. */
static const char *const without_meaning[] = {"description", "jetstream_domain",
                                              "jetstream_api_prefix", "jetstream_event_prefix",
                                              "color_scheme"};

static const struct {
    const char *name;
    const char *reason;
} not_possible[] = {
    {"tls_first", "nats.c cannot begin a connection with TLS"},
    {"socks_proxy", "nats.c cannot connect through a SOCKS proxy"},
    {"nsc", "put what nsc generates into a file, and name that as creds"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_set(const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) > 0;
    return !json_is_null(value) && !json_is_false(value);
}

static bool has_no_meaning(const char *name)
{
    for (size_t i = 0; i < COUNT(without_meaning); i++) {
        if (strcmp(name, without_meaning[i]) == 0)
            return true;
    }
    return false;
}

static const char *reason_against(const char *name)
{
    for (size_t i = 0; i < COUNT(not_possible); i++) {
        if (strcmp(name, not_possible[i].name) == 0)
            return not_possible[i].reason;
    }
    return "this program does not know it";
}

static bool take_text(gen_pool *pool, const char *path, const cmd_member *member,
                      const json_t *value, cmd_identity *identity)
{
    if (!json_is_string(value)) {
        cmd_fail(0, "%s: %s is not a string", path, member->name);
        return false;
    }
    const char *text = json_string_value(value);
    if (strncmp(text, "op://", 5) == 0 || strncmp(text, "nsc://", 6) == 0) {
        cmd_fail(0, "%s: %s is \"%s\": this program reads secrets from the context or from files",
                 path, member->name, text);
        return false;
    }
    text = gen_pool_copy(pool, text, strlen(text));
    if (member->is_path)
        text = cmd_expand_home(pool, text);
    *(const char **)((char *)identity + member->member) = text;
    return true;
}

static bool take_member(gen_pool *pool, const char *path, const char *name, const json_t *value,
                        cmd_identity *identity)
{
    if (!is_set(value) || has_no_meaning(name))
        return true;
    for (size_t i = 0; i < COUNT(members); i++) {
        if (strcmp(name, members[i].name) == 0)
            return take_text(pool, path, &members[i], value, identity);
    }
    cmd_fail(0, "%s: %s is set: %s", path, name, reason_against(name));
    return false;
}

static bool take_members(gen_pool *pool, const char *path, json_t *context, cmd_identity *identity)
{
    if (!json_is_object(context)) {
        cmd_fail(0, "%s: is not a JSON object", path);
        return false;
    }
    const char *name;
    json_t *value;
    json_object_foreach(context, name, value)
    {
        if (!take_member(pool, path, name, value, identity))
            return false;
    }
    return true;
}

/* ---- reading ---- */

static bool read_file(gen_pool *pool, const char *path, cmd_identity *identity)
{
    nm_buffer content = NM_BUFFER_INIT;
    bool read = cmd_read_file(path, LONGEST_CONTEXT, &content);
    if (read) {
        json_error_t error;
        json_t *context =
            json_loadb((const char *)content.data, content.length, JSON_REJECT_DUPLICATES, &error);
        if (context == NULL)
            cmd_fail(0, "%s: line %d: %s", path, error.line, error.text);
        read = context != NULL && take_members(pool, path, context, identity);
        json_decref(context);
    }
    nm_buffer_free(&content);
    return read;
}

bool cmd_read_context(gen_pool *pool, const char *name, cmd_identity *identity)
{
    const char *folder = folder_of_nats(pool);
    if (name == NULL && !read_selected(pool, folder, &name))
        return false;
    if (name == NULL)
        return true;
    if (strchr(name, '/') != NULL || strstr(name, "..") != NULL) {
        cmd_fail(0, "context \"%s\": no name of a context", name);
        return false;
    }
    const char *path = gen_pool_format(pool, "%s/context/%s.json", folder, name);
    if (access(path, F_OK) != 0) {
        cmd_fail(0, "context \"%s\": there is no %s", name, path);
        return false;
    }
    return read_file(pool, path, identity);
}
