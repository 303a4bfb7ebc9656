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

bool gen_fail(gen_context *context, const gen_place *place, const char *format, ...)
{
    if (context->error != NULL)
        return false;
    gen_pool *pool = context->pool;
    va_list arguments;
    va_start(arguments, format);
    char *text = gen_pool_vformat(pool, format, arguments);
    va_end(arguments);
    if (place != NULL && place->method != NULL)
        text = gen_pool_format(pool, "method %s: %s", place->method, text);
    if (place != NULL && place->service != NULL)
        text = gen_pool_format(pool, "service %s: %s", place->service, text);
    if (place != NULL && place->line != 0)
        text = gen_pool_format(pool, "%s:%d: %s", place->file, place->line, text);
    else if (place != NULL)
        text = gen_pool_format(pool, "%s: %s", place->file, text);
    keep_on_one_line(text);
    context->error = text;
    return false;
}
