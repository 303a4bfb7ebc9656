/*
 * The broker is killed and started again, ten times each, while a GiB goes up and a GiB comes down
 * between two processes. What arrives has the SHA-256 of what was sent. Otherwise a user would lose
 * a part of a backup without knowing.
 *
 * NATSMICRO_TEST_MIB is the number of MiB; under sanitizers it is smaller.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"
#include "support/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB   ((uint64_t)1024 * 1024)
#define KILLS 10

/* How long one stretch between two kills may take, with the outage. */
#define STRETCH_MS 60000

/* ---- the bytes: every 8 of them say where they are ---- */

typedef struct content {
    uint64_t length;
    uint64_t done;
    sha256 hash;
} content;

static void content_begin(content *self, uint64_t length)
{
    *self = (content){.length = length};
    sha256_begin(&self->hash);
}

static natsmicro_status read_content(void *user_data, void *buffer, size_t size, size_t *length)
{
    content *self = user_data;
    uint64_t left = self->length - self->done;
    *length = left < size ? (size_t)left : size - size % 8;
    for (size_t i = 0; i < *length; i += 8) {
        uint64_t mixed = (self->done + i) * UINT64_C(0x9e3779b97f4a7c15);
        memcpy((uint8_t *)buffer + i, &mixed, 8);
    }
    sha256_add(&self->hash, buffer, *length);
    self->done += *length;
    return NATSMICRO_OK;
}

static natsmicro_status write_content(void *user_data, const void *data, size_t length)
{
    content *self = user_data;
    sha256_add(&self->hash, data, length);
    self->done += length;
    return NATSMICRO_OK;
}

/* ---- the service, in a second process ---- */

/* Prints how far an upload has come, a line for each MiB. */
static bool say_progress(uint64_t done, uint64_t total, void *user_data)
{
    uint64_t *said = user_data;
    (void)total;
    if (done / MIB > *said) {
        *said = done / MIB;
        printf("at %" PRIu64 "\n", *said);
        fflush(stdout);
    }
    return true;
}

static natsmicro_status upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    uint64_t said = 0;
    (void)user_data;
    content received;
    content_begin(&received, 0);
    natsmicro_status status = lab__v1__lab_server__upload__recv_to_writer(
        call, write_content, &received, say_progress, &said);
    result.size = (int64_t)received.done;
    sha256_hex hash;
    sha256_end(&received.hash, hash);
    result.sha256 = hash;
    return status == NATSMICRO_OK ? lab__v1__lab_server__upload__reply(call, &result) : status;
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    (void)user_data;
    content sent;
    content_begin(&sent, (uint64_t)request->size);
    natsmicro_status status = lab__v1__lab_server__download__send_reader(
        call, read_content, &sent, (size_t)request->chunk, NULL, NULL);
    sha256_hex hash;
    sha256_end(&sent.hash, hash);
    natsmicro_call_set_trailer(call->base, "hash", hash);
    return status;
}

static const Lab__V1__LabHandlers handlers = {.upload = upload, .download = download};

static int serve(const char *url)
{
    natsConnection *connection = connect_to_url(url);
    natsmicro_server *server = NULL;
    if (natsmicro_server_new(&server, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &handlers, NULL, NULL) != NATSMICRO_OK ||
        natsConnection_FlushTimeout(connection, LAB_PATIENCE) != NATS_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    return natsmicro_server_run(server) == NATSMICRO_OK ? 0 : 2;
}

/* ---- the transfers, each in a thread, while the test kills ---- */

typedef struct transfer {
    Lab__V1__LabClient *client;
    uint64_t length;
    natsmicro_status status;
    content content;
    sha256_hex our_hash;
    sha256_hex their_hash;
    natsmicro_stream_metrics metrics;
    latch arrived; /* once for each MiB */
    latch killed;  /* once for each kill of the broker */
    latch done;
    pthread_t thread;
} transfer;

/*
 * Marks divide a transfer into stretches, and a kill is due at each mark. The transfer waits at a
 * mark until the kill of the mark before has happened: so each kill meets a stream in its middle,
 * however late this process comes to it.
 */
static void wait_for_kills(transfer *self)
{
    uint64_t due = self->content.done * (KILLS + 1) / self->length;
    if (due > 1)
        latch_wait_count(&self->killed, (int)due - 1, STRETCH_MS);
}

static natsmicro_status read_between_kills(void *user_data, void *buffer, size_t size,
                                           size_t *length)
{
    transfer *self = user_data;
    wait_for_kills(self);
    return read_content(&self->content, buffer, size, length);
}

static natsmicro_status write_between_kills(void *user_data, const void *data, size_t length)
{
    transfer *self = user_data;
    wait_for_kills(self);
    return write_content(&self->content, data, length);
}

static void *send_up(void *data)
{
    transfer *self = data;
    Lab__V1__UploadResult *result = NULL;
    Lab__V1__LabClient__Upload *call;
    self->status = lab__v1__lab_client__upload(self->client, NULL, &call);
    if (self->status == NATSMICRO_OK) {
        self->status = lab__v1__lab_client__upload__send_reader(call, read_between_kills, self,
                                                                128 * 1024, NULL, NULL);
        if (self->status == NATSMICRO_OK)
            self->status = lab__v1__lab_client__upload__close_and_recv(call, &result);
        if (self->status == NATSMICRO_OK)
            snprintf(self->their_hash, sizeof(self->their_hash), "%s", result->sha256);
        else
            report("up: %s", natsmicro_call_error_message(call->base));
        natsmicro_call_get_metrics(call->base, &self->metrics);
        lab__v1__lab_client__upload__free(result);
        lab__v1__lab_client__upload__close(call);
    }
    latch_open(&self->done);
    return NULL;
}

static bool note_progress(uint64_t done, uint64_t total, void *user_data)
{
    transfer *self = user_data;
    (void)total;
    while ((uint64_t)latch_count(&self->arrived) < done / MIB)
        latch_open(&self->arrived);
    return true;
}

static void *take_down(void *data)
{
    transfer *self = data;
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    request.size = (int64_t)self->length;
    request.chunk = 128 * 1024;
    Lab__V1__LabClient__Download *call;
    self->status = lab__v1__lab_client__download(self->client, &request, NULL, &call);
    if (self->status == NATSMICRO_OK) {
        self->status = lab__v1__lab_client__download__recv_to_writer(call, write_between_kills,
                                                                     self, note_progress, self);
        const char *hash = natsmicro_call_trailer(call->base, "hash");
        if (self->status == NATSMICRO_OK)
            snprintf(self->their_hash, sizeof(self->their_hash), "%s", hash != NULL ? hash : "");
        else
            report("down: %s", natsmicro_call_error_message(call->base));
        natsmicro_call_get_metrics(call->base, &self->metrics);
        lab__v1__lab_client__download__close(call);
    }
    latch_open(&self->done);
    return NULL;
}

/* ---- the scene ---- */

typedef struct scene {
    broker *where;
    child service;
    natsConnection *connection;
    transfer transfer;
} scene;

static void scene_open(scene *self)
{
    transfer *moved = &self->transfer;
    memset(self, 0, sizeof(*self));
    self->where = broker_start(NULL);
    child_start(&self->service, "serve", broker_url(self->where));
    char line[64];
    assert_true(child_line(&self->service, line, sizeof(line), LAB_PATIENCE));
    self->connection = connect_to(self->where);
    assert_ok(lab__v1__lab_client__new(&moved->client, self->connection, NULL));
    moved->length = figure("NATSMICRO_TEST_MIB", 1024, 44) * MIB;
    latch_init(&moved->arrived);
    latch_init(&moved->killed);
    latch_init(&moved->done);
}

static void scene_close(scene *self)
{
    lab__v1__lab_client__destroy(self->transfer.client);
    natsConnection_Destroy(self->connection);
    child_kill(&self->service);
    broker_stop(self->where);
    latch_destroy(&self->transfer.arrived);
    latch_destroy(&self->transfer.killed);
    latch_destroy(&self->transfer.done);
}

static bool upload_is_at(scene *self, uint64_t mib)
{
    uint64_t at = 0;
    char line[64];
    while (at < mib) {
        if (!child_line(&self->service, line, sizeof(line), STRETCH_MS))
            return false;
        at = strtoull(line + strlen("at "), NULL, 10);
    }
    return true;
}

static bool download_is_at(scene *self, uint64_t mib)
{
    return latch_wait_count(&self->transfer.arrived, (int)mib, STRETCH_MS);
}

static void kill_while(scene *self, void *(*run)(void *), bool (*is_at)(scene *, uint64_t))
{
    transfer *moved = &self->transfer;
    uint64_t mib = moved->length / MIB;
    int64_t began = now_ms();
    content_begin(&moved->content, moved->length);
    assert_int_equal(0, pthread_create(&moved->thread, NULL, run, moved));
    for (uint64_t i = 1; i <= KILLS; i++) {
        assert_true(is_at(self, mib * i / (KILLS + 1)));
        assert_int_equal(0, latch_count(&moved->done)); /* so that the kill meets a stream */
        broker_kill(self->where);
        latch_open(&moved->killed);
        broker_restart(self->where);
    }
    assert_true(latch_wait(&moved->done, STRETCH_MS));
    pthread_join(moved->thread, NULL);
    sha256_end(&moved->content.hash, moved->our_hash);
    report("%" PRIu64 " MiB in %lld ms over %d kills, %s of %s; our side sent %llu messages, "
           "%llu of them again",
           mib, (long long)(now_ms() - began), KILLS, moved->our_hash, moved->their_hash,
           (unsigned long long)moved->metrics.messages_sent,
           (unsigned long long)moved->metrics.retransmitted);
    assert_status(NATSMICRO_OK, moved->status);
    assert_true(moved->metrics.reliable);
    assert_int_equal(moved->length, moved->content.done);
    assert_string_equal(moved->our_hash, moved->their_hash);
}

static void an_upload_outlives_kills_of_the_broker(void **state)
{
    (void)state;
    scene here;
    scene_open(&here);
    kill_while(&here, send_up, upload_is_at);
    scene_close(&here);
}

static void a_download_outlives_kills_of_the_broker(void **state)
{
    (void)state;
    scene here;
    scene_open(&here);
    kill_while(&here, take_down, download_is_at);
    scene_close(&here);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_outlives_kills_of_the_broker),
        cmocka_unit_test(a_download_outlives_kills_of_the_broker),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
