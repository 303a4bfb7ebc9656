/*
 * A peer may send a message field in pieces, as protobuf allows; Go and the others merge them.
 * Without this a user's service would refuse, and a user's client fail on, a correct message, which
 * every other implementation takes.
 */
#include "integration/raw.h"

#include "pieces/v1/pieces.nats-c.h"

#include <string.h>

#define PATIENCE 10000

/* `maybe` is unset in both pieces; then set to 0 in the first one. */
#define TWO_PIECES "\x0a\x05\x12\x03one\x0a\x03\x1a\x01\x07", 12
#define MERGED     "\x0a\x08\x12\x03one\x1a\x01\x07", 10
#define SET_FIRST  "\x0a\x02\x08\x00\x0a\x03\x1a\x01\x07", 9
#define MERGED_SET "\x0a\x05\x08\x00\x1a\x01\x07", 7

static broker *nats;
static natsConnection *connection;
static natsConnection *raw;

static natsmicro_status echo(Pieces__V1__PiecesServer__Echo *call, const Pieces__V1__Whole *request,
                             void *user_data)
{
    (void)user_data;
    return pieces__v1__pieces_server__echo__reply(call, request);
}

static natsmicro_status talk(Pieces__V1__PiecesServer__Talk *call, void *user_data)
{
    (void)user_data;
    const Pieces__V1__Whole *whole = NULL;
    natsmicro_status status = NATSMICRO_OK;
    while (status == NATSMICRO_OK) {
        status = pieces__v1__pieces_server__talk__recv(call, &whole);
        if (status == NATSMICRO_OK)
            status = pieces__v1__pieces_server__talk__send(call, whole);
    }
    return status == NATSMICRO_END ? NATSMICRO_OK : status;
}

static const Pieces__V1__PiecesHandlers handlers = {.echo = echo, .talk = talk};

static int open_room(void **state)
{
    (void)state;
    nats = broker_start(NULL);
    connection = connect_to(nats);
    raw = connect_to(nats);
    return 0;
}

static int close_room(void **state)
{
    (void)state;
    natsConnection_Destroy(raw);
    natsConnection_Destroy(connection);
    broker_stop(nats);
    return 0;
}

static natsmicro_server *serve(void)
{
    natsmicro_server *server;
    assert_ok(natsmicro_server_new(&server, connection, NULL));
    assert_ok(pieces__v1__pieces_server__add(server, &handlers, NULL, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(connection, PATIENCE));
    return server;
}

static void expect(natsMsg *message, const char *bytes, size_t length)
{
    assert_string_equal("", raw_header(message, "Nats-Service-Error"));
    assert_int_equal(length, natsMsg_GetDataLength(message));
    assert_memory_equal(bytes, natsMsg_GetData(message), length);
    natsMsg_Destroy(message);
}

static void ask(const char *bytes, size_t length, const char *expected, size_t expected_length)
{
    natsMsg *answer = NULL;
    assert_int_equal(NATS_OK, natsConnection_Request(&answer, raw, "pieces.v1.echo", bytes,
                                                     (int)length, PATIENCE));
    expect(answer, expected, expected_length);
}

static void a_request_in_pieces_reaches_the_handler_merged(void **state)
{
    (void)state;
    natsmicro_server *server = serve();
    ask(TWO_PIECES, MERGED);
    ask(SET_FIRST, MERGED_SET);
    ask(MERGED, MERGED);
    natsmicro_server_destroy(server);
}

static void messages_of_a_stream_may_come_in_pieces(void **state)
{
    (void)state;
    natsmicro_server *server = serve();
    raw_call call;
    raw_open(&call, raw, "pieces.v1.talk");
    raw_item(&call, "1", TWO_PIECES);
    raw_item(&call, "2", MERGED);
    raw_item(&call, "3", SET_FIRST);
    raw_end(&call, "3");
    expect(raw_next(call.answers), MERGED);
    expect(raw_next(call.answers), MERGED);
    expect(raw_next(call.answers), MERGED_SET);
    raw_close(&call);
    natsmicro_server_destroy(server);
}

static void answer_in_pieces(natsConnection *from, natsSubscription *subscription, natsMsg *request,
                             void *closure)
{
    (void)subscription;
    (void)closure;
    const char bytes[] = "\x0a\x02\x08\x00\x0a\x03\x1a\x01\x07";
    natsConnection_Publish(from, natsMsg_GetReply(request), bytes, sizeof(bytes) - 1);
    natsMsg_Destroy(request);
}

static void a_response_in_pieces_reaches_the_caller_merged(void **state)
{
    natsSubscription *service = NULL;
    Pieces__V1__PiecesClient *client = NULL;
    Pieces__V1__Whole request = PIECES__V1__WHOLE__INIT;
    Pieces__V1__Whole *response = NULL;
    (void)state;
    assert_int_equal(
        NATS_OK, natsConnection_Subscribe(&service, raw, "pieces.v1.echo", answer_in_pieces, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(raw, PATIENCE));
    assert_ok(pieces__v1__pieces_client__new(&client, connection, NULL));
    assert_ok(pieces__v1__pieces_client__echo(client, &request, NULL, &response));
    assert_non_null(response->part);
    assert_int_equal(response->part->_maybe_case, PIECES__V1__PART___MAYBE_MAYBE);
    assert_int_equal(response->part->maybe, 0);
    assert_int_equal(response->part->n_numbers, 1);
    pieces__v1__pieces_client__echo__free(response);
    pieces__v1__pieces_client__destroy(client);
    raw_unsubscribe(raw, service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_in_pieces_reaches_the_handler_merged),
        cmocka_unit_test(messages_of_a_stream_may_come_in_pieces),
        cmocka_unit_test(a_response_in_pieces_reaches_the_caller_merged),
    };

    return cmocka_run_group_tests(tests, open_room, close_room);
}
