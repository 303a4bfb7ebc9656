/*
 * Frames that no honest peer sends, to a service and to a caller. They are dropped, or end their
 * call with an error; nothing crashes, hangs or takes memory without bound, and the next call
 * works. Otherwise one peer could end a user's process.
 */
#include "integration/figures.h"
#include "integration/frames.h"
#include "integration/lab_service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* The messages of these tests: a chat line "a", and a CountUpResponse with the number 1. */
static const char line[] = {0x12, 1, 'a'};
static const char number[] = {0x08, 1};

#define LINE   line, sizeof(line)
#define NUMBER number, sizeof(number)

/* ---- the service's handlers ---- */

/* Reads once it is released, and notes what the stream ended with. */
static natsmicro_status read_lines(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    latch_open(&seen->entered);
    latch_wait(&seen->release, LAB_PATIENCE);
    const Lab__V1__ChatMessage *read;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &read)) == NATSMICRO_OK)
        seen->number++;
    seen->first = status;
    latch_open(&seen->done);
    return status;
}

/* Sends until a send fails. */
static natsmicro_status send_all(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    char *text = lab_text(30000);
    natsmicro_status status = NATSMICRO_OK;
    response.text = text;
    (void)request;
    for (; response.number < 20000 && status == NATSMICRO_OK; response.number++) {
        status = lab__v1__lab_server__count_up__send(call, &response);
        latch_open(&seen->entered);
    }
    free(text);
    atomic_store(&seen->returned, (int)status);
    latch_open(&seen->done);
    return status;
}

static const Lab__V1__LabHandlers handlers = {.chat = read_lines, .count_up = send_all};

#define WINDOW 8

static void serve_narrow(lab *room)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.window_messages = WINDOW;
    options.window_bytes = 1024 * 1024;
    options.on_error = lab_on_error;
    options.on_error_data = room;
    lab_serve_with(room, &handlers, &room->seen, &options, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
}

static void open_chat(lab *room, frame_peer *peer)
{
    serve_narrow(room);
    peer_open(peer, room->client_connection, "lab.v1.chat", AN_OFFER, NULL, 0);
    assert_int_equal(WINDOW, peer->frame.max_messages);
}

static void assert_handler_ended(lab *room, natsmicro_status status, int64_t read)
{
    latch_open(&room->seen.release);
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(status, room->seen.first);
    assert_int_equal(read, room->seen.number);
}

/* Waits for the service's end, and acknowledges it: the call is over. */
static void take_end(frame_peer *peer)
{
    while (!peer->frame.has_end)
        peer_next(peer);
    assert_int_equal(0, peer->frame.end.status.length);
    frame_begin(peer);
    frame_put_control(peer, (nm_frame_control){.ack = nm_frame_last_number(&peer->frame)});
    frame_send(peer, false);
}

/* ---- to a service ---- */

/* Sends an end without messages. */
static void send_end(frame_peer *peer, uint64_t seq, bool ask)
{
    frame_begin(peer);
    frame_put_end(peer, NULL, 0);
    frame_put_control(peer, (nm_frame_control){.seq = seq});
    frame_send(peer, ask);
}

/*
 * Checks that the last frame has ended the call on both sides, and that the handler read nothing.
 */
static void expect_refusal(lab *room, frame_peer *peer, natsmicro_status status)
{
    peer_next_reset(peer, natsmicro_status_name(status));
    assert_handler_ended(room, status, 0);
    peer_close(peer);
}

static void a_peer_by_hand_is_served(void **state)
{
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    frame_begin(&peer);
    frame_put_message(&peer, LINE);
    frame_put_message(&peer, LINE);
    frame_put_control(&peer, (nm_frame_control){.seq = 1});
    frame_send(&peer, true);
    peer_next_ack(&peer, 2);
    send_end(&peer, 3, true);
    peer_next_ack(&peer, 3);
    assert_handler_ended(room, NATSMICRO_END, 2);
    take_end(&peer);
    peer_close(&peer);
}

/* Bytes that are no frame, or an impossible one. They are dropped, and the call goes on. */
static void malformed_frames_are_dropped_and_counted(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } malformed[] = {
#define BYTES(text) {text, sizeof(text) - 1}
        BYTES("garbage of some length"),
        BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        BYTES("\x12\x01"
              "a"), /* a message without a number */
        BYTES("\x12\x7f"
              "a\x08\x01"), /* that goes beyond the frame */
        BYTES("\x12\x01"
              "a\x08\x81\x80\x80\x80\x80\x80\x80\x80\x40"),            /* number 2^62 + 1 */
        BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12\x00"), /* 2^64 - 1 */
        BYTES("\x20\x63"), /* acknowledges what was never sent */
        BYTES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        BYTES("\x08\x01\x1a\x05\x0a\x03"
              "ABC"),                              /* a caller's end with a status */
        BYTES("\x08\x01\x1a\x04\x12\x02\xc3\x28"), /* a text that is not UTF-8 */
        BYTES("\x42\x05\x0a\x03"
              "A B"), /* a reset with a bad code */
        BYTES("\x42\x03\x0a\x01\x07"),
        BYTES("\x42\x00\x42\x00"),         /* two resets */
        BYTES("\x1a\x00\x1a\x00\x08\x01"), /* two ends */
        BYTES("\x08"),
        BYTES("\x08\x80"),
#undef BYTES
    };
    const int count = (int)(sizeof(malformed) / sizeof(malformed[0]));
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    for (int i = 0; i < count; i++)
        frame_send_bytes(&peer, malformed[i].bytes, malformed[i].length, true);
    assert_true(latch_wait_count(&room->dropped, count, LAB_PATIENCE));
    frame_begin(&peer);
    frame_put_message(&peer, LINE);
    frame_put_end(&peer, NULL, 0);
    frame_put_control(&peer, (nm_frame_control){.seq = 1});
    frame_send(&peer, true);
    peer_next_ack(&peer, 2);
    assert_handler_ended(room, NATSMICRO_END, 1);
    assert_int_equal(count, latch_count(&room->dropped));
    take_end(&peer);
    peer_close(&peer);
}

static void repeats_and_gaps_are_told_and_not_taken(void **state)
{
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    for (int i = 0; i < 3; i++) {
        frame_begin(&peer);
        nm_digest_begin(&peer.digest);
        frame_put_message(&peer, LINE);
        frame_put_control(&peer, (nm_frame_control){.seq = 1});
        frame_send(&peer, i == 0);
        peer_next_ack(&peer, 1); /* a repeat is answered at once, asked or not */
    }
    frame_begin(&peer);
    frame_put_control(&peer, (nm_frame_control){.seq = 5});
    peer.end = nm_frame_put_message(peer.end, LINE);
    frame_send(&peer, false);
    peer_next_ack(&peer, 1);
    assert_true(peer.frame.gap);
    send_end(&peer, 2, true);
    peer_next_ack(&peer, 2);
    assert_handler_ended(room, NATSMICRO_END, 1);
    take_end(&peer);
    peer_close(&peer);
}

static void send_lines(frame_peer *peer, uint64_t seq, int lines)
{
    frame_begin(peer);
    for (int i = 0; i < lines; i++)
        frame_put_message(peer, LINE);
    frame_put_control(peer, (nm_frame_control){.seq = seq});
    frame_send(peer, false);
}

static void messages_beyond_the_window_end_the_call(void **state)
{
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    send_lines(&peer, 1, WINDOW + 1);
    expect_refusal(room, &peer, NATSMICRO_INTERNAL);
}

static void bytes_beyond_the_window_end_the_call(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    lab *room = *state;
    char *text = lab_text(3000);
    options.window_bytes = 1000;
    lab_serve_with(room, &handlers, &room->seen, &options, NULL);
    frame_peer peer;
    peer_open(&peer, room->client_connection, "lab.v1.chat", AN_OFFER, NULL, 0);
    assert_int_equal(1000, peer.frame.max_bytes);
    send_lines(&peer, 1, 200);
    frame_begin(&peer);
    frame_put_message(&peer, text, 3000); /* begins at the 1000th byte */
    frame_put_control(&peer, (nm_frame_control){.seq = 201});
    frame_send(&peer, false);
    free(text);
    expect_refusal(room, &peer, NATSMICRO_INTERNAL);
}

static void two_ends_end_the_call(void **state)
{
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    send_end(&peer, 1, true);
    peer_next_ack(&peer, 1);
    send_end(&peer, 3, false);
    expect_refusal(room, &peer, NATSMICRO_INTERNAL);
}

static void messages_behind_the_end_end_the_call(void **state)
{
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    send_end(&peer, 1, true);
    peer_next_ack(&peer, 1);
    send_lines(&peer, 2, 1);
    expect_refusal(room, &peer, NATSMICRO_INTERNAL);
}

static void another_digest_is_data_loss(void **state)
{
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    frame_begin(&peer);
    frame_put_message(&peer, LINE);
    frame_put_end(&peer, NULL, 1);
    frame_put_control(&peer, (nm_frame_control){.seq = 1});
    frame_send(&peer, false);
    expect_refusal(room, &peer, NATSMICRO_DATA_LOSS);
}

static void a_reset_that_says_ok_is_an_error(void **state)
{
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    frame_send_reset(&peer, "OK"); /* no way to end a call well */
    assert_handler_ended(room, NATSMICRO_SERVICE_ERROR, 0);
    peer_close(&peer);
}

/* Fails the call, cancels it, and returns after the peer was told. */
static natsmicro_status fail_and_cancel(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "no more");
    natsmicro_call_cancel(call->base);
    latch_wait(&seen->release, LAB_PATIENCE);
    return NATSMICRO_ABORTED;
}

/*
 * The cancel uses the timer that would otherwise send the end again, so the call must be over with
 * it.
 */
static void a_cancel_of_a_call_that_has_failed_ends_it(void **state)
{
    static const Lab__V1__LabHandlers cancelling = {.chat = fail_and_cancel};
    lab *room = *state;
    lab_serve(room, &cancelling, &room->seen);
    frame_peer peer;
    peer_open(&peer, room->client_connection, "lab.v1.chat", AN_OFFER, NULL, 0);
    peer_next_reset(&peer, "ABORTED");
    latch_open(&room->seen.release);
    peer_close(&peer);
}

/*
 * The peer names addresses that the service must not publish to. The call goes on with the old one.
 */
static void bad_addresses_are_refused(void **state)
{
    static const char *const bad[] = {"$SYS.REQ.SERVER.PING", "$JS.API.INFO", "lab.v1.chat",
                                      "lab.v1.ping"};
    const int count = (int)(sizeof(bad) / sizeof(bad[0]));
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    natsSubscription *spy;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&spy, room->client_connection, "$JS.>"));
    for (int i = 0; i < count; i++) {
        frame_begin(&peer);
        frame_send_with(&peer, bad[i], false);
    }
    assert_true(latch_wait_count(&room->refused_subject, count, LAB_PATIENCE));
    send_lines(&peer, 1, 1);
    peer_next_ack(&peer, 1);
    natsMsg *heard = NULL;
    assert_int_equal(NATS_TIMEOUT, natsSubscription_NextMsg(&heard, spy, 1));
    raw_unsubscribe(room->client_connection, spy);
    send_end(&peer, 2, true);
    assert_handler_ended(room, NATSMICRO_END, 1);
    take_end(&peer);
    peer_close(&peer);
}

/*
 * Frames for an unknown call: one with a NATS reply is answered with a reset, once; others are not,
 * and a reset never is.
 */
static void frames_for_unknown_calls(void **state)
{
    lab *room = *state;
    frame_peer peer;
    open_chat(room, &peer);
    frame_send_reset(&peer, "CANCELLED");
    assert_handler_ended(room, NATSMICRO_CANCELLED, 0);
    while (!peer_hears_nothing(&peer)) /* what was on its way */
        continue;
    send_lines(&peer, 1, 1);
    frame_send_reset(&peer, NULL);
    frame_send_reset(&peer, "INTERNAL");
    frame_begin(&peer);
    frame_send(&peer, true);
    peer_next(&peer);
    assert_true(peer.frame.has_reset);
    assert_int_equal(0, peer.frame.reset.status.length);
    peer_close(&peer);
}

/*
 * An empty line in a frame of 60 KB counts as two bytes in the window, and no more of it may be
 * kept.
 */
static void padding_takes_no_memory_beyond_the_window(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    lab *room = *state;
    uint64_t before = memory_kib(getpid());
    options.window_bytes = 256 * 1024;
    options.window_messages = 4096;
    lab_serve_with(room, &handlers, &room->seen, &options, NULL);
    frame_peer peer;
    peer_open(&peer, room->client_connection, "lab.v1.chat", AN_OFFER, NULL, 0);
    for (uint64_t i = 1; i <= 4096; i++) {
        frame_begin(&peer);
        frame_put_message(&peer, NULL, 0);
        *peer.end++ = 0x7a; /* field 15, which does not exist */
        peer.end = nm_varint_write(peer.end, 60000);
        peer.end += 60000;
        frame_put_control(&peer, (nm_frame_control){.seq = i});
        frame_send(&peer, false);
    }
    send_end(&peer, 4097, true);
    peer_next_ack(&peer, 4097);
    uint64_t after = memory_kib(getpid());
    report("%" PRIu64 " KiB before, %" PRIu64 " KiB with 240 MB of padding", before, after);
    assert_true(after < before + PLAIN_OR_SANITIZED(65536, UINT32_MAX));
    assert_handler_ended(room, NATSMICRO_END, 4096);
    take_end(&peer);
    peer_close(&peer);
}

/*
 * The same with headers of 50 KB, which mean nothing here. The messages of each frame have a
 * kilobyte.
 */
static void headers_take_no_memory_beyond_the_window(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    lab *room = *state;
    char *text = lab_text(50000);
    char *long_line = lab_text(1000);
    memcpy(long_line, "\x12\xe5\x07", 3); /* a line of 997 bytes */
    uint64_t before = memory_kib(getpid());
    options.window_bytes = 4 * 1024 * 1024;
    lab_serve_with(room, &handlers, &room->seen, &options, NULL);
    frame_peer peer;
    peer_open(&peer, room->client_connection, "lab.v1.chat", AN_OFFER, NULL, 0);
    for (uint64_t i = 1; i <= 4000; i++) {
        frame_begin(&peer);
        frame_put_message(&peer, NULL, 0);
        frame_put_message(&peer, long_line, 1000);
        frame_put_control(&peer, (nm_frame_control){.seq = 2 * i - 1});
        raw_publish(peer.connection, &(raw_message){.subject = peer.address,
                                                    .data = peer.bytes,
                                                    .length = (size_t)(peer.end - peer.bytes),
                                                    .name = "Long",
                                                    .value = text});
    }
    send_end(&peer, 8001, true);
    peer_next_ack(&peer, 8001);
    uint64_t after = memory_kib(getpid());
    report("%" PRIu64 " KiB before, %" PRIu64 " KiB with 200 MB of headers", before, after);
    free(long_line);
    free(text);
    assert_true(after < before + PLAIN_OR_SANITIZED(65536, UINT32_MAX));
    assert_handler_ended(room, NATSMICRO_END, 8000);
    take_end(&peer);
    peer_close(&peer);
}

/* ---- callers that take a service's messages and say nothing ---- */

/* Messages of send_all that begin before 64 KiB, and before 4 MiB. */
#define UNHEARD_MESSAGES 3
#define MOST_MESSAGES    140

#define SILENT_CALLERS 8

/* More than they may take, and far less than a window for each of them. */
#define SILENT_KIB (2 * 1024)

typedef struct stalling {
    natsmicro_server *server;
    uint64_t stalls;
    uint64_t messages; /* a stall counts before the last ones of these */
    natsmicro_stream_metrics metrics;
} stalling;

static bool has_stalled(void *data)
{
    stalling *self = data;
    natsmicro_server_get_stream_metrics(self->server, &self->metrics);
    return self->metrics.stalls >= self->stalls && self->metrics.messages_sent >= self->messages;
}

/* On a slow machine the retransmit timer comes first: then nothing new goes before an answer. */
static bool has_come_to_its_limit(void *data)
{
    stalling *self = data;
    return has_stalled(self) ||
           (self->metrics.stalls >= self->stalls && self->metrics.retransmitted > 0);
}

static bool has_sent_again(void *data)
{
    stalling *self = data;
    natsmicro_server_get_stream_metrics(self->server, &self->metrics);
    return self->metrics.retransmitted > 0;
}

static void open_silently(lab *room, frame_peer *peer)
{
    peer_open(peer, room->client_connection, "lab.v1.count_up",
              "1; messages=4611686018427387904; bytes=4611686018427387904", NULL, 0);
}

static void hear(frame_peer *peer)
{
    frame_begin(peer);
    frame_put_control(
        peer, (nm_frame_control){.ack = 0, .max_messages = UINT64_MAX, .max_bytes = UINT64_MAX});
    frame_send(peer, false);
}

/*
 * Nobody proves with an opening that the NATS reply is its own, or that somebody listens there. So
 * the service keeps little for it, sends little there, and the same little again.
 */
static void callers_that_are_not_heard_get_little(void **state)
{
    lab *room = *state;
    static frame_peer peers[SILENT_CALLERS];
    memset(peers, 1, sizeof(peers)); /* in memory before it is measured */
    serve_narrow(room);
    uint64_t before = memory_kib(getpid());
    for (int i = 0; i < SILENT_CALLERS; i++)
        open_silently(room, &peers[i]);
    stalling seen = {.server = room->server,
                     .stalls = SILENT_CALLERS,
                     .messages = SILENT_CALLERS * UNHEARD_MESSAGES};
    assert_true(eventually(has_stalled, &seen, LAB_PATIENCE));
    assert_true(eventually(has_sent_again, &seen, LAB_PATIENCE));
    uint64_t after = memory_kib(getpid());
    report("%d silent callers: %" PRIu64 " messages of 30 KB, %" PRIu64 " KiB before, %" PRIu64
           " KiB after",
           SILENT_CALLERS, seen.metrics.messages_sent, before, after);
    assert_int_equal(SILENT_CALLERS * UNHEARD_MESSAGES, seen.metrics.messages_sent);
    assert_true(after < before + PLAIN_OR_SANITIZED(SILENT_CALLERS * SILENT_KIB, UINT32_MAX));
    for (int i = 0; i < SILENT_CALLERS; i++)
        frame_send_reset(&peers[i], "CANCELLED");
    assert_true(latch_wait_count(&room->seen.done, SILENT_CALLERS, LAB_PATIENCE));
    for (int i = 0; i < SILENT_CALLERS; i++)
        peer_close(&peers[i]);
}

/*
 * Its first frame brings a caller the whole window, even when it comes late and acknowledges
 * nothing. One that then allows everything has the handler wait at our own limit.
 */
static void a_sender_keeps_no_more_than_its_own_window(void **state)
{
    lab *room = *state;
    serve_narrow(room);
    frame_peer peer;
    open_silently(room, &peer);
    stalling seen = {.server = room->server, .stalls = 1};
    assert_true(eventually(has_stalled, &seen, LAB_PATIENCE));
    hear(&peer);
    seen.stalls = 2;
    seen.messages = MOST_MESSAGES * 9 / 10;
    assert_true(eventually(has_come_to_its_limit, &seen, LAB_PATIENCE));
    assert_true(seen.metrics.messages_sent <= MOST_MESSAGES);
    frame_send_reset(&peer, "CANCELLED");
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, (natsmicro_status)atomic_load(&room->seen.returned));
    peer_close(&peer);
}

/* ---- to a caller ---- */

/* Opens a call, and takes it as a service that the test drives. */
static Lab__V1__LabClient__CountUp *count_by_hand(lab *room, frame_peer *peer)
{
    peer_listen(peer, room->server_connection, "lab.v1.count_up");
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, NULL, &call));
    peer_accept(peer);
    frame_begin(peer);
    frame_put_control(peer, (nm_frame_control){.ack = 1});
    frame_send_with(peer, peer->inbox, true);
    peer_next(peer);
    return call;
}

static void assert_ends(Lab__V1__LabClient__CountUp *call, int32_t messages,
                        natsmicro_status expected)
{
    const Lab__V1__CountUpResponse *response;
    for (int32_t i = 0; i < messages; i++)
        assert_ok(lab__v1__lab_client__count_up__recv(call, &response));
    assert_status(expected, lab__v1__lab_client__count_up__recv(call, &response));
    lab__v1__lab_client__count_up__close(call);
}

static void a_service_by_hand_is_called(void **state)
{
    frame_peer peer;
    Lab__V1__LabClient__CountUp *call = count_by_hand(*state, &peer);
    frame_begin(&peer);
    frame_put_message(&peer, NUMBER);
    frame_put_end(&peer, NULL, 0);
    frame_put_control(&peer, (nm_frame_control){.seq = 1, .ack = 1});
    frame_send(&peer, true);
    peer_next_ack(&peer, 2);
    assert_ends(call, 1, NATSMICRO_END);
    frame_send(&peer, true); /* once more: the call is forgotten, because its end has come */
    peer_next_reset(&peer, "");
    peer_close(&peer);
}

static void end_with(void **state, const char *status, uint64_t off, natsmicro_status expected)
{
    frame_peer peer;
    Lab__V1__LabClient__CountUp *call = count_by_hand(*state, &peer);
    frame_begin(&peer);
    frame_put_end(&peer, status, off);
    frame_put_control(&peer, (nm_frame_control){.seq = 1, .ack = 1});
    frame_send(&peer, false);
    if (off != 0)
        peer_next_reset(&peer, "DATA_LOSS");
    assert_ends(call, 0, expected);
    peer_close(&peer);
}

static void another_digest_is_data_loss_to_a_caller(void **state)
{
    end_with(state, NULL, 1, NATSMICRO_DATA_LOSS);
}

static void an_end_that_says_end_is_an_error(void **state)
{
    end_with(state, "END", 0, NATSMICRO_SERVICE_ERROR);
}

static void an_end_that_says_ok_is_an_error(void **state)
{
    end_with(state, "OK", 0, NATSMICRO_SERVICE_ERROR);
}

static void reset_with(void **state, const char *status, natsmicro_status expected)
{
    frame_peer peer;
    Lab__V1__LabClient__CountUp *call = count_by_hand(*state, &peer);
    frame_send_reset(&peer, status);
    assert_ends(call, 0, expected);
    peer_close(&peer);
}

static void a_reset_is_the_calls_outcome(void **state)
{
    reset_with(state, "NOT_FOUND", NATSMICRO_NOT_FOUND);
}

static void a_reset_that_says_end_is_an_error(void **state)
{
    reset_with(state, "END", NATSMICRO_SERVICE_ERROR);
}

static void a_service_that_knows_no_such_call_is_unavailable(void **state)
{
    reset_with(state, NULL, NATSMICRO_UNAVAILABLE);
}

static void messages_beyond_a_callers_window_end_the_call(void **state)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    lab *room = *state;
    options.window_messages = 2;
    lab_call_with(room, &options);
    frame_peer peer;
    Lab__V1__LabClient__CountUp *call = count_by_hand(room, &peer);
    assert_int_equal(2, peer.frame.max_messages);
    frame_begin(&peer);
    for (int i = 0; i < 3; i++)
        frame_put_message(&peer, NUMBER);
    frame_put_control(&peer, (nm_frame_control){.seq = 1, .ack = 1});
    frame_send(&peer, false);
    peer_next_reset(&peer, "INTERNAL");
    assert_ends(call, 0, NATSMICRO_INTERNAL);
    peer_close(&peer);
}

/* The first answer decides for good whether a call is plain or reliable. */
static void plain_messages_to_a_reliable_call_are_dropped(void **state)
{
    frame_peer peer;
    Lab__V1__LabClient__CountUp *call = count_by_hand(*state, &peer);
    raw_send(
        peer.connection,
        &(raw_message){.subject = peer.address, .seq = "1", .data = "\x08\x07\x07", .length = 3});
    raw_send(peer.connection,
             &(raw_message){
                 .subject = peer.address, .seq = "1", .end = "true", .data = "\x08", .length = 1});
    frame_begin(&peer);
    frame_put_message(&peer, NUMBER);
    frame_put_end(&peer, NULL, 0);
    frame_put_control(&peer, (nm_frame_control){.seq = 1, .ack = 1});
    frame_send(&peer, true);
    assert_ends(call, 1, NATSMICRO_END);
    peer_close(&peer);
}

static void a_cut_first_frame_is_made_good_by_the_next(void **state)
{
    lab *room = *state;
    frame_peer peer;
    peer_listen(&peer, room->server_connection, "lab.v1.count_up");
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, NULL, &call));
    peer_accept(&peer);
    frame_begin(&peer);
    *peer.end++ = 0x08;
    frame_send_with(&peer, peer.inbox, true);
    frame_begin(&peer);
    frame_put_message(&peer, NUMBER);
    frame_put_end(&peer, NULL, 0);
    frame_put_control(&peer, (nm_frame_control){.seq = 1, .ack = 1});
    frame_send_with(&peer, peer.inbox, true);
    peer_next_ack(&peer, 2);
    assert_ends(call, 1, NATSMICRO_END);
    peer_close(&peer);
}

/* ---- an opening that is sent again ---- */

static bool two_calls_were_taken(void *server)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(server, &counters);
    return counters.calls == 2;
}

static void echo(Lab__V1__LabClient__Chat *call, const char *text)
{
    assert_ok(lab_chat_send(call, text));
    const Lab__V1__ChatMessage *read;
    assert_ok(lab__v1__lab_client__chat__recv(call, &read));
    assert_string_equal(text, read->text);
}

/*
 * A stranger who has seen an opening sends it again: a second call of the service answers to the
 * same inbox. The first one must go on with its own.
 */
static void an_opening_that_is_sent_again_takes_no_call_over(void **state)
{
    lab *room = *state;
    natsConnection *stranger = connect_to(room->nats);
    natsSubscription *spy = NULL;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&spy, stranger, "lab.v1.chat"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(stranger, LAB_PATIENCE));
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    echo(call, "before");

    natsMsg *opening = raw_next(spy);
    raw_send(stranger, &(raw_message){.subject = natsMsg_GetSubject(opening),
                                      .reply = natsMsg_GetReply(opening),
                                      .data = natsMsg_GetData(opening),
                                      .length = (size_t)natsMsg_GetDataLength(opening),
                                      .reply_to = raw_header(opening, "Reply-To"),
                                      .name = "Natsmicro-Stream",
                                      .value = raw_header(opening, "Natsmicro-Stream")});
    natsMsg_Destroy(opening);
    assert_true(eventually(two_calls_were_taken, room->server, LAB_PATIENCE));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->client_connection, LAB_PATIENCE));
    for (int i = 0; i < 20; i++)
        echo(call, "after");
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    const Lab__V1__ChatMessage *read;
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(call, &read));
    lab__v1__lab_client__chat__close(call);
    raw_unsubscribe(stranger, spy);
    natsConnection_Destroy(stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_peer_by_hand_is_served),
        lab_test(malformed_frames_are_dropped_and_counted),
        lab_test(repeats_and_gaps_are_told_and_not_taken),
        lab_test(messages_beyond_the_window_end_the_call),
        lab_test(bytes_beyond_the_window_end_the_call),
        lab_test(two_ends_end_the_call),
        lab_test(messages_behind_the_end_end_the_call),
        lab_test(another_digest_is_data_loss),
        lab_test(a_reset_that_says_ok_is_an_error),
        lab_test(a_cancel_of_a_call_that_has_failed_ends_it),
        lab_test(bad_addresses_are_refused),
        lab_test(frames_for_unknown_calls),
        lab_test(padding_takes_no_memory_beyond_the_window),
        lab_test(headers_take_no_memory_beyond_the_window),
        lab_test(callers_that_are_not_heard_get_little),
        lab_test(a_sender_keeps_no_more_than_its_own_window),
        lab_test(a_service_by_hand_is_called),
        lab_test(another_digest_is_data_loss_to_a_caller),
        lab_test(an_end_that_says_end_is_an_error),
        lab_test(an_end_that_says_ok_is_an_error),
        lab_test(a_reset_is_the_calls_outcome),
        lab_test(a_reset_that_says_end_is_an_error),
        lab_test(a_service_that_knows_no_such_call_is_unavailable),
        lab_test(messages_beyond_a_callers_window_end_the_call),
        lab_test(plain_messages_to_a_reliable_call_are_dropped),
        lab_test(a_cut_first_frame_is_made_good_by_the_next),
        lab_test(an_opening_that_is_sent_again_takes_no_call_over),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
