/*
 * A peer that plays JetStream, and answers what it likes: a verb ends in time and with an error
 * whatever that is.
 */
#include "integration/store_scene.h"
#include "store/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KV_INFO                                                            \
    "{\"config\":{\"name\":\"KV_prices\",\"subjects\":[\"$KV.prices.>\"]," \
    "\"allow_direct\":true}}"

#define OBJECT_INFO                                      \
    "{\"config\":{\"name\":\"OBJ_files\",\"subjects\":[" \
    "\"$O.files.C.>\",\"$O.files.M.>\"],\"allow_direct\":true}}"

typedef struct peer peer;

/* Answers a request to a subject. */
typedef void (*peer_answer)(peer *self, const char *subject, natsMsg *request);

struct peer {
    store_scene scene;
    nm_bucket *bucket;
    natsmicro_stub_bucket settings;
    natsSubscription *subscription;
    peer_answer answer;
    atomic_int infos; /* of the bucket, that were asked for */
    latch asked;      /* for what is not answered */
};

static void say(peer *self, natsMsg *request, const char *text)
{
    natsConnection_PublishString(self->scene.peer, natsMsg_GetReply(request), text);
}

static void play(natsConnection *connection, natsSubscription *subscription, natsMsg *request,
                 void *closure)
{
    (void)connection;
    (void)subscription;
    peer *self = closure;
    const char *subject = natsMsg_GetSubject(request);
    if (strstr(subject, ".STREAM.INFO.KV_") != NULL) {
        atomic_fetch_add(&self->infos, 1);
        say(self, request, KV_INFO);
    } else if (natsMsg_GetReply(request) != NULL) {
        self->answer(self, subject, request);
    }
    natsMsg_Destroy(request);
}

/* `subject`: what it answers. */
static void begin(peer *self, const char *subject, peer_answer answer)
{
    *self = (peer){.answer = answer};
    latch_init(&self->asked);
    self->settings = store_settings(NATSMICRO_STORE_KV, "prices");
    self->scene =
        (store_scene){.error = NM_ERROR_INIT,
                      .where = broker_start(&(broker_options){.max_payload = 8 * 1024 * 1024})};
    store_scene_open_at(&self->scene, broker_url(self->scene.where), NULL);
    self->bucket = nm_store_bucket(self->scene.store, &self->settings);
    assert_non_null(self->bucket);
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&self->subscription, self->scene.peer,
                                                       subject, play, self));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->scene.peer, STORE_PATIENCE_MS));
}

static void end(peer *self)
{
    natsSubscription_Unsubscribe(self->subscription);
    natsConnection_FlushTimeout(self->scene.peer, STORE_PATIENCE_MS);
    natsSubscription_Destroy(self->subscription);
    latch_destroy(&self->asked);
    store_scene_close(&self->scene);
}

static void answer_nothing(peer *self, const char *subject, natsMsg *request)
{
    (void)self;
    (void)subject;
    (void)request;
}

/* Longer than times that are doubled with each try take to be more than a number holds. */
#define LONG_OUTAGE_MS 9000

static void a_long_outage_is_asked_about_now_and_then(void **state)
{
    (void)state;
    peer here;
    begin(&here, "$JS.API.STREAM.>", answer_nothing);
    nm_buffer value = NM_BUFFER_INIT;
    natsmicro_status status =
        nm_kv_get(here.bucket, "k", nm_deadline_in(LONG_OUTAGE_MS), &value, &here.scene.error);
    /* As the last question was answered in time, or not. */
    assert_true(status == NATSMICRO_UNAVAILABLE || status == NATSMICRO_DEADLINE_EXCEEDED);
    store_assert_says(&here.scene.error, "bucket \"prices\", key \"k\": ");
    /* Two for each wait for a leader. */
    assert_true(atomic_load(&here.infos) <= 2 * LONG_OUTAGE_MS / 100 + 2);
    nm_buffer_free(&value);
    end(&here);
}

static void answer_get_without_frame(peer *self, const char *subject, natsMsg *request)
{
    if (strstr(subject, ".STREAM.MSG.GET.") != NULL)
        say(self, request, "{\"message\":{\"seq\":4,\"hdrs\":\"eA==\",\"data\":\"dg==\"}}");
    else
        say(self, request,
            "{\"error\":{\"code\":400,\"err_code\":10071,\"description\":\"wrong\"}}");
}

static void headers_that_are_none_are_an_error(void **state)
{
    (void)state;
    peer here;
    begin(&here, ">", answer_get_without_frame);
    assert_status(NATSMICRO_INTERNAL,
                  store_put(&here.scene, here.bucket, "k", "v", NATSMICRO_STORE_CREATE));
    store_assert_says(&here.scene.error, "bucket \"prices\", key \"k\": ");
    end(&here);
}

/* More than are read, so that they cannot be. */
#define HUGE_HEADER ((size_t)5 * 1024 * 1024)

static void answer_with_huge_headers(peer *self, const char *subject, natsMsg *request)
{
    (void)subject;
    char *value = calloc(1, HUGE_HEADER + 1);
    assert_non_null(value);
    memset(value, 'x', HUGE_HEADER);
    natsMsg *answer = NULL;
    assert_int_equal(NATS_OK,
                     natsMsg_Create(&answer, natsMsg_GetReply(request), NULL, "{\"seq\":1}", 9));
    assert_int_equal(NATS_OK, natsMsgHeader_Set(answer, "A", value));
    assert_int_equal(NATS_OK, natsConnection_PublishMsg(self->scene.peer, answer));
    natsMsg_Destroy(answer);
    free(value);
}

static void an_answer_that_cannot_be_read_leaves_it_open(void **state)
{
    (void)state;
    peer here;
    begin(&here, ">", answer_with_huge_headers);
    assert_status(NATSMICRO_INTERNAL,
                  store_put(&here.scene, here.bucket, "k", "v", NATSMICRO_STORE_LAST_WRITE_WINS));
    store_assert_says(&here.scene.error, "bucket \"prices\", key \"k\": ");
    store_assert_says(&here.scene.error, "it may have been stored");
    end(&here);
}

/* All but what lies there. */
static void answer_chunks(peer *self, const char *subject, natsMsg *request)
{
    if (strncmp(subject, "$O.", 3) == 0)
        say(self, request, "{\"stream\":\"OBJ_files\",\"seq\":1}");
    else if (strstr(subject, ".STREAM.INFO.") != NULL)
        say(self, request, OBJECT_INFO);
    else
        latch_open(&self->asked);
}

static void *put_object(void *data)
{
    peer *self = data;
    nm_error error = NM_ERROR_INIT;
    assert_status(NATSMICRO_UNAVAILABLE,
                  nm_object_put(self->bucket, "o", (nm_bytes){"x", 1}, NM_NEVER, &error));
    nm_error_clear(&error);
    return NULL;
}

/* It has stored the chunks, and looks what it is to replace. */
static void the_end_of_the_store_ends_a_put(void **state)
{
    (void)state;
    peer here;
    begin(&here, ">", answer_chunks);
    const natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_OBJECT, "files");
    here.bucket = nm_store_bucket(here.scene.store, &settings);
    assert_non_null(here.bucket);
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, put_object, &here));
    assert_true(latch_wait(&here.asked, STORE_PATIENCE_MS));
    nm_store_end(here.scene.store);
    pthread_join(thread, NULL);
    end(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_outage_is_asked_about_now_and_then),
        cmocka_unit_test(headers_that_are_none_are_an_error),
        cmocka_unit_test(an_answer_that_cannot_be_read_leaves_it_open),
        cmocka_unit_test(the_end_of_the_store_ends_a_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
