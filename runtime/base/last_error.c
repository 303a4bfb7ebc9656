/*
 * Last error: see last_error.h. The text has a fixed size, so that a thread leaves nothing to free.
 */
#include "base/last_error.h"

#include <stdio.h>

#define LAST_ERROR_SIZE 512

static _Thread_local char last_error[LAST_ERROR_SIZE];

const char *natsmicro_last_error(void)
{
    return last_error;
}

natsmicro_status nm_last_error_set(natsmicro_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof(last_error), format, arguments);
    va_end(arguments);
    return status;
}

natsmicro_status nm_last_error_null(const char *function, const char *argument)
{
    return nm_last_error_set(NATSMICRO_INVALID_ARGUMENT, "%s: %s is NULL", function, argument);
}

natsmicro_status nm_last_error_note(natsmicro_status status, const nm_error *error)
{
    if (nm_is_failure(status))
        nm_last_error_set(status, "%s", nm_error_text(error));
    return status;
}
