/*
 * nats.c says nowhere where the headers of a received message lie: wire/header_block finds them by
 * what lies around them. This pins that on the nats.c at hand, with messages that a real broker has
 * passed on. If it fails, no header can be read with this nats.c.
 */
#include "support/scenario.h"

#include "wire/header_block.h"
#include "wire/incoming.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE 10000

static broker *nats;
static natsConnection *receiver;
static natsSubscription *subscription;
static int sender; /* a socket: nats.c would not send all of this */

/* ---- receiving ---- */

/* The last message, as the callback has found it. */
static struct {
    latch came;
    nm_header_block_state state;
    char block[4096];
    size_t length;
    size_t front;
    size_t strings; /* bytes of subject and reply, as the message says, with their NULs */
    char reply[64];
    int payload_length;
} seen;

static void on_message(natsConnection *connection, natsSubscription *from, natsMsg *message,
                       void *closure)
{
    (void)connection;
    (void)from;
    (void)closure;
    const char *subject = natsMsg_GetSubject(message);
    const char *reply = natsMsg_GetReply(message);
    nm_bytes block = {NULL, 0};
    seen.state =
        nm_header_block_find(subject, reply, natsMsg_GetData(message), sizeof(seen.block), &block);
    if (block.length > 0)
        memcpy(seen.block, block.data, block.length);
    seen.length = block.length;
    seen.front = nm_message_front(message);
    seen.strings = strlen(subject) + 1 + (reply != NULL ? strlen(reply) + 1 : 0);
    snprintf(seen.reply, sizeof(seen.reply), "%s", reply != NULL ? reply : "");
    seen.payload_length = natsMsg_GetDataLength(message);
    natsMsg_Destroy(message);
    latch_open(&seen.came);
}

/* ---- sending ---- */

static void write_all(const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t count = send(sender, at, length, MSG_NOSIGNAL);
        assert_true(count > 0);
        at += count;
        length -= (size_t)count;
    }
}

static void write_text(const char *text)
{
    write_all(text, strlen(text));
}

/* Publishes a message; the reply, which may be empty, is written as it is, NULs and all. */
static void publish(nm_bytes reply, nm_bytes headers, const char *payload)
{
    size_t total = headers.length + strlen(payload);

    write_text(headers.length > 0 ? "HPUB layout.x " : "PUB layout.x ");
    write_all(reply.data, reply.length);
    char line[128];
    if (headers.length > 0)
        snprintf(line, sizeof(line), " %zu %zu\r\n", headers.length, total);
    else
        snprintf(line, sizeof(line), " %zu\r\n", total);
    write_text(line);
    write_all(headers.data, headers.length);
    write_text(payload);
    write_text("\r\n");
}

/* Publishes a message, and waits until the callback has seen it. */
static void pass_on(nm_bytes reply, nm_bytes headers, const char *payload)
{
    int before = latch_count(&seen.came);

    publish(reply, headers, payload);
    assert_true(latch_wait_count(&seen.came, before + 1, PATIENCE));
    assert_int_equal(seen.payload_length, strlen(payload));
}

/* ---- before and after ---- */

static int open_all(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    (void)state;
    nats = broker_start(NULL);
    receiver = connect_to(nats);
    latch_init(&seen.came);
    assert_int_equal(
        NATS_OK, natsConnection_Subscribe(&subscription, receiver, "layout.*", on_message, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(receiver, PATIENCE));
    address.sin_port = htons((uint16_t)atoi(strrchr(broker_url(nats), ':') + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sender = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(0, connect(sender, (struct sockaddr *)&address, sizeof(address)));
    write_text("CONNECT {\"verbose\":false,\"headers\":true}\r\n");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    close(sender);
    natsSubscription_Destroy(subscription);
    natsConnection_Destroy(receiver);
    latch_destroy(&seen.came);
    broker_stop(nats);
    nats_CloseAndWait(PATIENCE);
    return 0;
}

/* ---- tests ---- */

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define TEXT(literal) ((nm_bytes)BYTES(literal))
#define NOTHING       ((nm_bytes)BYTES(""))

static const char *const payloads[] = {"", "p", "payload"};
static const nm_bytes replies[] = {BYTES(""), BYTES("r"), BYTES("_INBOX.abc.def")};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void headers_lie_where_we_look(void **state)
{
    static const nm_bytes blocks[] = {
        BYTES("NATS/1.0\r\n\r\n"),
        BYTES("NATS/1.0\r\nA: b\r\n\r\n"),
        BYTES("NATS/1.0\r\nA: \r\nB:\r\nC: d\r\n e\r\n\r\n"),
        BYTES("NATS/1.0 503 No Responders\r\n\r\n"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(blocks) * COUNT(replies) * COUNT(payloads); i++) {
        nm_bytes block = blocks[i % COUNT(blocks)];
        pass_on(replies[i / COUNT(blocks) % COUNT(replies)], block,
                payloads[i / COUNT(blocks) / COUNT(replies)]);
        assert_int_equal(seen.state, NM_HEADER_BLOCK_FOUND);
        assert_int_equal(seen.length, block.length);
        assert_memory_equal(seen.block, block.data, block.length);
        assert_int_equal(seen.front, seen.strings + block.length + 1);
    }
}

static void where_there_are_none_none_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(replies) * COUNT(payloads); i++) {
        pass_on(replies[i % COUNT(replies)], NOTHING, payloads[i / COUNT(replies)]);
        assert_int_equal(seen.state, NM_HEADER_BLOCK_NONE);
        assert_int_equal(seen.front, seen.strings);
    }
}

/* The limit itself is reached, and one byte more is too much, with the payload named or not. */
static void headers_are_read_up_to_the_limit(void **state)
{
    (void)state;
    char block[sizeof(seen.block) + 1];
    for (size_t length = sizeof(seen.block); length <= sizeof(block); length++) {
        memset(block, 'x', sizeof(block));
        memcpy(block, "NATS/1.0\r\nA:", 12);
        memcpy(block + length - 4, "\r\n\r\n", 4);
        for (size_t i = 0; i < COUNT(payloads); i++) {
            pass_on(replies[1], (nm_bytes){block, length}, payloads[i]);
            assert_int_equal(seen.state, length == sizeof(block) ? NM_HEADER_BLOCK_TOO_LONG
                                                                 : NM_HEADER_BLOCK_FOUND);
            assert_int_equal(seen.front, seen.strings + length + 1);
        }
    }
}

/* The broker and nats.c pass these on. */
static void what_is_no_block_is_refused(void **state)
{
    static const nm_bytes blocks[] = {
        BYTES("NATS/1.0\r\nA: b\r\n"), BYTES("x"),        BYTES("NATS/2.0\r\nA: b\r\n\r\n"),
        BYTES("NATS/1.0\r\n\r\n\0"),   BYTES("\0\0\0\0"), BYTES("NATS/1.0\r\nA: \0b\r\n\r\n"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(blocks); i++) {
        pass_on(replies[i % COUNT(replies)], blocks[i], "payload");
        assert_int_equal(seen.state, NM_HEADER_BLOCK_MALFORMED);
    }
}

/* The broker passes a NUL in a reply on, and nats.c takes what comes before it for the reply. */
static void a_reply_with_a_nul_hides_nothing(void **state)
{
    (void)state;
    pass_on(TEXT("r\0s"), TEXT("NATS/1.0\r\nA: b\r\n\r\n"), "payload");
    assert_string_equal(seen.reply, "r");
    assert_int_equal(seen.state, NM_HEADER_BLOCK_MALFORMED);
    pass_on(TEXT("r\0s"), NOTHING, "payload");
    assert_int_equal(seen.state, NM_HEADER_BLOCK_MALFORMED);
    pass_on(TEXT("r\0s"), NOTHING, "");
    assert_int_equal(seen.state, NM_HEADER_BLOCK_MALFORMED);
    pass_on(TEXT("r\0s"), TEXT("NATS/1.0\r\nA: b\r\n\r\n"), "");
    assert_int_equal(seen.state, NM_HEADER_BLOCK_MALFORMED);
    pass_on(TEXT("r\0NATS/1.0"), NOTHING, "payload");
    assert_int_equal(seen.state, NM_HEADER_BLOCK_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_lie_where_we_look),
        cmocka_unit_test(where_there_are_none_none_are_found),
        cmocka_unit_test(headers_are_read_up_to_the_limit),
        cmocka_unit_test(what_is_no_block_is_refused),
        cmocka_unit_test(a_reply_with_a_nul_hides_nothing),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
