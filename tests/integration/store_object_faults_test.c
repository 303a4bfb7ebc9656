/*
 * Objects when something is wrong: what is damaged must not pass for whole, what is in two hands at
 * once must be one of theirs, and what fails must leave neither a half object nor chunks behind.
 */
#include "integration/object_scene.h"

#include "store/object_info.h"
#include "support/proxy.h"
#include "support/sanitized.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 131072

static const natsmicro_stub_bucket bucket_b = {.kind = NATSMICRO_STORE_OBJECT, .name = "b"};

/* ---- damaged objects ---- */

/* Stores the info of an object with another value of a member. */
static void change_info(object_scene *self, const char *name, const char *member, json_t *value)
{
    json_t *info = object_info(self, name);
    assert_int_equal(0, value != NULL ? json_object_set_new(info, member, value)
                                      : json_object_del(info, member));
    char *json = json_dumps(info, 0);
    object_store_info(self, name, json);
    free(json);
    json_decref(info);
}

static void assert_get(object_scene *self, natsmicro_status expected, const char *words)
{
    nm_buffer value = NM_BUFFER_INIT;
    assert_status(expected, object_get(self, "o", &value));
    assert_int_equal(0, value.length);
    store_assert_says(&self->base.error, "bucket \"b\", object \"o\": ");
    store_assert_says(&self->base.error, words);
    nm_buffer_free(&value);
}

static void another_digest_is_data_loss(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 3 * CHUNK, 1);
    change_info(&here, "o", "digest",
                json_string("SHA-256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0="));
    assert_get(&here, NATSMICRO_DATA_LOSS, "the SHA-256 of its bytes is another one");
    change_info(&here, "o", "digest", NULL);
    assert_get(&here, NATSMICRO_DATA_LOSS, "no SHA-256");
    /* An empty one has nothing to be checked. */
    object_put_bytes(&here, "o", 0, 1);
    change_info(&here, "o", "digest", NULL);
    object_expect_bytes(&here, "o", 0, 1);
    object_scene_close(&here);
}

static void another_size_is_data_loss(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 3 * CHUNK, 1);
    change_info(&here, "o", "size", json_integer(3 * CHUNK + 1));
    assert_get(&here, NATSMICRO_DATA_LOSS, "393217 bytes, and its chunks have only 393216");
    change_info(&here, "o", "size", json_integer(3 * CHUNK - 1));
    assert_get(&here, NATSMICRO_DATA_LOSS, "393215 bytes, and its chunks have at least 393216");
    change_info(&here, "o", "size", json_integer(INT64_MAX));
    change_info(&here, "o", "chunks", json_integer(INT64_MAX));
    assert_get(&here, NATSMICRO_DATA_LOSS, "393216");
    object_scene_close(&here);
}

static void a_missing_chunk_is_data_loss(void **state)
{
    (void)state;
    for (int direct = 0; direct < 2; direct++) {
        object_scene here;
        object_scene_open(&here, NULL, direct ? NULL : "");
        object_put_bytes(&here, "o", 30 * CHUNK, 1);
        /* Its chunks are the first messages of the bucket. */
        json_decref(object_api(&here, "STREAM.MSG.DELETE.OBJ_b", "{\"seq\":17}"));
        assert_get(&here, NATSMICRO_DATA_LOSS, "only");
        json_decref(object_api(&here, "STREAM.PURGE.OBJ_b", "{\"filter\":\"$O.b.C.>\"}"));
        assert_get(&here, NATSMICRO_DATA_LOSS, "only 0");
        object_scene_close(&here);
    }
}

static void an_info_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_store_info(&here, "o", "no JSON");
    assert_get(&here, NATSMICRO_INTERNAL, "its info cannot be read");
    object_store_info(&here, "o", "");
    assert_get(&here, NATSMICRO_INTERNAL, "its info cannot be read");
    object_store_info(&here, "o", "{\"name\":\"o\",\"size\":7}");
    assert_get(&here, NATSMICRO_INTERNAL, "its info cannot be read");
    object_scene_close(&here);
}

/* The chunks of the info that is replaced are purged; these would be everybody's. */
static void a_hostile_nuid_does_not_purge_others(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "other", 2 * CHUNK, 1);
    static const char *const infos[] = {"{\"nuid\":\">\"}", "{\"nuid\":\"*\"}",
                                        "{\"nuid\":\"a\\\"}\"}",
                                        "{\"nuid\":\"\\\",\\\"filter\\\":\\\"\"}"};
    for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        object_store_info(&here, "o", infos[i]);
        natsmicro_status status = object_put(&here, "o", "x", 1);
        if (status != NATSMICRO_OK) { /* then it has left nothing */
            assert_status(NATSMICRO_INTERNAL, status);
            object_assert_tidy(&here, "other");
        }
        object_expect_bytes(&here, "other", 2 * CHUNK, 1);
    }
    object_scene_close(&here);
}

/* ---- two hands ---- */

enum { WRITERS = 4, PUTS = PLAIN_OR_SANITIZED(25, 8) };

typedef struct many {
    object_scene *scene;
    unsigned number;
    natsmicro_status status;
    atomic_bool *over;
} many;

static size_t length_of(unsigned seed)
{
    return seed % 5 * CHUNK + seed;
}

static void *put_often(void *data)
{
    many *self = data;
    for (unsigned i = 0; i < PUTS && self->status == NATSMICRO_OK; i++) {
        unsigned seed = self->number * PUTS + i;
        uint8_t *bytes = object_bytes(length_of(seed), seed);
        self->status = nm_object_put(self->scene->bucket, "o", (nm_bytes){bytes, length_of(seed)},
                                     store_patience(), NULL);
        free(bytes);
    }
    return NULL;
}

/* What is read has the length of a seed; then it has its bytes, because the digest was right. */
static void *get_often(void *data)
{
    many *self = data;
    nm_buffer value = NM_BUFFER_INIT;
    while (!atomic_load(self->over) && self->status == NATSMICRO_OK) {
        nm_buffer_reset(&value);
        self->status =
            nm_object_get(self->scene->bucket, "o", SIZE_MAX, store_patience(), &value, NULL);
    }
    nm_buffer_free(&value);
    return NULL;
}

static void many_writers_of_one_object_leave_one(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 10, 1);
    atomic_bool over = false;
    pthread_t threads[WRITERS + 1];
    many selves[WRITERS + 1];
    for (unsigned i = 0; i <= WRITERS; i++) {
        selves[i] = (many){&here, i, NATSMICRO_OK, &over};
        assert_int_equal(
            0, pthread_create(&threads[i], NULL, i < WRITERS ? put_often : get_often, &selves[i]));
    }
    for (unsigned i = 0; i <= WRITERS; i++) {
        if (i == WRITERS)
            atomic_store(&over, true);
        pthread_join(threads[i], NULL);
        assert_ok(selves[i].status);
    }
    object_assert_tidy(&here, "o");
    nm_buffer value = NM_BUFFER_INIT;
    assert_ok(object_get(&here, "o", &value));
    nm_buffer_free(&value);
    object_scene_close(&here);
}

static natsmicro_status read_to_end(object_scene *self, nm_object_reader *reader)
{
    natsmicro_status status;
    nm_bytes chunk;
    do
        status = nm_object_read(reader, store_patience(), &chunk, &self->base.error);
    while (status == NATSMICRO_OK);
    return status;
}

/* More chunks than are under way at once, so that some are asked for after the replacement. */
static void an_object_that_is_replaced_while_it_is_read_is_aborted(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 40 * CHUNK, 1);
    nm_object_reader *reader;
    assert_ok(nm_object_open(here.bucket, "o", store_patience(), &reader, &here.base.error));
    object_put_bytes(&here, "o", 10, 2);
    assert_status(NATSMICRO_ABORTED, read_to_end(&here, reader));
    store_assert_says(&here.base.error, "object \"o\": it was replaced or removed while");
    assert_status(NATSMICRO_ABORTED, read_to_end(&here, reader));
    nm_object_close(reader);
    object_put_bytes(&here, "o", 40 * CHUNK, 1);
    assert_ok(nm_object_open(here.bucket, "o", store_patience(), &reader, &here.base.error));
    json_decref(object_api(&here, "STREAM.PURGE.OBJ_b", ""));
    assert_status(NATSMICRO_ABORTED, read_to_end(&here, reader));
    nm_object_close(reader);
    object_scene_close(&here);
}

/* ---- the bucket ---- */

static void a_bucket_that_is_full_in_the_middle_keeps_the_old_object(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, ",\"allow_direct\":true,\"max_bytes\":2000000");
    object_put_bytes(&here, "o", 2 * CHUNK, 1);
    uint8_t *bytes = object_bytes(40 * CHUNK, 2);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, object_put(&here, "o", bytes, 40 * CHUNK));
    store_assert_says(&here.base.error, "bucket \"b\", object \"o\"");
    store_assert_says(&here.base.error, "maximum bytes exceeded");
    free(bytes);
    object_assert_tidy(&here, "o");
    object_expect_bytes(&here, "o", 2 * CHUNK, 1);
    object_scene_close(&here);
}

static void an_info_that_is_too_large_leaves_nothing(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, "max_payload: 1024\n", NULL);
    char name[1001];
    memset(name, 'x', sizeof(name));
    name[1000] = '\0';
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, object_put(&here, name, "abc", 3));
    store_assert_says(&here.base.error, "max_payload");
    size_t messages;
    assert_int_equal(0, object_chunks(&here, &messages));
    object_scene_close(&here);
}

static void a_missing_bucket_is_told(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 10, 1);
    json_decref(object_api(&here, "STREAM.DELETE.OBJ_b", ""));
    /* Twice: what was known of it, and what is known now. */
    for (int i = 0; i < 2; i++) {
        nm_buffer value = NM_BUFFER_INIT;
        assert_status(NATSMICRO_FAILED_PRECONDITION, object_get(&here, "o", &value));
        store_assert_says(&here.base.error, "bucket \"b\", object \"o\"");
        assert_status(NATSMICRO_FAILED_PRECONDITION, object_put(&here, "o", "abc", 3));
        store_assert_says(&here.base.error, "bucket \"b\", object \"o\"");
    }
    object_scene_close(&here);
}

/* The broker known is away; the bucket of old is not there when it comes back. */
static void a_bucket_that_vanishes_while_it_is_written_is_told(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    nm_object_writer *writer;
    assert_ok(nm_object_begin(here.bucket, "o", store_patience(), &writer, &here.base.error));
    json_decref(object_api(&here, "STREAM.DELETE.OBJ_b", ""));
    uint8_t *bytes = object_bytes(40 * CHUNK, 2);
    natsmicro_status status =
        nm_object_write(writer, (nm_bytes){bytes, 40 * CHUNK}, store_patience(), &here.base.error);
    assert_status(NATSMICRO_FAILED_PRECONDITION, status);
    nm_error_clear(&here.base.error);
    assert_status(
        status, nm_object_write(writer, (nm_bytes){bytes, 1}, store_patience(), &here.base.error));
    store_assert_says(&here.base.error, "bucket \"b\", object \"o\"");
    assert_status(status, nm_object_commit(writer, store_patience(), &here.base.error));
    free(bytes);
    object_scene_close(&here);
}

/* ---- the broker ---- */

/* One that does not answer is resumed, and has taken what it was sent all the same. */
static void chunks_of_a_put_that_was_late_are_removed_by_the_next(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 2 * CHUNK, 1);
    nm_object_writer *writer;
    assert_ok(nm_object_begin(here.bucket, "o", store_patience(), &writer, &here.base.error));
    broker_pause(here.base.where);
    uint8_t *bytes = object_bytes(CHUNK, 2);
    assert_ok(nm_object_write(writer, (nm_bytes){bytes, CHUNK}, store_patience(), NULL));
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  nm_object_commit(writer, nm_deadline_in(100), &here.base.error));
    store_assert_says(&here.base.error, "object \"o\": no answer in time");
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  nm_object_put(here.bucket, "p", (nm_bytes){bytes, CHUNK}, nm_deadline_in(100),
                                &here.base.error));
    free(bytes);
    broker_resume(here.base.where);
    object_expect_bytes(&here, "o", 2 * CHUNK, 1);
    object_put_bytes(&here, "o", 3 * CHUNK, 3);
    object_assert_tidy(&here, "o");
    object_expect_bytes(&here, "o", 3 * CHUNK, 3);
    object_scene_close(&here);
}

static void a_broker_that_is_restarted_has_a_whole_object_or_the_old_one(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 2 * CHUNK, 1);
    uint8_t *bytes = object_bytes(40 * CHUNK, 2);
    nm_object_writer *writer;
    assert_ok(nm_object_begin(here.bucket, "o", store_patience(), &writer, &here.base.error));
    assert_ok(nm_object_write(writer, (nm_bytes){bytes, 20 * CHUNK}, store_patience(), NULL));
    broker_kill(here.base.where);
    broker_restart(here.base.where);
    natsmicro_status status = nm_object_write(writer, (nm_bytes){bytes + 20 * CHUNK, 20 * CHUNK},
                                              nm_deadline_in(5000), NULL);
    if (status == NATSMICRO_OK)
        status = nm_object_commit(writer, nm_deadline_in(5000), NULL);
    else
        nm_object_abandon(writer);
    free(bytes);
    if (status == NATSMICRO_OK)
        object_expect_bytes(&here, "o", 40 * CHUNK, 2);
    else
        object_expect_bytes(&here, "o", 2 * CHUNK, 1);
    object_put_bytes(&here, "o", 3 * CHUNK, 3);
    object_assert_tidy(&here, "o");
    object_scene_close(&here);
}

typedef struct cut {
    proxy *proxy;
    unsigned after_ms;
} cut;

static void *cut_once(void *data)
{
    const cut *self = data;
    pass_ms(self->after_ms);
    proxy_cut_connections(self->proxy);
    return NULL;
}

/*
 * A connection that breaks again before all its threads run is never made again by nats.c 3.4: one
 * thread waits for another that nobody wakes.
 */
static bool is_connected(void *data)
{
    return natsConnection_FlushTimeout(data, 1000) == NATS_OK;
}

/* Whether the object is one that a put may have stored. */
static void expect_one_of(object_scene *self, nm_bucket *bucket, unsigned oldest, unsigned newest)
{
    nm_buffer value = NM_BUFFER_INIT;
    assert_ok(nm_object_get(bucket, "o", SIZE_MAX, store_patience(), &value, &self->base.error));
    unsigned seed = oldest;
    for (; seed <= newest; seed++) {
        uint8_t *bytes = object_bytes(length_of(seed), seed);
        bool is = value.length == length_of(seed) && memcmp(bytes, value.data, value.length) == 0;
        free(bytes);
        if (is)
            break;
    }
    assert_between(seed, oldest, newest);
    nm_buffer_free(&value);
}

/*
 * Chunks, infos and their acknowledgements are lost with their connection. A put that says OK has
 * stored its object, any other has left the one before or stored its own; chunks that were left are
 * removed by the puts after it.
 */
static void a_connection_that_breaks_leaves_one_object(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    proxy *between = proxy_start(here.base.where, NULL);
    store_scene weak = {.error = NM_ERROR_INIT};
    store_scene_open_at(&weak, proxy_url(between), NULL);
    nm_bucket *bucket = nm_store_bucket(weak.store, &bucket_b);
    const unsigned last = PLAIN_OR_SANITIZED(30, 10);
    unsigned oldest = 1;
    object_put_bytes(&here, "o", length_of(oldest), oldest);
    for (unsigned seed = 2; seed <= last; seed++) {
        assert_true(eventually(is_connected, weak.connection, STORE_PATIENCE_MS));
        cut once = {between, seed % 10};
        pthread_t cutter;
        assert_int_equal(0, pthread_create(&cutter, NULL, cut_once, &once));
        uint8_t *bytes = object_bytes(length_of(seed), seed);
        if (nm_object_put(bucket, "o", (nm_bytes){bytes, length_of(seed)}, nm_deadline_in(300),
                          NULL) == NATSMICRO_OK)
            oldest = seed;
        free(bytes);
        pthread_join(cutter, NULL);
        expect_one_of(&here, here.bucket, oldest, seed);
    }
    assert_true(eventually(is_connected, weak.connection, STORE_PATIENCE_MS));
    uint8_t *bytes = object_bytes(length_of(last), last);
    assert_ok(nm_object_put(bucket, "o", (nm_bytes){bytes, length_of(last)}, store_patience(),
                            &here.base.error));
    free(bytes);
    object_assert_tidy(&here, "o");
    object_expect_bytes(&here, "o", length_of(last), last);
    store_scene_close(&weak);
    proxy_stop(between);
    object_scene_close(&here);
}

typedef struct cut_at_info {
    proxy *proxy;
    natsSubscription *infos;
} cut_at_info;

static void *cut_when_it_is_sent(void *data)
{
    cut_at_info *self = data;
    natsMsg *info = NULL;
    if (natsSubscription_NextMsg(&info, self->infos, STORE_PATIENCE_MS) == NATS_OK)
        proxy_set_cut(self->proxy, true);
    natsMsg_Destroy(info);
    return NULL;
}

/* Late answers are lost with the connection, so the put cannot know that its object is stored. */
static void what_was_replaced_in_doubt_is_removed_by_the_next(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 2 * CHUNK, 1);
    const proxy_faults late = {.subjects = "_INBOX", .latency_ms = 300};
    cut_at_info end = {.proxy = proxy_start(here.base.where, &late)};
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&end.infos, here.base.peer, "$O.b.M.>"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(here.base.peer, STORE_PATIENCE_MS));
    store_scene weak = {.error = NM_ERROR_INIT};
    store_scene_open_at(&weak, proxy_url(end.proxy), NULL);
    nm_bucket *bucket = nm_store_bucket(weak.store, &bucket_b);
    pthread_t cutter;
    assert_int_equal(0, pthread_create(&cutter, NULL, cut_when_it_is_sent, &end));
    uint8_t *bytes = object_bytes(3 * CHUNK, 2);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  nm_object_put(bucket, "o", (nm_bytes){bytes, 3 * CHUNK}, nm_deadline_in(5000),
                                &here.base.error));
    store_assert_says(&here.base.error, "object \"o\": no answer in time");
    store_assert_says(&here.base.error, "may have been stored");
    pthread_join(cutter, NULL);
    object_expect_bytes(&here, "o", 3 * CHUNK, 2);
    proxy_set_cut(end.proxy, false);
    assert_true(eventually(is_connected, weak.connection, STORE_PATIENCE_MS));
    assert_ok(
        nm_object_put(bucket, "other", (nm_bytes){NULL, 0}, store_patience(), &here.base.error));
    object_assert_tidy(&here, "o");
    object_expect_bytes(&here, "o", 3 * CHUNK, 2);
    free(bytes);
    natsSubscription_Destroy(end.infos);
    store_scene_close(&weak);
    proxy_stop(end.proxy);
    object_scene_close(&here);
}

/* The questions are asked again. */
static void a_reader_outlives_the_broker(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 40 * CHUNK, 1);
    nm_object_reader *reader;
    assert_ok(nm_object_open(here.bucket, "o", store_patience(), &reader, &here.base.error));
    broker_kill(here.base.where);
    nm_bytes chunk;
    natsmicro_status status;
    do
        status = nm_object_read(reader, nm_deadline_in(50), &chunk, &here.base.error);
    while (status == NATSMICRO_OK);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, status);
    broker_restart(here.base.where);
    assert_status(NATSMICRO_END, read_to_end(&here, reader));
    nm_object_close(reader);
    object_scene_close(&here);
}

/* An object is there when its info is, and a killed writer has not come so far. */
static int write_for_ever(const char *url)
{
    store_scene scene = {.error = NM_ERROR_INIT};
    store_scene_open_at(&scene, url, NULL);
    nm_object_writer *writer;
    if (nm_object_begin(nm_store_bucket(scene.store, &bucket_b), "o", NM_NEVER, &writer, NULL) !=
        NATSMICRO_OK)
        return 1;
    uint8_t *bytes = object_bytes(CHUNK, 9);
    for (int i = 0;; i++) {
        if (nm_object_write(writer, (nm_bytes){bytes, CHUNK}, NM_NEVER, NULL) != NATSMICRO_OK)
            return 1;
        if (i == 30) {
            printf("writes\n");
            fflush(stdout);
        }
    }
}

static void a_writer_that_is_killed_leaves_the_old_object(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 2 * CHUNK, 1);
    child writer;
    child_start(&writer, "write", broker_url(here.base.where));
    char line[32];
    assert_true(child_line(&writer, line, sizeof(line), STORE_PATIENCE_MS));
    child_kill(&writer);
    object_expect_bytes(&here, "o", 2 * CHUNK, 1);
    object_put_bytes(&here, "o", 3 * CHUNK, 2);
    object_expect_bytes(&here, "o", 3 * CHUNK, 2);
    object_scene_close(&here);
}

/* The end of the store ends a reader and a writer, too. */
static void readers_and_writers_end_with_the_store(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 40 * CHUNK, 1);
    nm_object_reader *reader;
    assert_ok(nm_object_open(here.bucket, "o", store_patience(), &reader, &here.base.error));
    nm_object_writer *writer;
    assert_ok(nm_object_begin(here.bucket, "p", store_patience(), &writer, &here.base.error));
    uint8_t *bytes = object_bytes(3 * CHUNK, 1);
    assert_ok(nm_object_write(writer, (nm_bytes){bytes, 3 * CHUNK}, store_patience(), NULL));
    free(bytes);
    nm_store_end(here.base.store);
    nm_bytes chunk;
    assert_status(NATSMICRO_UNAVAILABLE,
                  nm_object_read(reader, store_patience(), &chunk, &here.base.error));
    assert_status(NATSMICRO_UNAVAILABLE,
                  nm_object_commit(writer, store_patience(), &here.base.error));
    nm_object_close(reader);
    object_scene_close(&here);
}

/* ---- memory ---- */

static long largest_memory_kb(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    long kb = -1;
    char line[256];
    while (fgets(line, sizeof(line), file) != NULL)
        sscanf(line, "VmHWM: %ld", &kb);
    fclose(file);
    assert_true(kb > 0);
    return kb;
}

/* A quarter of the object's size, and many times what is under way. */
static void large_objects_pass_in_little_memory(void **state)
{
    (void)state;
    enum { CHUNKS = PLAIN_OR_SANITIZED(512, 64) };
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 20 * CHUNK, 1);
    object_expect_bytes(&here, "o", 20 * CHUNK, 1);
    uint8_t *bytes = object_bytes(CHUNK, 1);
    const long before = largest_memory_kb();
    nm_object_writer *writer;
    assert_ok(nm_object_begin(here.bucket, "o", store_patience(), &writer, &here.base.error));
    for (size_t i = 0; i < CHUNKS; i++) {
        bytes[0] = (uint8_t)i;
        assert_ok(nm_object_write(writer, (nm_bytes){bytes, CHUNK}, store_patience(), NULL));
    }
    assert_ok(nm_object_commit(writer, store_patience(), &here.base.error));
    nm_object_reader *reader;
    assert_ok(nm_object_open(here.bucket, "o", store_patience(), &reader, &here.base.error));
    assert_status(NATSMICRO_END, read_to_end(&here, reader));
    nm_object_close(reader);
    assert_between(largest_memory_kb() - before, 0, PLAIN_OR_SANITIZED(16, 1024) * 1024);
    free(bytes);
    object_scene_close(&here);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "write") == 0)
        return write_for_ever(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_digest_is_data_loss),
        cmocka_unit_test(another_size_is_data_loss),
        cmocka_unit_test(a_missing_chunk_is_data_loss),
        cmocka_unit_test(an_info_that_cannot_be_read_is_an_error),
        cmocka_unit_test(a_hostile_nuid_does_not_purge_others),
        cmocka_unit_test(many_writers_of_one_object_leave_one),
        cmocka_unit_test(an_object_that_is_replaced_while_it_is_read_is_aborted),
        cmocka_unit_test(a_bucket_that_is_full_in_the_middle_keeps_the_old_object),
        cmocka_unit_test(an_info_that_is_too_large_leaves_nothing),
        cmocka_unit_test(a_missing_bucket_is_told),
        cmocka_unit_test(a_bucket_that_vanishes_while_it_is_written_is_told),
        cmocka_unit_test(chunks_of_a_put_that_was_late_are_removed_by_the_next),
        cmocka_unit_test(a_broker_that_is_restarted_has_a_whole_object_or_the_old_one),
        cmocka_unit_test(a_connection_that_breaks_leaves_one_object),
        cmocka_unit_test(what_was_replaced_in_doubt_is_removed_by_the_next),
        cmocka_unit_test(a_reader_outlives_the_broker),
        cmocka_unit_test(a_writer_that_is_killed_leaves_the_old_object),
        cmocka_unit_test(readers_and_writers_end_with_the_store),
        cmocka_unit_test(large_objects_pass_in_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
