/*
 * Outgoing: see outgoing.h. One function, walk, knows which headers a message has. To compose a
 * message its visitor sets them; to measure it, the visitor adds up their lengths.
 */
#include "wire/outgoing.h"

#include "base/status.h"
#include "wire/names.h"

#include <limits.h>
#include <string.h>

#define HEADERS_FRAME 12 /* "NATS/1.0\r\n" before the headers, "\r\n" after them */
#define HEADER_FRAME  4  /* ": " and "\r\n" in each header */

/* Gets each header. `again`: the name may repeat, so earlier headers of that name stay. */
typedef natsStatus (*header_visitor)(void *closure, const char *name, const char *value,
                                     bool again);

static bool is_error(const nm_error *error)
{
    return error != NULL && error->status != NATSMICRO_OK && error->status != NATSMICRO_END;
}

const char *nm_format_sequence(uint64_t sequence, char buffer[NM_SEQUENCE_SIZE])
{
    char *at = buffer + NM_SEQUENCE_SIZE - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + sequence % 10);
        sequence /= 10;
    } while (sequence != 0);
    return at;
}

/*
 * Returns the text, or a copy in `mended` that a header may carry. NULL if nothing of it is left,
 * or memory is short.
 */
static const char *fit_for_header(const char *text, size_t limit, nm_buffer *mended)
{
    if (!nm_header_value_is_valid(text) || strlen(text) > limit) {
        nm_text_for_header(mended, text, limit);
        text = nm_buffer_string(mended);
    }
    return text == NULL || nm_header_value_is_blank(text) ? NULL : text;
}

/* An empty text becomes the code: peers would take it for no text, or for no answer at all. */
static const char *code_of(const nm_error *error, bool numeric)
{
    bool built_in = error->code == NULL && nm_is_failure(error->status);
    return numeric && built_in ? nm_status_number(error->status) : nm_error_code(error);
}

static natsStatus walk_error(const nm_error *error, bool numeric, size_t text_limit,
                             header_visitor visit, void *closure)
{
    nm_buffer mended_code = NM_BUFFER_INIT;
    nm_buffer mended_text = NM_BUFFER_INIT;
    const char *code = fit_for_header(code_of(error, numeric), NM_ERROR_TEXT_LIMIT, &mended_code);
    const char *text = fit_for_header(nm_error_text(error), text_limit, &mended_text);
    natsStatus status;

    if (code == NULL)
        code = natsmicro_status_name(error->status);
    if (text == NULL)
        text = code;
    status = visit(closure, NM_HEADER_ERROR_CODE, code, false);
    if (status == NATS_OK)
        status = visit(closure, NM_HEADER_ERROR, text, false);
    nm_buffer_free(&mended_code);
    nm_buffer_free(&mended_text);
    return status;
}

static natsStatus walk_list(const nm_headers *headers, header_visitor visit, void *closure)
{
    natsStatus status = NATS_OK;

    for (size_t i = 0; headers != NULL && i < headers->count && status == NATS_OK; i++)
        status = visit(closure, headers->items[i].name, headers->items[i].value, true);
    return status;
}

static natsStatus walk(const nm_outgoing *outgoing, header_visitor visit, void *closure)
{
    natsStatus status = NATS_OK;
    char digits[NM_SEQUENCE_SIZE];

    if (outgoing->has_sequence)
        status = visit(closure, NM_HEADER_STREAM_SEQ,
                       nm_format_sequence(outgoing->sequence, digits), false);
    if (status == NATS_OK && outgoing->end)
        status = visit(closure, NM_HEADER_STREAM_END, "true", false);
    if (status == NATS_OK && outgoing->reply_to != NULL)
        status = visit(closure, NM_HEADER_REPLY_TO, outgoing->reply_to, false);
    if (status == NATS_OK && outgoing->stream_inbox != NULL)
        status = visit(closure, NM_HEADER_STREAM_INBOX, outgoing->stream_inbox, false);
    if (status == NATS_OK && outgoing->control != NULL)
        status = visit(closure, NM_HEADER_CONTROL, outgoing->control, false);
    if (status == NATS_OK && outgoing->stream != NULL)
        status = visit(closure, NM_HEADER_STREAM, outgoing->stream, false);
    if (status == NATS_OK && outgoing->service != NULL)
        status = visit(closure, NM_HEADER_SERVICE, outgoing->service, false);
    if (status == NATS_OK && outgoing->timeout_ms > 0)
        status = visit(closure, NM_HEADER_TIMEOUT,
                       nm_format_sequence((uint64_t)outgoing->timeout_ms, digits), false);
    if (status == NATS_OK && is_error(outgoing->error))
        status = walk_error(outgoing->error, outgoing->numeric_code,
                            outgoing->text_limit > 0 ? outgoing->text_limit : NM_ERROR_TEXT_LIMIT,
                            visit, closure);
    if (status == NATS_OK)
        status = walk_list(outgoing->headers, visit, closure);
    if (status == NATS_OK)
        status = walk_list(outgoing->trailers, visit, closure);
    return status;
}

static natsStatus set_header(void *closure, const char *name, const char *value, bool again)
{
    natsMsg *message = closure;

    return again ? natsMsgHeader_Add(message, name, value)
                 : natsMsgHeader_Set(message, name, value);
}

size_t nm_outgoing_header_length(const char *name, const char *value)
{
    return strlen(name) + strlen(value) + HEADER_FRAME;
}

static natsStatus add_length(void *closure, const char *name, const char *value, bool again)
{
    size_t *length = closure;

    (void)again;
    *length += nm_outgoing_header_length(name, value);
    return NATS_OK;
}

/*
 * Joins the pieces in the memory of the message, where nats.c would copy them to anyway: a message
 * that is made with a length and no data has that memory. It is the message's own, although the
 * accessor says const.
 */
static natsStatus create_from_pieces(natsMsg **message, const nm_outgoing *outgoing)
{
    natsStatus status =
        natsMsg_Create(message, outgoing->subject, outgoing->reply, NULL, (int)outgoing->length);

    if (status == NATS_OK)
        nm_bytes_join((void *)(uintptr_t)natsMsg_GetData(*message), outgoing->pieces,
                      outgoing->n_pieces);
    return status;
}

static natsStatus create(natsMsg **message, const nm_outgoing *outgoing)
{
    const void *data = outgoing->data;
    size_t length = outgoing->length;

    if (is_error(outgoing->error) && outgoing->error->data_length > 0) {
        data = outgoing->error->data;
        length = outgoing->error->data_length;
    }
    if (length > INT_MAX)
        return NATS_INVALID_ARG;
    if (outgoing->n_pieces > 0)
        return create_from_pieces(message, outgoing);
    return natsMsg_Create(message, outgoing->subject, outgoing->reply, data, (int)length);
}

natsStatus nm_outgoing_compose(natsMsg **message, const nm_outgoing *outgoing)
{
    *message = NULL;
    natsStatus status = create(message, outgoing);
    if (status != NATS_OK)
        return status;
    status = walk(outgoing, set_header, *message);
    if (status != NATS_OK) {
        natsMsg_Destroy(*message);
        *message = NULL;
    }
    return status;
}

bool nm_outgoing_has_headers(const nm_outgoing *outgoing)
{
    return outgoing->has_sequence || outgoing->end || outgoing->reply_to != NULL ||
           outgoing->stream_inbox != NULL || outgoing->control != NULL ||
           outgoing->stream != NULL || outgoing->service != NULL || outgoing->timeout_ms > 0 ||
           is_error(outgoing->error) ||
           (outgoing->headers != NULL && outgoing->headers->count > 0) ||
           (outgoing->trailers != NULL && outgoing->trailers->count > 0);
}

size_t nm_outgoing_headers_length(const nm_outgoing *outgoing)
{
    size_t length = HEADERS_FRAME;

    if (!nm_outgoing_has_headers(outgoing))
        return 0;
    walk(outgoing, add_length, &length);
    return length;
}
