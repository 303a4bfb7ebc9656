/*
 * See raw.h.
 */
#include "raw.h"

#include <stdio.h>
#include <string.h>

static void set_header(natsMsg *message, const char *name, const char *value)
{
    if (value != NULL)
        assert_int_equal(NATS_OK, natsMsgHeader_Set(message, name, value));
}

void raw_publish(natsConnection *connection, const raw_message *message)
{
    natsMsg *out = NULL;
    assert_int_equal(NATS_OK, natsMsg_Create(&out, message->subject, message->reply, message->data,
                                             (int)message->length));
    set_header(out, "Reply-To", message->reply_to);
    set_header(out, "Nats-Stream-Inbox", message->inbox);
    set_header(out, "Nats-Stream-Seq", message->seq);
    set_header(out, "Nats-Stream-End", message->end);
    set_header(out, "Nats-Service-Error-Code", message->code);
    set_header(out, "Nats-Service-Error", message->code != NULL ? "a text" : NULL);
    set_header(out, message->name, message->value);
    set_header(out, message->other_name, message->other_value);
    assert_int_equal(NATS_OK, natsConnection_PublishMsg(connection, out));
    natsMsg_Destroy(out);
}

void raw_send(natsConnection *connection, const raw_message *message)
{
    raw_publish(connection, message);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(connection, RAW_TIMEOUT_MS));
}

natsMsg *raw_next(natsSubscription *subscription)
{
    natsMsg *message = NULL;
    natsStatus status = natsSubscription_NextMsg(&message, subscription, RAW_TIMEOUT_MS);
    if (status != NATS_OK)
        fail_msg("no message: %s", natsStatus_GetText(status));
    return message;
}

const char *raw_header(natsMsg *message, const char *name)
{
    const char *value = NULL;
    return natsMsgHeader_Get(message, name, &value) == NATS_OK ? value : "";
}

void raw_assert_error(natsMsg *message, const char *code)
{
    assert_string_equal(code, raw_header(message, "Nats-Service-Error-Code"));
    assert_string_not_equal("", raw_header(message, "Nats-Service-Error"));
}

static void make_inbox(raw_call *call, natsConnection *connection)
{
    natsInbox *inbox = NULL;
    memset(call, 0, sizeof(*call));
    call->connection = connection;
    assert_int_equal(NATS_OK, natsInbox_Create(&inbox));
    snprintf(call->inbox, sizeof(call->inbox), "%s", inbox);
    natsInbox_Destroy(inbox);
}

/* Owns the acknowledgement. */
static void take_acknowledgement(raw_call *call, natsMsg *acknowledgement)
{
    snprintf(call->stream, sizeof(call->stream), "%s",
             raw_header(acknowledgement, "Nats-Stream-Inbox"));
    natsMsg_Destroy(acknowledgement);
    assert_string_not_equal("", call->stream);
}

void raw_open(raw_call *call, natsConnection *connection, const char *subject)
{
    make_inbox(call, connection);
    raw_listen(call);
    raw_send(connection,
             &(raw_message){.subject = subject, .reply = call->inbox, .reply_to = call->inbox});
    take_acknowledgement(call, raw_next(call->answers));
}

void raw_open_as_go(raw_call *call, natsConnection *connection, const char *subject)
{
    natsMsg *opening = NULL;
    natsMsg *acknowledgement = NULL;
    make_inbox(call, connection);
    assert_int_equal(NATS_OK, natsMsg_Create(&opening, subject, NULL, NULL, 0));
    assert_int_equal(NATS_OK, natsMsgHeader_Set(opening, "Reply-To", call->inbox));
    assert_int_equal(
        NATS_OK, natsConnection_RequestMsg(&acknowledgement, connection, opening, RAW_TIMEOUT_MS));
    natsMsg_Destroy(opening);
    take_acknowledgement(call, acknowledgement);
}

void raw_listen(raw_call *call)
{
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&call->answers, call->connection, call->inbox));
}

void raw_item(raw_call *call, const char *seq, const void *data, size_t length)
{
    raw_publish(
        call->connection,
        &(raw_message){.subject = call->stream, .seq = seq, .data = data, .length = length});
}

void raw_end(raw_call *call, const char *seq)
{
    raw_send(call->connection, &(raw_message){.subject = call->stream, .seq = seq, .end = "true"});
}

static void on_complete(void *closure)
{
    latch_open(closure);
}

void raw_unsubscribe(natsConnection *connection, natsSubscription *subscription)
{
    if (subscription == NULL)
        return;
    latch completed;
    latch_init(&completed);
    bool has_callback =
        natsSubscription_SetOnCompleteCB(subscription, on_complete, &completed) == NATS_OK;
    natsSubscription_Unsubscribe(subscription);
    if (has_callback)
        assert_true(latch_wait(&completed, RAW_TIMEOUT_MS));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(connection, RAW_TIMEOUT_MS));
    natsSubscription_Destroy(subscription);
    latch_destroy(&completed);
}

void raw_close(raw_call *call)
{
    raw_unsubscribe(call->connection, call->answers);
}
