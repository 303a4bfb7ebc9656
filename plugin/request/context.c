/*
 * Context: see context.h.
 */
#include "request/context.h"

/* An error shows values that may contain anything, and should stay one line. */
static void keep_on_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
    }
}

/* The text with its place before it. `mark` follows the file and the line. */
static char *put_place(gen_pool *pool, const gen_place *place, const char *mark, char *text)
{
    if (place != NULL && place->method != NULL)
        text = gen_pool_format(pool, "method %s: %s", place->method, text);
    if (place != NULL && place->service != NULL)
        text = gen_pool_format(pool, "service %s: %s", place->service, text);
    if (place != NULL && place->line != 0)
        text = gen_pool_format(pool, "%s:%d: %s%s", place->file, place->line, mark, text);
    else if (place != NULL)
        text = gen_pool_format(pool, "%s: %s%s", place->file, mark, text);
    keep_on_one_line(text);
    return text;
}

bool gen_fail(gen_context *context, const gen_place *place, const char *format, ...)
{
    if (context->error != NULL)
        return false;
    va_list arguments;
    va_start(arguments, format);
    char *text = gen_pool_vformat(context->pool, format, arguments);
    va_end(arguments);
    context->error = put_place(context->pool, place, "", text);
    return false;
}

void gen_warn(gen_context *context, const gen_place *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = gen_pool_vformat(context->pool, format, arguments);
    va_end(arguments);
    const char *before = context->warnings == NULL ? "" : context->warnings;
    context->warnings = gen_pool_format(context->pool, "%s%s\n", before,
                                        put_place(context->pool, place, "warning: ", text));
}
