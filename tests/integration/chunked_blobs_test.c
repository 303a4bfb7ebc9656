/*
 * Many blobs on one stream: they are read as they were written, wherever the borders of chunks are.
 * A blob that is too long, too short or cut off is an error.
 */
#include "integration/blobs.h"
#include "integration/raw.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1000

/* The service's side, with the number of blobs that it reads, their lengths and a hash over all. */
typedef struct shelf {
    lab *room;
    uint8_t *data;
    size_t piece; /* bytes of one read or write */
    int count;
    uint64_t total;
    uint64_t hash;
    size_t longest;
    bool skip; /* every second blob is skipped */
    natsmicro_status status;
    void (*write)(natsmicro_blob_writer *writer, struct shelf *self);
} shelf;

/* Reads one blob to its end. Returns END if there is none. */
static natsmicro_status read_blob(natsmicro_blob_reader *reader, shelf *self)
{
    size_t all = 0;
    uint8_t buffer[5000];
    size_t length;
    natsmicro_status status;
    do {
        status = natsmicro_blob_reader_read(reader, buffer, self->piece, &length);
        self->hash = hash_more(self->hash, buffer, length);
        all += length;
    } while (status == NATSMICRO_OK && length > 0);
    self->total += all;
    if (status == NATSMICRO_OK)
        self->count++;
    self->longest = all > self->longest ? all : self->longest;
    return status;
}

static natsmicro_status read_blobs(natsmicro_call *call, shelf *self)
{
    self->count = 0;
    self->total = 0;
    self->longest = 0;
    self->hash = HASH_BEGIN;
    natsmicro_blob_reader *reader;
    natsmicro_status status = natsmicro_blob_reader_new(&reader, call);
    uint64_t length;
    while (status == NATSMICRO_OK) {
        status = read_blob(reader, self);
        if (status == NATSMICRO_OK && self->skip)
            status = natsmicro_blob_reader_next(reader, &length);
        if (status == NATSMICRO_OK && self->skip)
            status = natsmicro_blob_reader_next(reader, &length);
    }
    natsmicro_blob_reader_free(reader);
    return status;
}

static natsmicro_status upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    shelf *self = user_data;
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    natsmicro_status status = read_blobs(call->base, self);
    if (status != NATSMICRO_END)
        return status;
    result.size = (int64_t)self->total;
    return lab__v1__lab_server__upload__reply(call, &result);
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    shelf *self = user_data;
    (void)request;
    natsmicro_blob_writer *writer;
    natsmicro_status status = natsmicro_blob_writer_new(&writer, call->base, CHUNK);
    if (status != NATSMICRO_OK)
        return status;
    self->write(writer, self);
    natsmicro_blob_writer_free(writer);
    return NATSMICRO_OK;
}

static void shelf_begin(shelf *self, lab *room)
{
    static const Lab__V1__LabHandlers handlers = {.upload = upload, .download = download};
    *self = (shelf){.room = room, .piece = 5000, .data = blob_new(MIB, 5)};
    lab_serve(room, &handlers, self);
}

static void shelf_end(shelf *self)
{
    natsmicro_server_destroy(self->room->server);
    self->room->server = NULL;
    free(self->data);
}

static Lab__V1__LabClient__Upload *open_upload(shelf *self, natsmicro_blob_writer **writer)
{
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(self->room->client, NULL, &call));
    assert_ok(natsmicro_blob_writer_new(writer, call->base, CHUNK));
    return call;
}

static natsmicro_status write_blob(natsmicro_blob_writer *writer, const uint8_t *data,
                                   size_t length, size_t piece)
{
    natsmicro_status status = natsmicro_blob_writer_begin(writer, length);
    for (size_t at = 0; at < length && status == NATSMICRO_OK; at += piece)
        status = natsmicro_blob_writer_write(writer, data + at,
                                             length - at < piece ? length - at : piece);
    return status == NATSMICRO_OK ? natsmicro_blob_writer_end(writer) : status;
}

static void assert_shelved(shelf *self, Lab__V1__LabClient__Upload *call,
                           natsmicro_blob_writer *writer, int count, uint64_t total, uint64_t hash)
{
    assert_ok(natsmicro_blob_writer_flush(writer));
    natsmicro_blob_writer_free(writer);
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
    assert_int_equal(self->count, count);
    assert_int_equal(self->total, total);
    assert_int_equal(self->hash, hash);
}

/* ---- right ones ---- */

/* Answers without reading. */
static natsmicro_status answer_at_once(Lab__V1__LabServer__Upload *call, void *user_data)
{
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    (void)user_data;
    result.size = 77;
    return lab__v1__lab_server__upload__reply(call, &result);
}

static void an_answer_in_the_middle_of_a_blob_is_had(void **state)
{
    static const Lab__V1__LabHandlers handlers = {.upload = answer_at_once};
    const uint64_t endless = UINT64_C(1) << 50;
    static const uint8_t piece[3 * CHUNK];
    lab *room = *state;
    shelf self = {.room = room};
    lab_serve(room, &handlers, NULL);
    natsmicro_blob_writer *writer;
    Lab__V1__LabClient__Upload *call = open_upload(&self, &writer);
    assert_ok(natsmicro_blob_writer_begin(writer, endless));
    natsmicro_status status;
    while ((status = natsmicro_blob_writer_write(writer, piece, sizeof(piece))) == NATSMICRO_OK)
        continue;
    assert_status(NATSMICRO_END, status);
    natsmicro_blob_writer_free(writer);
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_int_equal(77, result->size);
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
}

static void blobs_of_every_length_come_as_they_were_written(void **state)
{
    static const size_t lengths[] = {
        0, 1, 127,   128, CHUNK - 3, CHUNK - 2,       998, 1000, 16383, 16384,
        0, 0, CHUNK, 5,   3 * CHUNK, 100 * CHUNK + 1, MIB};
    static const size_t pieces[] = {1, 7, CHUNK, 4999};
    shelf self;
    shelf_begin(&self, *state);
    natsmicro_blob_writer *writer;
    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        uint64_t hash = HASH_BEGIN;
        uint64_t total = 0;
        int count = 0;
        self.piece = pieces[p];
        Lab__V1__LabClient__Upload *call = open_upload(&self, &writer);
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            assert_ok(write_blob(writer, self.data, lengths[i], pieces[p] * 3));
            hash = hash_more(hash, self.data, lengths[i]);
            total += lengths[i];
            count++;
        }
        assert_shelved(&self, call, writer, count, total, hash);
    }
    shelf_end(&self);
}

static void a_stream_without_blobs_has_none(void **state)
{
    shelf self;
    shelf_begin(&self, *state);
    natsmicro_blob_writer *writer;
    Lab__V1__LabClient__Upload *call = open_upload(&self, &writer);
    assert_shelved(&self, call, writer, 0, 0, HASH_BEGIN);
    shelf_end(&self);
}

/* Ten thousand blobs of ten bytes take as many messages as they fill chunks, not one each. */
static void small_blobs_share_a_chunk(void **state)
{
    uint64_t hash = HASH_BEGIN;
    shelf self;
    shelf_begin(&self, *state);
    natsSubscription *spy;
    assert_int_equal(natsConnection_SubscribeSync(&spy, self.room->server_connection, "_INBOX.>"),
                     NATS_OK);
    assert_int_equal(natsConnection_Flush(self.room->server_connection), NATS_OK);
    natsmicro_blob_writer *writer;
    Lab__V1__LabClient__Upload *call = open_upload(&self, &writer);
    for (int i = 0; i < 10000; i++) {
        assert_ok(write_blob(writer, self.data + i, 10, 10));
        hash = hash_more(hash, self.data + i, 10);
    }
    assert_shelved(&self, call, writer, 10000, 100000, hash);
    int64_t messages;
    assert_int_equal(natsSubscription_GetDelivered(spy, &messages), NATS_OK);
    uint64_t waiting;
    assert_int_equal(natsSubscription_QueuedMsgs(spy, &waiting), NATS_OK);
    assert_true(waiting > 0 && waiting < 150);
    raw_unsubscribe(self.room->server_connection, spy);
    shelf_end(&self);
}

static void a_reader_may_pass_blobs_by(void **state)
{
    uint64_t hash = HASH_BEGIN;
    shelf self;
    shelf_begin(&self, *state);
    self.skip = true;
    natsmicro_blob_writer *writer;
    Lab__V1__LabClient__Upload *call = open_upload(&self, &writer);
    for (size_t i = 0; i < 20; i++) {
        assert_ok(write_blob(writer, self.data + i, i * 700, 500));
        if (i % 2 == 0)
            hash = hash_more(hash, self.data + i, i * 700);
    }
    /* The blobs 0, 2, 4 … are read; 1, 3, 5 … are begun and skipped. */
    assert_shelved(&self, call, writer, 10, 90 * 700, hash);
    shelf_end(&self);
}

static void write_two(natsmicro_blob_writer *writer, shelf *self)
{
    self->status = write_blob(writer, self->data, 100, 10);
    if (self->status == NATSMICRO_OK)
        self->status = natsmicro_blob_writer_flush(writer);
    if (self->status == NATSMICRO_OK)
        self->status = write_blob(writer, self->data, 50, 50);
    if (self->status == NATSMICRO_OK)
        self->status = natsmicro_blob_writer_flush(writer);
}

static natsmicro_status read_download(shelf *self)
{
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    Lab__V1__LabClient__Download *call;
    assert_ok(lab__v1__lab_client__download(self->room->client, &request, NULL, &call));
    natsmicro_status status = read_blobs(call->base, self);
    lab__v1__lab_client__download__close(call);
    return status;
}

static void blobs_come_down_as_they_go_up(void **state)
{
    shelf self;
    shelf_begin(&self, *state);
    self.write = write_two;
    assert_status(NATSMICRO_END, read_download(&self));
    assert_int_equal(self.count, 2);
    assert_int_equal(self.total, 150);
    assert_ok(self.status);
    shelf_end(&self);
}

/* ---- wrong ones ---- */

static void lengths_are_kept_to_by_the_writer(void **state)
{
    shelf self;
    shelf_begin(&self, *state);
    natsmicro_blob_writer *writer;
    Lab__V1__LabClient__Upload *call = open_upload(&self, &writer);
    assert_status(NATSMICRO_FAILED_PRECONDITION, natsmicro_blob_writer_write(writer, "x", 1));
    assert_status(NATSMICRO_FAILED_PRECONDITION, natsmicro_blob_writer_end(writer));
    assert_ok(natsmicro_blob_writer_begin(writer, 4));
    assert_status(NATSMICRO_FAILED_PRECONDITION, natsmicro_blob_writer_begin(writer, 4));
    assert_ok(natsmicro_blob_writer_write(writer, "abc", 3));
    assert_status(NATSMICRO_INVALID_ARGUMENT, natsmicro_blob_writer_write(writer, "de", 2));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "longer than"));
    assert_status(NATSMICRO_INVALID_ARGUMENT, natsmicro_blob_writer_end(writer));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "shorter than"));
    assert_ok(natsmicro_blob_writer_write(writer, "d", 1));
    assert_ok(natsmicro_blob_writer_end(writer));
    assert_shelved(&self, call, writer, 1, 4, hash_more(HASH_BEGIN, "abcd", 4));
    shelf_end(&self);
}

static void a_stream_is_not_ended_within_a_blob_or_before_a_flush(void **state)
{
    shelf self;
    shelf_begin(&self, *state);
    natsmicro_blob_writer *writer;
    Lab__V1__LabClient__Upload *call = open_upload(&self, &writer);
    assert_ok(natsmicro_blob_writer_begin(writer, 4));
    Lab__V1__UploadResult *result;
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_ok(natsmicro_blob_writer_write(writer, "abcd", 4));
    assert_ok(natsmicro_blob_writer_end(writer));
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_shelved(&self, call, writer, 1, 4, hash_more(HASH_BEGIN, "abcd", 4));

    call = open_upload(&self, &writer);
    assert_ok(write_blob(writer, self.data, 4, 4));
    natsmicro_blob_writer_free(writer);
    assert_status(NATSMICRO_CANCELLED, lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "not flushed"));
    lab__v1__lab_client__upload__close(call);
    shelf_end(&self);
}

static void begin_only(natsmicro_blob_writer *writer, shelf *self)
{
    self->status = natsmicro_blob_writer_begin(writer, 10);
    if (self->status == NATSMICRO_OK)
        self->status = natsmicro_blob_writer_flush(writer);
}

/* The handler returns OK nevertheless, and its stream must not look complete. */
static void a_handler_that_stops_within_a_blob_fails_the_call(void **state)
{
    shelf self;
    shelf_begin(&self, *state);
    self.write = begin_only;
    assert_status(NATSMICRO_CANCELLED, read_download(&self));
    shelf_end(&self);
}

static void what_is_cut_off_or_no_length_is_malformed(void **state)
{
    static const struct {
        const char *chunk;
        size_t length;
        const char *text;
    } cases[] = {
        {"\x0a\x04\x05"
         "abc",
         6, "2 bytes before the end of a blob"},
        {"\x0a\x01\x80", 3, "within a length"},
        {"\x0a\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02x", 13, "more than 64 bits"},
    };
    lab *room = *state;
    shelf self;
    shelf_begin(&self, room);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        raw_call call;
        raw_open(&call, room->client_connection, "lab.v1.upload");
        raw_item(&call, "1", cases[i].chunk, cases[i].length);
        raw_end(&call, "1");
        natsMsg *answer = raw_next(call.answers);
        raw_assert_error(answer, "INVALID_ARGUMENT");
        if (strstr(raw_header(answer, "Nats-Service-Error"), cases[i].text) == NULL)
            fail_msg("%s", raw_header(answer, "Nats-Service-Error"));
        natsMsg_Destroy(answer);
        raw_close(&call);
    }
    shelf_end(&self);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(an_answer_in_the_middle_of_a_blob_is_had),
        lab_test(blobs_of_every_length_come_as_they_were_written),
        lab_test(a_stream_without_blobs_has_none),
        lab_test(small_blobs_share_a_chunk),
        lab_test(a_reader_may_pass_blobs_by),
        lab_test(blobs_come_down_as_they_go_up),
        lab_test(lengths_are_kept_to_by_the_writer),
        lab_test(a_stream_is_not_ended_within_a_blob_or_before_a_flush),
        lab_test(a_handler_that_stops_within_a_blob_fails_the_call),
        lab_test(what_is_cut_off_or_no_length_is_malformed),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
