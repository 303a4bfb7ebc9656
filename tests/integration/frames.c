/*
 * See frames.h.
 */
#include "integration/frames.h"

#include "wire/offer.h"

#include <stdio.h>
#include <string.h>

static void make_inbox(frame_peer *self, natsConnection *connection)
{
    natsInbox *inbox = NULL;
    memset(self, 0, sizeof(*self));
    self->connection = connection;
    nm_digest_begin(&self->digest);
    assert_int_equal(NATS_OK, natsInbox_Create(&inbox));
    snprintf(self->inbox, sizeof(self->inbox), "%s", inbox);
    natsInbox_Destroy(inbox);
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&self->arrives, connection, self->inbox));
}

void peer_open(frame_peer *self, natsConnection *connection, const char *subject, const char *offer,
               const void *request, size_t length)
{
    make_inbox(self, connection);
    raw_send(connection, &(raw_message){.subject = subject,
                                        .reply = self->inbox,
                                        .reply_to = self->inbox,
                                        .data = request,
                                        .length = length,
                                        .name = OFFER_HEADER,
                                        .value = offer});
    peer_next(self);
    assert_true(self->is_first);
}

void peer_listen(frame_peer *self, natsConnection *connection, const char *subject)
{
    make_inbox(self, connection);
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&self->listens, connection, subject));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(connection, RAW_TIMEOUT_MS));
}

void peer_accept(frame_peer *self)
{
    self->opening = raw_next(self->listens);
    snprintf(self->address, sizeof(self->address), "%s", natsMsg_GetReply(self->opening));
}

void peer_close(frame_peer *self)
{
    natsMsg_Destroy(self->opening);
    natsMsg_Destroy(self->last);
    raw_unsubscribe(self->connection, self->listens);
    raw_unsubscribe(self->connection, self->arrives);
}

/* ---- making ---- */

void frame_begin(frame_peer *self)
{
    self->end = self->bytes;
}

void frame_put_message(frame_peer *self, const void *data, size_t length)
{
    uint8_t *at = self->end;
    self->end = nm_frame_put_message(at, data, length);
    nm_digest_add(&self->digest, at, (size_t)(self->end - at));
}

void frame_put_end(frame_peer *self, const char *status, uint64_t off)
{
    nm_frame_outcome outcome = {
        .status = status, .text = "a text", .digest = nm_digest_value(&self->digest) + off};
    self->end = nm_frame_write_end(self->end, 1024, &outcome);
}

void frame_put_control(frame_peer *self, nm_frame_control control)
{
    self->end = nm_frame_write_control(self->end, &control);
}

void frame_send_with(frame_peer *self, const char *reply, bool first)
{
    raw_send(self->connection, &(raw_message){.subject = self->address,
                                              .reply = reply,
                                              .data = self->bytes,
                                              .length = (size_t)(self->end - self->bytes),
                                              .name = first ? OFFER_HEADER : NULL,
                                              .value = first ? "1" : NULL});
}

void frame_send(frame_peer *self, bool with_reply)
{
    frame_send_with(self, with_reply ? self->inbox : NULL, false);
}

void frame_send_bytes(frame_peer *self, const void *data, size_t length, bool with_reply)
{
    raw_send(self->connection, &(raw_message){.subject = self->address,
                                              .reply = with_reply ? self->inbox : NULL,
                                              .data = data,
                                              .length = length});
}

void frame_send_reset(frame_peer *self, const char *status)
{
    uint8_t bytes[NM_FRAME_RESET_SIZE];
    uint8_t *end = nm_frame_write_reset(bytes, status, status != NULL ? "a text" : NULL);
    frame_send_bytes(self, bytes, (size_t)(end - bytes), false);
}

/* ---- arriving ---- */

void peer_next(frame_peer *self)
{
    const char *why = NULL;
    natsMsg_Destroy(self->last);
    self->last = raw_next(self->arrives);
    if (!nm_frame_read((const uint8_t *)natsMsg_GetData(self->last),
                       (size_t)natsMsg_GetDataLength(self->last), &self->frame, &why))
        fail_msg("no frame came: %s", why);
    self->is_first = nm_stream_acceptance_read(raw_header(self->last, OFFER_HEADER), NULL);
    if (natsMsg_GetReply(self->last) != NULL)
        snprintf(self->address, sizeof(self->address), "%s", natsMsg_GetReply(self->last));
}

void peer_next_ack(frame_peer *self, uint64_t ack)
{
    do
        peer_next(self);
    while (!self->frame.has_reset && self->frame.ack < ack);
    assert_false(self->frame.has_reset);
    assert_int_equal(ack, self->frame.ack);
}

void peer_next_reset(frame_peer *self, const char *status)
{
    do
        peer_next(self);
    while (!self->frame.has_reset);
    char code[NM_CODE_LIMIT + 1];
    snprintf(code, sizeof(code), "%.*s", (int)self->frame.reset.status.length,
             (const char *)self->frame.reset.status.data);
    assert_string_equal(status, code);
}

bool peer_hears_nothing(frame_peer *self)
{
    natsMsg *message = NULL;
    assert_int_equal(NATS_OK, natsConnection_PublishString(self->connection, self->inbox, "echo"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->connection, RAW_TIMEOUT_MS));
    message = raw_next(self->arrives);
    bool nothing =
        natsMsg_GetDataLength(message) == 4 && memcmp(natsMsg_GetData(message), "echo", 4) == 0;
    natsMsg_Destroy(message);
    return nothing;
}
