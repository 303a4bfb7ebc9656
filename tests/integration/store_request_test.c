/*
 * Requests to the broker and their answers: a verb that waits for what never comes, or that takes
 * another request's answer, would hold up its call, or store and read what nobody asked for.
 */
#include "integration/store_scene.h"
#include "store/request.h"

#include <stdio.h>
#include <string.h>

static nm_request ask_for(const char *subject)
{
    return (nm_request){.what = "bucket \"b\"", .subject = subject, .payload = {"hello", 5}};
}

typedef struct scene {
    store_scene base;
    nm_requester requester;
    nm_exchange *exchange;
} scene;

static void begin(scene *self, const char *config)
{
    store_scene_open(&self->base, config);
    nm_requester_init(&self->requester, self->base.link);
    assert_ok(nm_requester_enter(&self->requester, "bucket \"b\"", &self->base.error));
    self->exchange = nm_exchange_new(&self->requester);
    assert_non_null(self->exchange);
}

static void end(scene *self)
{
    nm_exchange_free(self->exchange);
    nm_requester_leave(&self->requester);
    nm_requester_end(&self->requester);
    nm_requester_free(&self->requester);
    store_scene_close(&self->base);
}

static natsmicro_status send(scene *self, const nm_request *request)
{
    return nm_exchange_send(self->exchange, request, &self->base.error);
}

static natsmicro_status next(scene *self, int64_t until, nm_answer *answer)
{
    return nm_exchange_next(self->exchange, until, answer, &self->base.error);
}

static natsSubscription *listen_on(natsConnection *connection, const char *subject)
{
    natsSubscription *subscription = NULL;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&subscription, connection, subject));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(connection, STORE_PATIENCE_MS));
    return subscription;
}

static natsSubscription *listen(scene *self, const char *subject)
{
    return listen_on(self->base.peer, subject);
}

static natsMsg *take(natsSubscription *subscription)
{
    natsMsg *message = NULL;
    assert_int_equal(NATS_OK, natsSubscription_NextMsg(&message, subscription, STORE_PATIENCE_MS));
    return message;
}

static void answer_with(scene *self, natsMsg *request, const char *text)
{
    assert_int_equal(
        NATS_OK, natsConnection_PublishString(self->base.peer, natsMsg_GetReply(request), text));
    natsMsg_Destroy(request);
}

static void answers_are_matched_to_their_requests(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    natsSubscription *peer = listen(&here, "ask.*");
    char subject[16];
    for (int i = 0; i < 3; i++) {
        snprintf(subject, sizeof(subject), "ask.%d", i);
        nm_request request = ask_for(subject);
        request.tag = (uint64_t)i;
        assert_ok(send(&here, &request));
    }
    assert_int_equal(3, nm_exchange_under_way(here.exchange));
    natsMsg *requests[3];
    for (int i = 0; i < 3; i++)
        requests[i] = take(peer);
    nm_answer answer = {0};
    for (int i = 2; i >= 0; i--) {
        const char *asked = natsMsg_GetSubject(requests[i]);
        snprintf(subject, sizeof(subject), "%s", asked);
        answer_with(&here, requests[i], subject);
        assert_ok(next(&here, store_patience(), &answer));
        assert_int_equal(i, answer.tag);
        assert_int_equal(strlen(subject), answer.payload.length);
        assert_memory_equal(subject, answer.payload.data, answer.payload.length);
    }
    assert_int_equal(0, nm_exchange_under_way(here.exchange));
    nm_answer_free(&answer);
    natsSubscription_Destroy(peer);
    end(&here);
}

static void headers_reach_the_broker_and_come_back(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    natsSubscription *peer = listen(&here, "ask");
    const nm_request_header headers[] = {{"KV-Operation", "PURGE"}, {"Nats-Rollup", "sub"}};
    nm_request request = ask_for("ask");
    request.headers = headers;
    request.n_headers = 2;
    assert_ok(send(&here, &request));
    assert_int_equal(NATS_OK, natsConnection_Flush(here.base.connection));
    natsMsg *got = take(peer);
    const char *value = NULL;
    assert_int_equal(NATS_OK, natsMsgHeader_Get(got, "Nats-Rollup", &value));
    assert_string_equal("sub", value);
    natsMsg *back = NULL;
    assert_int_equal(NATS_OK, natsMsg_Create(&back, natsMsg_GetReply(got), NULL, "x", 1));
    assert_int_equal(NATS_OK, natsMsgHeader_Set(back, "Nats-Sequence", "42"));
    assert_int_equal(NATS_OK, natsConnection_PublishMsg(here.base.peer, back));
    natsMsg_Destroy(back);
    natsMsg_Destroy(got);
    nm_answer answer = {0};
    assert_ok(next(&here, store_patience(), &answer));
    uint64_t sequence = 0;
    assert_true(nm_answer_number(&answer, "nats-sequence", &sequence));
    assert_int_equal(42, sequence);
    nm_bytes none;
    assert_false(nm_answer_header(&answer, "Nats-Subject", &none));
    nm_answer_free(&answer);
    natsSubscription_Destroy(peer);
    end(&here);
}

static void nobody_there_is_an_answer(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    nm_request request = ask_for("nobody");
    nm_answer answer = {0};
    assert_ok(send(&here, &request));
    assert_ok(next(&here, store_patience(), &answer));
    assert_int_equal(NM_STATUS_NO_RESPONDERS, answer.status);
    nm_answer_free(&answer);
    end(&here);
}

static void no_answer_in_time_says_what_may_have_happened(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    natsSubscription *peer = listen(&here, "silent");
    nm_request request = ask_for("silent");
    nm_answer answer = {0};
    assert_ok(send(&here, &request));
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, next(&here, nm_deadline_in(50), &answer));
    assert_null(strstr(nm_error_text(&here.base.error), "stored"));
    request.stores = true;
    assert_ok(send(&here, &request));
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, next(&here, nm_deadline_in(50), &answer));
    store_assert_says(&here.base.error, "bucket \"b\": no answer in time, and it may have been");
    assert_int_equal(2, nm_exchange_under_way(here.exchange));
    natsSubscription_Destroy(peer);
    end(&here);
}

static void too_large_a_request_is_not_published(void **state)
{
    (void)state;
    scene here;
    begin(&here, "max_payload: 1024\n");
    static char bytes[1024];
    const nm_request_header header = {"A", "b"};
    nm_request request = ask_for("nobody");
    request.payload = (nm_bytes){bytes, sizeof(bytes)};
    assert_ok(send(&here, &request));
    request.headers = &header;
    request.n_headers = 1;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, send(&here, &request));
    store_assert_says(&here.base.error, "1024");
    end(&here);
}

/* Also the second time, when the broker's error looks like an old one. */
static void a_refused_subject_is_told_before_the_deadline(void **state)
{
    (void)state;
    scene here;
    begin(&here, "authorization { default_permissions: { publish: { deny: [\"secret.>\"] } }\n"
                 "users: [ { user: u, password: p } ] }\nno_auth_user: u\n");
    nm_answer answer = {0};
    for (int i = 0; i < 2; i++) {
        nm_request request = ask_for("secret.b");
        request.stores = true;
        assert_ok(send(&here, &request));
        assert_status(NATSMICRO_PERMISSION_DENIED, next(&here, NM_NEVER, &answer));
        store_assert_says(&here.base.error, "bucket \"b\"");
        store_assert_says(&here.base.error, "secret.b");
        nm_exchange_free(here.exchange);
        here.exchange = nm_exchange_new(&here.requester);
    }
    end(&here);
}

/* The question is lost with the connection, so it is asked again; what stores is not. */
static void a_question_outlives_the_broker(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    /* On the same connection: it is there again when the question is. */
    natsSubscription *peer = listen_on(here.base.connection, "ask.>");
    nm_request request = ask_for("ask.stores");
    request.stores = true;
    request.tag = 1;
    assert_ok(send(&here, &request));
    request = ask_for("ask.only");
    request.tag = 2;
    assert_ok(send(&here, &request));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(here.base.connection, STORE_PATIENCE_MS));
    natsMsg_Destroy(take(peer));
    natsMsg_Destroy(take(peer));
    nm_answer answer = {0};
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, next(&here, nm_deadline_in(1), &answer));
    broker_restart(here.base.where);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, next(&here, nm_deadline_in(1), &answer));
    natsMsg *again = NULL;
    int64_t patience = now_ms() + STORE_PATIENCE_MS;
    while (natsSubscription_NextMsg(&again, peer, 10) != NATS_OK) {
        assert_true(now_ms() < patience);
        assert_status(NATSMICRO_DEADLINE_EXCEEDED, next(&here, nm_deadline_in(10), &answer));
    }
    assert_string_equal("ask.only", natsMsg_GetSubject(again));
    answer_with(&here, again, "here");
    assert_ok(next(&here, store_patience(), &answer));
    assert_int_equal(2, answer.tag);
    nm_answer_free(&answer);
    natsSubscription_Destroy(peer);
    end(&here);
}

/* ---- ending ---- */

typedef struct ending {
    scene *scene;
    latch waits;
    natsmicro_status status;
    natsSubscription *peer;
} ending;

static void *wait_for_ever(void *data)
{
    ending *self = data;
    nm_answer answer = {0};
    nm_request request = ask_for("silent");
    request.stores = true;
    natsmicro_status status = nm_requester_enter(&self->scene->requester, "bucket \"b\"", NULL);
    nm_exchange *exchange = nm_exchange_new(&self->scene->requester);
    if (status == NATSMICRO_OK)
        status = nm_exchange_send(exchange, &request, &self->scene->base.error);
    latch_open(&self->waits);
    if (status == NATSMICRO_OK)
        status = nm_exchange_next(exchange, NM_NEVER, &answer, &self->scene->base.error);
    self->status = status;
    nm_exchange_free(exchange);
    nm_requester_leave(&self->scene->requester);
    return NULL;
}

static void the_end_wakes_who_waits_and_takes_what_is_left(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    ending self = {.scene = &here, .peer = listen(&here, "silent")};
    nm_request request = ask_for("silent"); /* nobody waits for this one */
    assert_ok(send(&here, &request));
    nm_requester_leave(&here.requester);
    latch_init(&self.waits);
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, wait_for_ever, &self));
    assert_true(latch_wait(&self.waits, STORE_PATIENCE_MS));
    natsMsg_Destroy(take(self.peer));
    natsMsg_Destroy(take(self.peer));
    nm_requester_end(&here.requester);
    assert_null(nm_link_take_inbox(here.base.link));
    pthread_join(thread, NULL);
    assert_status(NATSMICRO_UNAVAILABLE, self.status);
    store_assert_says(&here.base.error, "has ended, and it may have been stored");
    assert_status(NATSMICRO_UNAVAILABLE,
                  nm_requester_enter(&here.requester, "bucket \"b\"", &here.base.error));
    nm_exchange_free(here.exchange);
    natsSubscription_Destroy(self.peer);
    latch_destroy(&self.waits);
    nm_requester_free(&here.requester);
    store_scene_close(&here.base);
}

static void a_connection_closed_for_good_ends_the_wait(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    natsSubscription *peer = listen(&here, "silent");
    nm_request request = ask_for("silent");
    nm_answer answer = {0};
    assert_ok(send(&here, &request));
    natsConnection_Close(here.base.connection);
    assert_status(NATSMICRO_UNAVAILABLE, next(&here, NM_NEVER, &answer));
    store_assert_says(&here.base.error, "the connection is closed");
    assert_status(NATSMICRO_UNAVAILABLE, send(&here, &request));
    natsSubscription_Destroy(peer);
    end(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_matched_to_their_requests),
        cmocka_unit_test(headers_reach_the_broker_and_come_back),
        cmocka_unit_test(nobody_there_is_an_answer),
        cmocka_unit_test(no_answer_in_time_says_what_may_have_happened),
        cmocka_unit_test(too_large_a_request_is_not_published),
        cmocka_unit_test(a_refused_subject_is_told_before_the_deadline),
        cmocka_unit_test(a_question_outlives_the_broker),
        cmocka_unit_test(the_end_wakes_who_waits_and_takes_what_is_left),
        cmocka_unit_test(a_connection_closed_for_good_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
