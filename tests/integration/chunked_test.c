/*
 * Blobs from end to end: each way to send with each way to receive, in both directions, at the
 * sizes where off-by-one errors hide, and large ones. They must arrive, and unchanged.
 */
#include "integration/blobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 1000

/* A hundred MiB, but less under sanitizers, which make everything slow. */
#define LARGE (PLAIN_OR_SANITIZED(100, 8) * MIB)

/* Plain streams have no flow control, so readers get room for a whole blob. */
#define ROOM ((size_t)256 * 1024 * 1024)

/* What a watch has seen of a blob. */
typedef struct watched {
    const sent_blob *blob;
    size_t length;
    bool differs;
} watched;

static void see(void *user_data, const void *data, size_t length)
{
    watched *self = user_data;
    if (self->differs || length > self->blob->length - self->length ||
        memcmp(self->blob->data + self->length, data, length) != 0)
        self->differs = true;
    else
        self->length += length;
}

static bool saw_all(const watched *self)
{
    return !self->differs && self->length == self->blob->length;
}

/* What the handlers must do, set before a call; and what they saw, read after it. */
typedef struct stage {
    lab *room;
    folder here; /* its file is sent; the receiver's is in the same folder */
    char received_path[192];
    way_to_send send;
    way_to_receive receive;
    sent_blob sent;
    received_blob received;
    watched on_sender;
    watched on_receiver;
} stage;

static natsmicro_status send_watched(stage *self, natsmicro_call *call)
{
    self->on_sender = (watched){.blob = &self->sent};
    natsmicro_chunked_watch(call, see, &self->on_sender);
    return blob_send(call, self->send, &self->sent);
}

static natsmicro_status receive_watched(stage *self, natsmicro_call *call)
{
    self->on_receiver = (watched){.blob = &self->sent};
    natsmicro_chunked_watch(call, see, &self->on_receiver);
    return blob_receive(call, self->receive, &self->received);
}

static natsmicro_status upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    stage *self = user_data;
    natsmicro_status status = receive_watched(self, call->base);
    if (status != NATSMICRO_OK)
        return status;
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    result.size = (int64_t)self->received.length;
    return lab__v1__lab_server__upload__reply(call, &result);
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    stage *self = user_data;
    (void)request;
    natsmicro_status status = send_watched(self, call->base);
    return status == NATSMICRO_OK && !saw_all(&self->on_sender) ? NATSMICRO_INTERNAL : status;
}

static void stage_begin(stage *self, lab *room)
{
    static const Lab__V1__LabHandlers handlers = {.upload = upload, .download = download};
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    server.max_pending_bytes = client.max_pending_bytes = ROOM;
    *self = (stage){.room = room};
    folder_make(&self->here);
    snprintf(self->received_path, sizeof(self->received_path), "%s/received", self->here.path);
    self->received.path = self->received_path;
    self->received.expected = &self->sent;
    lab_serve_with(room, &handlers, self, &server, NULL);
    lab_call_with(room, &client);
}

static void stage_set(stage *self, const uint8_t *data, size_t length, size_t chunk_size)
{
    self->sent = (sent_blob){data, length, self->here.file, chunk_size};
    file_write(self->here.file, data, length);
}

static void stage_end(stage *self)
{
    natsmicro_server_destroy(self->room->server);
    self->room->server = NULL;
    assert_int_equal(folder_count(&self->here), 1);
    folder_remove(&self->here);
}

static void assert_received(const stage *self)
{
    assert_true(saw_all(&self->on_receiver));
    assert_int_equal(self->received.length, self->sent.length);
    assert_false(self->received.differs);
}

static void run_upload(stage *self)
{
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(self->room->client, NULL, &call));
    assert_ok(send_watched(self, call->base));
    assert_true(saw_all(&self->on_sender));
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_received(self);
    assert_int_equal(result->size, (int64_t)self->sent.length);
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
}

static void run_download(stage *self)
{
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    Lab__V1__LabClient__Download *call;
    assert_ok(lab__v1__lab_client__download(self->room->client, &request, NULL, &call));
    assert_ok(receive_watched(self, call->base));
    assert_received(self);
    assert_status(NATSMICRO_END, natsmicro_call_status(call->base));
    lab__v1__lab_client__download__close(call);
}

static void try_all_ways(void **state, void (*run)(stage *self))
{
    static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 12345};
    uint8_t *data = blob_new(12345, 1);
    stage self;
    stage_begin(&self, *state);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        stage_set(&self, data, sizes[i], CHUNK);
        for (int send = 0; send < WAYS_TO_SEND; send++) {
            for (int receive = 0; receive < WAYS_TO_RECEIVE; receive++) {
                self.send = (way_to_send)send;
                self.receive = (way_to_receive)receive;
                run(&self);
            }
        }
    }
    stage_end(&self);
    free(data);
}

static void every_way_up_is_exact_at_every_border(void **state)
{
    try_all_ways(state, run_upload);
}

static void every_way_down_is_exact_at_every_border(void **state)
{
    try_all_ways(state, run_download);
}

/* Tries some of the ways, once each, with the option's chunk size, cut to max_payload. */
static void try_large(void **state, void (*run)(stage *self), int first, int end)
{
    uint8_t *data = blob_new(LARGE, 2);
    stage self;
    stage_begin(&self, *state);
    stage_set(&self, data, LARGE, 0);
    for (int i = first; i < end; i++) {
        self.send = (way_to_send)(i % WAYS_TO_SEND);
        self.receive = (way_to_receive)i;
        run(&self);
    }
    stage_end(&self);
    free(data);
}

static void a_large_blob_goes_up(void **state)
{
    try_large(state, run_upload, 0, RECV_FILE);
}

static void a_large_blob_comes_down(void **state)
{
    try_large(state, run_download, RECV_FILE, WAYS_TO_RECEIVE);
}

/* Chunk sizes around what max_payload allows, and far above it, are cut and never refused. */
static void chunks_are_cut_to_what_a_message_can_take(void **state)
{
    static const size_t asked[] = {LAB_MAX_PAYLOAD - 100, LAB_MAX_PAYLOAD - 40, LAB_MAX_PAYLOAD,
                                   10 * LAB_MAX_PAYLOAD, SIZE_MAX};
    uint8_t *data = blob_new(MIB, 3);
    stage self;
    stage_begin(&self, *state);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        stage_set(&self, data, MIB, asked[i]);
        for (int send = 0; send < WAYS_TO_SEND; send++) {
            self.send = (way_to_send)send;
            run_upload(&self);
            run_download(&self);
        }
    }
    stage_end(&self);
    free(data);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(every_way_up_is_exact_at_every_border),
        lab_test(every_way_down_is_exact_at_every_border),
        lab_test(a_large_blob_goes_up),
        lab_test(a_large_blob_comes_down),
        lab_test(chunks_are_cut_to_what_a_message_can_take),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run_all);
}
