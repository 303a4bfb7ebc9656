/*
 * Around blobs: files and their modes, files that change while they are sent, descriptors that are
 * not ready, progress, errors that leave a call usable, and chunks in shapes that other peers may
 * send.
 */
#include "integration/blobs.h"
#include "integration/raw.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LENGTH (MIB + 17)
#define CHUNK  10000

typedef struct store {
    lab *room;
    folder here;
    uint8_t *data;
    received_blob received;
    natsmicro_status (*receive)(Lab__V1__LabServer__Upload *call, struct store *self);
} store;

static natsmicro_status upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    store *self = user_data;
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    natsmicro_status status = self->receive != NULL
                                  ? self->receive(call, self)
                                  : blob_receive(call->base, RECV_WRITER, &self->received);
    if (status != NATSMICRO_OK)
        return status;
    result.size = (int64_t)self->received.length;
    return lab__v1__lab_server__upload__reply(call, &result);
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    store *self = user_data;
    (void)request;
    return lab__v1__lab_server__download__send_bytes(call, self->data, LENGTH, CHUNK, NULL, NULL);
}

static void store_begin(store *self, lab *room)
{
    static const Lab__V1__LabHandlers handlers = {.upload = upload, .download = download};
    memset(self, 0, sizeof(*self));
    self->room = room;
    self->data = blob_new(LENGTH, 11);
    folder_make(&self->here);
    lab_serve(room, &handlers, self);
}

static void store_end(store *self, int files)
{
    natsmicro_server_destroy(self->room->server);
    self->room->server = NULL;
    assert_int_equal(folder_count(&self->here), files);
    folder_remove(&self->here);
    free(self->data);
}

static Lab__V1__LabClient__Upload *open_upload(store *self)
{
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(self->room->client, NULL, &call));
    return call;
}

/* Ends the upload, and checks that the service received `length` bytes of `data`. */
static void assert_uploaded(store *self, Lab__V1__LabClient__Upload *call, const void *data,
                            size_t length)
{
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_int_equal(result->size, (int64_t)length);
    assert_int_equal(self->received.hash, hash_more(HASH_BEGIN, data, length));
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
}

static Lab__V1__LabClient__Download *open_download(store *self)
{
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    Lab__V1__LabClient__Download *call;
    assert_ok(lab__v1__lab_client__download(self->room->client, &request, NULL, &call));
    return call;
}

static void assert_downloaded_to(store *self, const char *path)
{
    Lab__V1__LabClient__Download *call = open_download(self);
    assert_ok(lab__v1__lab_client__download__recv_to_file(call, path, NULL, NULL));
    assert_true(file_is(path, self->data, LENGTH));
    lab__v1__lab_client__download__close(call);
}

static unsigned mode_of(const char *path)
{
    struct stat about;
    assert_int_equal(lstat(path, &about), 0);
    assert_true(S_ISREG(about.st_mode));
    return about.st_mode & 07777;
}

/* Returns `left` bytes of `data`, or zeros if that is NULL. */
typedef struct plain_source {
    const uint8_t *data;
    size_t left;
} plain_source;

static natsmicro_status read_source(void *user_data, void *buffer, size_t size, size_t *length)
{
    plain_source *self = user_data;
    *length = self->left < size ? self->left : size;
    if (self->data != NULL)
        memcpy(buffer, self->data, *length);
    else
        memset(buffer, 0, *length);
    self->left -= *length;
    return NATSMICRO_OK;
}

/* ---- the file that is made ---- */

static void a_new_file_has_the_mode_that_the_umask_leaves(void **state)
{
    store self;
    store_begin(&self, *state);
    mode_t before = umask(027);
    assert_downloaded_to(&self, self.here.file);
    umask(before);
    assert_int_equal(mode_of(self.here.file), 0640);
    store_end(&self, 1);
}

static void a_file_that_is_replaced_keeps_its_mode(void **state)
{
    store self;
    store_begin(&self, *state);
    file_write(self.here.file, "secret", 6);
    assert_int_equal(chmod(self.here.file, 0604), 0);
    assert_downloaded_to(&self, self.here.file);
    assert_int_equal(mode_of(self.here.file), 0604);
    store_end(&self, 1);
}

static void a_symbolic_link_is_replaced_and_its_target_stays(void **state)
{
    store self;
    store_begin(&self, *state);
    char target[192];
    snprintf(target, sizeof(target), "%s/target", self.here.path);
    file_write(target, "target", 6);
    assert_int_equal(symlink(target, self.here.file), 0);
    assert_downloaded_to(&self, self.here.file);
    mode_of(self.here.file);
    assert_true(file_is(target, "target", 6));
    store_end(&self, 2);
}

static void a_path_without_a_folder_is_in_the_working_one(void **state)
{
    store self;
    store_begin(&self, *state);
    char before[1024];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(self.here.path), 0);
    assert_downloaded_to(&self, "blob");
    assert_int_equal(chdir(before), 0);
    assert_true(file_is(self.here.file, self.data, LENGTH));
    store_end(&self, 1);
}

/* The path is refused before anything is received, and the call can go on with another one. */
static void a_path_that_can_be_no_file_leaves_the_call_as_it_was(void **state)
{
    store self;
    store_begin(&self, *state);
    char missing[192];
    snprintf(missing, sizeof(missing), "%s/no/blob", self.here.path);
    char slash[192];
    snprintf(slash, sizeof(slash), "%s/", self.here.path);
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__download__recv_to_file(call, self.here.path, NULL, NULL));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "Is a directory"));
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__download__recv_to_file(call, slash, NULL, NULL));
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__download__recv_to_file(call, missing, NULL, NULL));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), missing));
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__download__recv_to_file(call, "/dev/null", NULL, NULL));
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__download__recv_to_file(call, "", NULL, NULL));
    assert_string_equal(natsmicro_call_error_message(call->base),
                        "\"\": No such file or directory");
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__download__recv_to_fd(call, -1, NULL, NULL));
    assert_ok(lab__v1__lab_client__download__recv_to_file(call, self.here.file, NULL, NULL));
    assert_true(file_is(self.here.file, self.data, LENGTH));
    lab__v1__lab_client__download__close(call);
    store_end(&self, 1);
}

/* ---- the file that is sent ---- */

static void a_file_that_is_not_there_leaves_the_call_as_it_was(void **state)
{
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__upload__send_file(call, self.here.file, 0, NULL, NULL));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), self.here.file));
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__upload__send_file(call, self.here.path, 0, NULL, NULL));
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__upload__send_fd(call, -1, 0, NULL, NULL));
    assert_ok(lab__v1__lab_client__upload__send_bytes(call, self.data, 10, 0, NULL, NULL));
    assert_ok(
        lab__v1__lab_client__upload__send_bytes(call, self.data + 10, LENGTH - 10, 0, NULL, NULL));
    assert_uploaded(&self, call, self.data, LENGTH);
    store_end(&self, 0);
}

static bool truncate_once(uint64_t done, uint64_t total, void *user_data)
{
    const store *self = user_data;
    return total != LENGTH || done > CHUNK || truncate(self->here.file, LENGTH / 2) == 0;
}

static void a_file_that_shrinks_is_sent_as_far_as_it_goes(void **state)
{
    store self;
    store_begin(&self, *state);
    file_write(self.here.file, self.data, LENGTH);
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_ok(
        lab__v1__lab_client__upload__send_file(call, self.here.file, CHUNK, truncate_once, &self));
    assert_uploaded(&self, call, self.data, LENGTH / 2);
    store_end(&self, 1);
}

/* Appends what there is beyond the first half, once. */
static bool append_once(uint64_t done, uint64_t total, void *user_data)
{
    const store *self = user_data;
    if (done > CHUNK)
        return total == LENGTH / 2;
    FILE *file = fopen(self->here.file, "ab");
    size_t more = LENGTH - LENGTH / 2;
    bool appended = file != NULL && fwrite(self->data + LENGTH / 2, 1, more, file) == more;
    return file != NULL && fclose(file) == 0 && appended;
}

static void a_file_that_grows_is_sent_to_its_end(void **state)
{
    store self;
    store_begin(&self, *state);
    file_write(self.here.file, self.data, LENGTH / 2);
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_ok(
        lab__v1__lab_client__upload__send_file(call, self.here.file, CHUNK, append_once, &self));
    assert_uploaded(&self, call, self.data, LENGTH);
    store_end(&self, 1);
}

/* The system says that it has the size of a page. */
static void a_file_of_sys_is_sent_whole(void **state)
{
    static const char path[] = "/sys/class/net/lo/mtu";
    store self;
    store_begin(&self, *state);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        char content[64];
        size_t length = fread(content, 1, sizeof(content), file);
        fclose(file);
        Lab__V1__LabClient__Upload *call = open_upload(&self);
        assert_ok(lab__v1__lab_client__upload__send_file(call, path, 0, NULL, NULL));
        assert_uploaded(&self, call, content, length);
    }
    store_end(&self, 0);
    if (file == NULL)
        skip();
}

/* The system says that its size is 0. */
static void a_file_of_proc_is_sent_whole(void **state)
{
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_ok(lab__v1__lab_client__upload__send_file(call, "/proc/self/status", 100, NULL, NULL));
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_true(result->size > 100);
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
    store_end(&self, 0);
}

static void a_descriptor_is_sent_from_where_it_stands(void **state)
{
    store self;
    store_begin(&self, *state);
    file_write(self.here.file, self.data, LENGTH);
    int fd = open(self.here.file, O_RDONLY);
    assert_int_equal(lseek(fd, 1000, SEEK_SET), 1000);
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_ok(lab__v1__lab_client__upload__send_fd(call, fd, 0, NULL, NULL));
    assert_int_equal(lseek(fd, 0, SEEK_CUR), LENGTH);
    assert_uploaded(&self, call, self.data + 1000, LENGTH - 1000);
    close(fd);
    store_end(&self, 1);
}

/* ---- descriptors that are not ready, and signals ---- */

static void ignore_signal(int number)
{
    (void)number;
}

typedef struct disturber {
    pthread_t thread;
    pthread_t whom;
    atomic_bool stop;
} disturber;

static void *disturb(void *argument)
{
    disturber *self = argument;
    while (!atomic_load(&self->stop)) {
        static const struct timespec pause = {0, 200000};
        pthread_kill(self->whom, SIGUSR1);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* A blob goes through pipes while signals interrupt system calls five thousand times a second. */
static void interrupted_and_unready_descriptors_lose_nothing(void **state)
{
    struct sigaction action = {.sa_handler = ignore_signal};
    disturber noise = {.whom = pthread_self()};
    sent_blob sent = {.chunk_size = CHUNK};
    store self;
    store_begin(&self, *state);
    sent.data = self.data;
    sent.length = LENGTH;
    struct sigaction before;
    sigaction(SIGUSR1, &action, &before);
    assert_int_equal(pthread_create(&noise.thread, NULL, disturb, &noise), 0);
    Lab__V1__LabClient__Upload *up = open_upload(&self);
    natsmicro_status sending = blob_send(up->base, SEND_PIPE, &sent);
    Lab__V1__LabClient__Download *down = open_download(&self);
    received_blob received = {.path = self.here.file};
    natsmicro_status receiving = blob_receive(down->base, RECV_PIPE, &received);
    atomic_store(&noise.stop, true);
    pthread_join(noise.thread, NULL);
    sigaction(SIGUSR1, &before, NULL);
    assert_ok(sending);
    assert_ok(receiving);
    assert_int_equal(received.hash, hash_more(HASH_BEGIN, self.data, LENGTH));
    lab__v1__lab_client__download__close(down);
    assert_uploaded(&self, up, self.data, LENGTH);
    store_end(&self, 0);
}

/* Sends what a pipe yields. Returns NULL if that was OK. */
static void *upload_pipe(void *argument)
{
    void **arguments = argument;
    const int *fd = arguments[1];
    natsmicro_status status =
        lab__v1__lab_client__upload__send_fd(arguments[0], *fd, CHUNK, NULL, NULL);
    return status == NATSMICRO_OK ? NULL : argument;
}

static void a_pipe_that_is_non_blocking_is_waited_for(void **state)
{
    store self;
    store_begin(&self, *state);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    /* The download goes through the pipe into the upload. */
    Lab__V1__LabClient__Upload *up = open_upload(&self);
    Lab__V1__LabClient__Download *down = open_download(&self);
    void *arguments[] = {up, &ends[0]};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, upload_pipe, arguments), 0);
    assert_ok(lab__v1__lab_client__download__recv_to_fd(down, ends[1], NULL, NULL));
    close(ends[1]);
    void *status;
    pthread_join(thread, &status);
    assert_null(status);
    close(ends[0]);
    lab__v1__lab_client__download__close(down);
    assert_uploaded(&self, up, self.data, LENGTH);
    store_end(&self, 0);
}

/* ---- progress ---- */

typedef struct heard {
    uint64_t done;
    uint64_t total;
    int count;
    bool grew; /* with each call */
} heard;

static bool hear(uint64_t done, uint64_t total, void *user_data)
{
    heard *self = user_data;
    self->grew = self->count == 0 || (self->grew && done > self->done);
    self->done = done;
    self->total = total;
    self->count++;
    return true;
}

static void progress_knows_the_total_where_it_can_be_known(void **state)
{
    heard up = {0};
    heard known = {0};
    heard unknown = {0};
    heard down = {0};
    store self;
    store_begin(&self, *state);
    file_write(self.here.file, self.data, LENGTH);
    plain_source source = {self.data, 1000};
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_ok(lab__v1__lab_client__upload__send_file(call, self.here.file, CHUNK, hear, &up));
    assert_int_equal(up.done, LENGTH);
    assert_int_equal(up.total, LENGTH);
    assert_int_equal(up.count, LENGTH / CHUNK + 1);
    assert_true(up.grew);
    assert_ok(
        lab__v1__lab_client__upload__send_reader(call, read_source, &source, 0, hear, &unknown));
    assert_int_equal(unknown.done, 1000);
    assert_true(unknown.total == NATSMICRO_TOTAL_UNKNOWN);
    natsmicro_chunked_expect(call->base, 1234);
    source = (plain_source){self.data, 1000};
    assert_ok(
        lab__v1__lab_client__upload__send_reader(call, read_source, &source, 0, hear, &known));
    assert_int_equal(known.total, 1234);
    lab__v1__lab_client__upload__close(call);

    Lab__V1__LabClient__Download *downloading = open_download(&self);
    natsmicro_chunked_expect(downloading->base, LENGTH);
    assert_ok(
        lab__v1__lab_client__download__recv_to_file(downloading, self.here.file, hear, &down));
    assert_int_equal(down.done, LENGTH);
    assert_int_equal(down.total, LENGTH);
    assert_true(down.grew);
    lab__v1__lab_client__download__close(downloading);
    store_end(&self, 1);
}

static void progress_hears_of_an_empty_blob_once(void **state)
{
    heard up = {.done = 1};
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_ok(lab__v1__lab_client__upload__send_bytes(call, NULL, 0, 0, hear, &up));
    assert_int_equal(up.count, 1);
    assert_int_equal(up.done, 0);
    assert_int_equal(up.total, 0);
    assert_uploaded(&self, call, "", 0);
    store_end(&self, 0);
}

/* ---- piece by piece ---- */

static void pieces_and_helpers_may_take_turns(void **state)
{
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Download *call = open_download(&self);
    uint8_t buffer[7];
    size_t at;
    assert_ok(lab__v1__lab_client__download__read(call, buffer, sizeof(buffer), &at));
    assert_int_equal(at, sizeof(buffer));
    assert_memory_equal(buffer, self.data, at);
    const uint8_t *chunk;
    size_t length;
    assert_ok(lab__v1__lab_client__download__recv_chunk(call, &chunk, &length));
    assert_int_equal(length, CHUNK - at); /* what the read has left */
    assert_memory_equal(chunk, self.data + at, length);
    at += length;
    assert_ok(lab__v1__lab_client__download__read(call, buffer, 1, &length));
    assert_int_equal(buffer[0], self.data[at++]);
    uint8_t *rest;
    assert_ok(
        lab__v1__lab_client__download__recv_bytes(call, SIZE_MAX, &rest, &length, NULL, NULL));
    assert_int_equal(length, LENGTH - at);
    assert_memory_equal(rest, self.data + at, length);
    free(rest);
    assert_status(NATSMICRO_END, lab__v1__lab_client__download__read(call, buffer, 1, &length));
    assert_int_equal(length, 0);
    assert_status(NATSMICRO_END, lab__v1__lab_client__download__recv_chunk(call, &chunk, &length));
    assert_null(chunk);
    lab__v1__lab_client__download__close(call);
    store_end(&self, 0);
}

/* Empty chunks, and some with fields that this side does not know, before or after the bytes. */
static void chunks_of_other_shapes_are_chunks(void **state)
{
    static uint8_t text[] = "text";
    static uint8_t unknown[] = {5};
    ProtobufCMessageUnknownField field = {
        .tag = 7, .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT, .len = 1, .data = unknown};
    Lab__V1__Chunk chunk = LAB__V1__CHUNK__INIT;
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_ok(lab__v1__lab_client__upload__send(call, &chunk));
    chunk.base.n_unknown_fields = 1;
    chunk.base.unknown_fields = &field;
    assert_ok(lab__v1__lab_client__upload__send(call, &chunk));
    chunk.data = (ProtobufCBinaryData){4, text};
    assert_ok(lab__v1__lab_client__upload__send(call, &chunk));
    field.tag = 1; /* the field itself once more: the last one counts */
    field.wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    static uint8_t last[] = {2, 'u', 'p'};
    field.len = sizeof(last);
    field.data = last;
    assert_ok(lab__v1__lab_client__upload__send(call, &chunk));
    assert_uploaded(&self, call, "textup", 6);
    store_end(&self, 0);
}

static void a_chunk_that_is_none_ends_the_call(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } broken[] = {
        {"\x0a\x09x", 3},                                          /* cut off */
        {"\x0a", 1},                                               /* no length */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},      /* a length beyond everything */
        {"\x0b\x01x", 3},                                          /* a group that does not end */
        {"\x8a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01x", 13}, /* no tag */
    };
    lab *room = *state;
    store self;
    store_begin(&self, room);
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        raw_call call;
        raw_open(&call, room->client_connection, "lab.v1.upload");
        raw_item(&call, "1", "\x0a\x01x", 3);
        raw_item(&call, "2", broken[i].bytes, broken[i].length);
        raw_end(&call, "2");
        natsMsg *answer = raw_next(call.answers);
        raw_assert_error(answer, "INVALID_ARGUMENT");
        natsMsg_Destroy(answer);
        raw_close(&call);
    }
    store_end(&self, 0);
}

/* ---- which way ---- */

static natsmicro_status try_to_send(Lab__V1__LabServer__Upload *call, store *self)
{
    natsmicro_status status = natsmicro_chunked_send_bytes(call->base, "x", 1, 0, NULL, NULL);
    if (status != NATSMICRO_FAILED_PRECONDITION)
        return NATSMICRO_INTERNAL;
    return blob_receive(call->base, RECV_WRITER, &self->received);
}

static void the_other_ways_helpers_leave_the_call_as_it_was(void **state)
{
    store self;
    store_begin(&self, *state);
    self.receive = try_to_send;
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    uint8_t buffer[1];
    size_t length;
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_chunked_read(call->base, buffer, 1, &length));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "sends chunks"));
    assert_ok(lab__v1__lab_client__upload__send_bytes(call, self.data, LENGTH, 0, NULL, NULL));
    assert_uploaded(&self, call, self.data, LENGTH);
    store_end(&self, 0);
}

static void a_method_that_is_not_chunked_has_no_chunks(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &call));
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_chunked_send_bytes(call->base, "x", 1, 0, NULL, NULL));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "natsmicro.chunked_io"));
    lab__v1__lab_client__sum__close(call);
}

static natsmicro_status answer_at_once(Lab__V1__LabServer__Upload *call, store *self)
{
    (void)call;
    self->received.length = 5;
    return NATSMICRO_OK;
}

/* The service wants no more. That is no error, and its answer counts. */
static void an_early_answer_ends_the_sending(void **state)
{
    plain_source endless = {NULL, SIZE_MAX};
    store self;
    store_begin(&self, *state);
    self.receive = answer_at_once;
    Lab__V1__LabClient__Upload *call = open_upload(&self);
    assert_status(NATSMICRO_END, lab__v1__lab_client__upload__send_reader(call, read_source,
                                                                          &endless, 0, NULL, NULL));
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_int_equal(result->size, 5);
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
    store_end(&self, 0);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_new_file_has_the_mode_that_the_umask_leaves),
        lab_test(a_file_that_is_replaced_keeps_its_mode),
        lab_test(a_symbolic_link_is_replaced_and_its_target_stays),
        lab_test(a_path_without_a_folder_is_in_the_working_one),
        lab_test(a_path_that_can_be_no_file_leaves_the_call_as_it_was),
        lab_test(a_file_that_is_not_there_leaves_the_call_as_it_was),
        lab_test(a_file_that_shrinks_is_sent_as_far_as_it_goes),
        lab_test(a_file_that_grows_is_sent_to_its_end),
        lab_test(a_file_of_sys_is_sent_whole),
        lab_test(a_file_of_proc_is_sent_whole),
        lab_test(a_descriptor_is_sent_from_where_it_stands),
        lab_test(interrupted_and_unready_descriptors_lose_nothing),
        lab_test(a_pipe_that_is_non_blocking_is_waited_for),
        lab_test(progress_knows_the_total_where_it_can_be_known),
        lab_test(progress_hears_of_an_empty_blob_once),
        lab_test(pieces_and_helpers_may_take_turns),
        lab_test(chunks_of_other_shapes_are_chunks),
        lab_test(a_chunk_that_is_none_ends_the_call),
        lab_test(the_other_ways_helpers_leave_the_call_as_it_was),
        lab_test(a_method_that_is_not_chunked_has_no_chunks),
        lab_test(an_early_answer_ends_the_sending),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
