/*
 * Writer: see writer.h.
 */
#include "json/writer.h"

#include "base/cold.h"

#include <stdarg.h>
#include <stdio.h>

NM_COLD bool nm_json_refuse_write(nm_json_writer *w, natsmicro_status status, const char *format,
                                  ...)
{
    nm_buffer path = NM_BUFFER_INIT;
    nm_error reason = NM_ERROR_INIT;
    va_list arguments;

    va_start(arguments, format);
    nm_error_vset(&reason, status, format, arguments);
    va_end(arguments);
    nm_json_path_append(w->path, true, &path);
    const char *place = nm_buffer_string(&path);
    w->status =
        nm_error_set(w->error, status, "%s%s", place != NULL ? place : "", nm_error_text(&reason));
    nm_buffer_free(&path);
    nm_error_clear(&reason);
    return false;
}

NM_COLD bool nm_json_invalid(nm_json_writer *w, const char *reason)
{
    return nm_json_refuse_write(w, NATSMICRO_INVALID_ARGUMENT, "%s", reason);
}
