/*
 * Error: why a call failed: its status, the code on the wire, a text, and data. Status OK is "no
 * error". An error owns what it holds; it has no lock.
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
    size_t hidden; /* the text's first bytes that no peer is told, such as a path */
    void *data;    /* owned; the error data, or NULL */
    size_t data_length;
} nm_error;

#define NM_ERROR_INIT                        \
    {                                        \
        NATSMICRO_OK, NULL, NULL, 0, NULL, 0 \
    }

/* Whether a call may fail with it. WOULD_BLOCK only answers a try_send and is never sent. */
static inline bool nm_is_failure(natsmicro_status status)
{
    return status != NATSMICRO_OK && status != NATSMICRO_END && status != NATSMICRO_WOULD_BLOCK;
}

/* The status itself if a call may fail with it, else INTERNAL. */
static inline natsmicro_status nm_as_failure(natsmicro_status status)
{
    return nm_is_failure(status) ? status : NATSMICRO_INTERNAL;
}

/* Frees what an error holds; it is OK afterwards. */
void nm_error_free(nm_error *error);

/* The same; faster for the many errors that hold nothing. */
static inline void nm_error_clear(nm_error *error)
{
    if (error->status != NATSMICRO_OK || error->code != NULL || error->text != NULL ||
        error->data != NULL)
        nm_error_free(error);
}

/*
 * Replaces status, code and text (printf; it may use the old ones) and keeps the data. Returns the
 * status, so that `return nm_error_set(…)` fails in one line. An empty text becomes NULL. The text
 * is lost if memory is short. `error` may be NULL: then only the status is returned.
 */
natsmicro_status nm_error_set(nm_error *error, natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);
natsmicro_status nm_error_vset(nm_error *error, natsmicro_status status, const char *format,
                               va_list arguments) NATSMICRO_PRINTF(3, 0);

/* The same for an error from a peer: the status follows from the code. Both may be NULL. */
natsmicro_status nm_error_set_code(nm_error *error, const char *code, const char *text);

/*
 * Replaces the data by a copy; length 0 removes it. Returns false, and keeps the old data, if
 * memory is short.
 */
bool nm_error_set_data(nm_error *error, const void *data, size_t length);

/* Hides the first `length` bytes of the text from peers. `error` may be NULL. */
void nm_error_hide(nm_error *error, size_t length);

/* Removes the hidden bytes from the text. */
void nm_error_drop_hidden(nm_error *error);

/* Clears `to` and copies all of `from` there. `to` may be NULL. */
void nm_error_copy(nm_error *to, const nm_error *from);

/* Copies status, code and text; `to` keeps its data. */
void nm_error_copy_words(nm_error *to, const nm_error *from);

/* For display: never NULL, "" if there is no error; a missing text is shown as the code. */
const char *nm_error_code(const nm_error *error);
const char *nm_error_text(const nm_error *error);

/* The text without its hidden bytes, as peers are told it. */
const char *nm_error_told(const nm_error *error);

#endif
