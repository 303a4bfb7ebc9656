/*
 * Error: see error.h. If memory is short the text is lost, but never the status.
 */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nm_error_free(nm_error *error)
{
    free(error->code);
    free(error->text);
    free(error->data);
    *error = (nm_error)NM_ERROR_INIT;
}

/* Returns a copy, or NULL for NULL, for "" and if memory is short. */
static char *copy_or_null(const char *string)
{
    return string == NULL || string[0] == '\0' ? NULL : strdup(string);
}

/* Takes over `code` and `text`. */
static natsmicro_status replace(nm_error *error, natsmicro_status status, char *code, char *text)
{
    free(error->code);
    free(error->text);
    error->status = status;
    error->code = code;
    error->text = text;
    error->hidden = 0;
    return status;
}

natsmicro_status nm_error_vset(nm_error *error, natsmicro_status status, const char *format,
                               va_list arguments)
{
    char *text = NULL;

    if (error == NULL)
        return status;
    va_list again;
    va_copy(again, arguments);
    int length = format == NULL ? 0 : vsnprintf(NULL, 0, format, arguments);
    if (length > 0)
        text = malloc((size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return replace(error, status, NULL, text);
}

natsmicro_status nm_error_set(nm_error *error, natsmicro_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    nm_error_vset(error, status, format, arguments);
    va_end(arguments);
    return status;
}

natsmicro_status nm_error_set_code(nm_error *error, const char *code, const char *text)
{
    natsmicro_status status = natsmicro_status_from_code(code);
    char *own_code = NULL;

    if (error == NULL)
        return status;
    if (code != NULL && strcmp(code, natsmicro_status_name(status)) != 0)
        own_code = copy_or_null(code);
    return replace(error, status, own_code, copy_or_null(text));
}

bool nm_error_set_data(nm_error *error, const void *data, size_t length)
{
    void *copy = NULL;

    if (length > 0) {
        copy = malloc(length);
        if (copy == NULL)
            return false;
        memcpy(copy, data, length);
    }
    free(error->data);
    error->data = copy;
    error->data_length = length;
    return true;
}

void nm_error_hide(nm_error *error, size_t length)
{
    if (error != NULL && error->text != NULL && length <= strlen(error->text))
        error->hidden = length;
}

void nm_error_drop_hidden(nm_error *error)
{
    if (error->hidden > 0)
        memmove(error->text, error->text + error->hidden, strlen(error->text + error->hidden) + 1);
    error->hidden = 0;
}

void nm_error_copy_words(nm_error *to, const nm_error *from)
{
    replace(to, from->status, copy_or_null(from->code), copy_or_null(from->text));
    nm_error_hide(to, from->hidden);
}

void nm_error_copy(nm_error *to, const nm_error *from)
{
    if (to == NULL || to == from)
        return;
    nm_error_clear(to);
    nm_error_copy_words(to, from);
    nm_error_set_data(to, from->data, from->data_length);
}

const char *nm_error_code(const nm_error *error)
{
    if (error->status == NATSMICRO_OK || error->status == NATSMICRO_END)
        return "";
    return error->code != NULL ? error->code : natsmicro_status_name(error->status);
}

const char *nm_error_text(const nm_error *error)
{
    if (error->status == NATSMICRO_OK || error->status == NATSMICRO_END)
        return "";
    return error->text != NULL ? error->text : nm_error_code(error);
}

const char *nm_error_told(const nm_error *error)
{
    const char *text = nm_error_text(error);
    return text == error->text ? text + error->hidden : text;
}
