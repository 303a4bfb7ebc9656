/*
 * Headers: see headers.h.
 */
#include "invoke/headers.h"

#include "text/report.h"

#include <stdlib.h>
#include <string.h>

/* Appends the value of the variable in "${NAME}", and skips it. */
static bool expand(gen_pool *pool, const char **at, nm_buffer *text)
{
    size_t length = strcspn(*at + 2, "}");
    const char *name = gen_pool_copy(pool, *at + 2, length);
    if ((*at)[2 + length] == '\0') {
        cmd_say("--header: \"%s\" has no }", *at);
        return false;
    }
    const char *value = getenv(name);
    if (value == NULL) {
        cmd_say("--header: the environment has no %s", name);
        return false;
    }
    nm_buffer_append_string(text, value);
    *at += length + 3;
    return true;
}

bool cmd_split_header(gen_pool *pool, const char *header, const char **name, const char **value)
{
    const char *colon = strchr(header, ':');
    if (colon == NULL) {
        cmd_say("--header: \"%s\" is no NAME:VALUE", header);
        return false;
    }
    *name = gen_pool_copy(pool, header, (size_t)(colon - header));
    nm_buffer text = NM_BUFFER_INIT;
    for (const char *at = colon + 1 + strspn(colon + 1, " \t"); *at != '\0';) {
        if (strncmp(at, "${", 2) != 0)
            nm_buffer_append(&text, at++, 1);
        else if (!expand(pool, &at, &text)) {
            nm_buffer_free(&text);
            return false;
        }
    }
    *value = gen_pool_take(pool, &text);
    return true;
}

int cmd_set_headers(const cmd_settings *settings, natsmicro_context *context)
{
    for (size_t i = 0; i < settings->headers.count; i++) {
        const char *name;
        const char *value;
        if (!cmd_split_header(settings->pool, settings->headers.items[i], &name, &value))
            return CMD_WRONG_USAGE;
        if (natsmicro_context_add_header(context, name, value) != NATSMICRO_OK)
            return cmd_fail(CMD_WRONG_USAGE, "--header: %s",
                            natsmicro_context_error_message(context));
    }
    return CMD_DONE;
}
