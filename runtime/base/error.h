/*
 * Error: what a call failed with: status, code as it travels, text, bytes. "No error" is status OK.
 */
#ifndef NM_BASE_ERROR_H
#define NM_BASE_ERROR_H

#include "natsmicro/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct nm_error {
    natsmicro_status status;
    char *code;    /* owned; NULL: the status's name */
    char *text;    /* owned; NULL: the code */
    size_t hidden; /* that many bytes of the text, at its front, are for this side only: a path */
    void *data;    /* owned; error data, or NULL */
    size_t data_length;
} nm_error;

#define NM_ERROR_INIT                        \
    {                                        \
        NATSMICRO_OK, NULL, NULL, 0, NULL, 0 \
    }

/*
 * Whether a call may fail with it. WOULD_BLOCK is a try_send's answer, of which no peer would know.
 */
static inline bool nm_is_failure(natsmicro_status status)
{
    return status != NATSMICRO_OK && status != NATSMICRO_END && status != NATSMICRO_WOULD_BLOCK;
}

/* What a call fails with instead of another status. */
static inline natsmicro_status nm_as_failure(natsmicro_status status)
{
    return nm_is_failure(status) ? status : NATSMICRO_INTERNAL;
}

/* Frees what an error holds; nm_error_clear asks first, as most have nothing. */
void nm_error_free(nm_error *error);

static inline void nm_error_clear(nm_error *error)
{
    if (error->status != NATSMICRO_OK || error->code != NULL || error->text != NULL ||
        error->data != NULL)
        nm_error_free(error);
}

/*
 * Replaces status, code and text (printf), keeps the data; returns the status, so that `return
 * nm_error_set(…)` fails in one line. An empty text becomes NULL. Short memory loses the text.
 * `error` may be NULL: then only the status is returned.
 */
natsmicro_status nm_error_set(nm_error *error, natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);
natsmicro_status nm_error_vset(nm_error *error, natsmicro_status status, const char *format,
                               va_list arguments) NATSMICRO_PRINTF(3, 0);

/* As it came from the wire: the status is that of the code. `text` may be NULL. */
natsmicro_status nm_error_set_code(nm_error *error, const char *code, const char *text);

/* Replaces the data by a copy; length 0 takes it away. False when memory is short. */
bool nm_error_set_data(nm_error *error, const void *data, size_t length);

/* A peer is told the text without its first `length` bytes. `error` may be NULL. */
void nm_error_hide(nm_error *error, size_t length);

/* Takes what is hidden out of the text, for those who pass it on. */
void nm_error_drop_hidden(nm_error *error);

/* `to` (cleared first; NULL: nobody wants it) gets a copy. */
void nm_error_copy(nm_error *to, const nm_error *from);

/* Status, code and text are copied; `to` keeps its data. */
void nm_error_copy_words(nm_error *to, const nm_error *from);

/* What to show: never NULL; "" when there is no error; the code stands for a missing text. */
const char *nm_error_code(const nm_error *error);
const char *nm_error_text(const nm_error *error);

/* The text as a peer is told it: without what is hidden. */
const char *nm_error_told(const nm_error *error);

#endif
