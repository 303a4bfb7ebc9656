/*
 * Last error: the text of what failed last in the calling thread, for natsmicro_last_error. Public
 * functions set it as they return, if they fail and neither a call nor a context has the text.
 */
#ifndef NM_BASE_LAST_ERROR_H
#define NM_BASE_LAST_ERROR_H

#include "base/error.h"

/* Sets the calling thread's text (printf), which is cut to 511 bytes. Returns the status. */
natsmicro_status nm_last_error_set(natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);

/* Does the same with the text of an error, unless the status is no failure. Returns the status. */
natsmicro_status nm_last_error_note(natsmicro_status status, const nm_error *error);

/* INVALID_ARGUMENT, with a text that names the function and the argument that is NULL. */
natsmicro_status nm_last_error_null(const char *function, const char *argument);

/* The same for the function and the argument that are named here. */
#define NM_REFUSE_NULL(argument) nm_last_error_null(__func__, #argument)

#endif
