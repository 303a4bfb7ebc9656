/*
 * Blobs that fail: by the peer, the disk, a source, a sink, or the user who cancels. After each
 * failure the file that was there is unchanged, no other file is left, both sides know, and a part
 * is never taken for the whole.
 */
#include "integration/blobs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LENGTH (4 * MIB)
#define CHUNK  10000

static const char old_content[] = "what was there before";

/*
 * The service's side: it stores an upload in the folder's file, and sends a download with `send`.
 */
typedef struct store {
    lab *room;
    folder here;
    uint8_t *data;
    natsmicro_progress progress;
    uint64_t cancel_after;
    uint64_t max_size;
    latch first; /* the first chunk has come */
    latch done;  /* the handler's helper has returned `status` */
    natsmicro_status status;
    char text[512]; /* the error text of its call then */
    natsmicro_status (*send)(natsmicro_call *call, struct store *self);
    bool hide_failure; /* the handler returns OK whatever happened */
} store;

static bool note_first(uint64_t done, uint64_t total, void *user_data)
{
    store *self = user_data;
    (void)total;
    if (latch_count(&self->first) == 0)
        latch_open(&self->first);
    return done < self->cancel_after;
}

static natsmicro_status note_status(store *self, natsmicro_call *call, natsmicro_status status)
{
    self->status = status;
    snprintf(self->text, sizeof(self->text), "%s", natsmicro_call_error_message(call));
    latch_open(&self->done);
    return status;
}

static natsmicro_status upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    store *self = user_data;
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    natsmicro_chunked_set_max_size(call->base, self->max_size);
    natsmicro_status status =
        lab__v1__lab_server__upload__recv_to_file(call, self->here.file, note_first, self);
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_server__upload__reply(call, &result);
    return note_status(self, call->base, status);
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    store *self = user_data;
    (void)request;
    note_status(self, call->base, self->send(call->base, self));
    return self->hide_failure ? NATSMICRO_OK : self->status;
}

static const Lab__V1__LabHandlers handlers = {.upload = upload, .download = download};

static void store_begin(store *self, lab *room)
{
    memset(self, 0, sizeof(*self));
    self->room = room;
    self->data = blob_new(LENGTH, 7);
    self->cancel_after = self->max_size = UINT64_MAX;
    folder_make(&self->here);
    latch_init(&self->first);
    latch_init(&self->done);
    file_write(self->here.file, old_content, sizeof(old_content));
    lab_serve(room, &handlers, self);
}

/* Ends the server. Once no handler runs any more, nothing has changed in the folder. */
static void store_end(store *self)
{
    natsmicro_server_destroy(self->room->server);
    self->room->server = NULL;
    assert_int_equal(folder_count(&self->here), 1);
    assert_true(file_is(self->here.file, old_content, sizeof(old_content)));
    folder_remove(&self->here);
    latch_destroy(&self->first);
    latch_destroy(&self->done);
    free(self->data);
}

/*
 * Waits for the service's end of the call, which has this status, and checks that nothing changed.
 */
static void assert_not_stored(natsmicro_status expected, store *self)
{
    assert_true(latch_wait(&self->done, LAB_PATIENCE));
    assert_status(expected, self->status);
    store_end(self);
}

static Lab__V1__LabClient__Upload *open_upload(store *self, natsmicro_context *context)
{
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(self->room->client, context, &call));
    return call;
}

static Lab__V1__LabClient__Download *open_download(store *self)
{
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    Lab__V1__LabClient__Download *call;
    assert_ok(lab__v1__lab_client__download(self->room->client, &request, NULL, &call));
    return call;
}

static void assert_no_answer(natsmicro_status expected, Lab__V1__LabClient__Upload *call)
{
    Lab__V1__UploadResult *result;
    assert_status(expected, lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_null(result);
}

static void assert_text(natsmicro_call *call, const char *part)
{
    const char *text = natsmicro_call_error_message(call);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* ---- sources ---- */

static natsmicro_status send_all(natsmicro_call *call, store *self)
{
    return natsmicro_chunked_send_bytes(call, self->data, LENGTH, CHUNK, NULL, NULL);
}

/* Returns `left` bytes, and then ends with `status`. */
typedef struct failing_source {
    size_t left;
    natsmicro_status status;
    size_t lie; /* then claims to have written so many bytes beyond the buffer */
} failing_source;

static natsmicro_status read_failing(void *user_data, void *buffer, size_t size, size_t *length)
{
    failing_source *self = user_data;
    if (self->left == 0 && self->lie > 0) {
        *length = size + self->lie;
        return NATSMICRO_OK;
    }
    if (self->left == 0)
        return self->status;
    *length = self->left < size ? self->left : size;
    memset(buffer, 'x', *length);
    self->left -= *length;
    return NATSMICRO_OK;
}

static natsmicro_status send_failing(natsmicro_call *call, store *self)
{
    failing_source source = {MIB, NATSMICRO_PERMISSION_DENIED, 0};
    (void)self;
    return natsmicro_chunked_send_reader(call, read_failing, &source, CHUNK, NULL, NULL);
}

/*
 * A plain stream holds 64 MiB that nobody has read, and then ends with DATA_LOSS. So a service that
 * sends without an end stops far below that, and waits for what its reader does.
 */
#define MOST_AHEAD (8 * MIB)

/* Sends more than the reader takes before it fails. Returns what ended the call. */
static natsmicro_status send_endless(natsmicro_call *call, store *self)
{
    failing_source source = {streams_are_plain() ? MOST_AHEAD : SIZE_MAX, NATSMICRO_OK, 0};
    (void)self;
    natsmicro_status status =
        natsmicro_chunked_send_reader(call, read_failing, &source, CHUNK, NULL, NULL);
    return status == NATSMICRO_OK ? lab_wait_for_end(call) : status;
}

static void a_source_that_fails_half_way_up_stores_nothing(void **state)
{
    failing_source source = {MIB, NATSMICRO_UNAUTHENTICATED, 0};
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_status(NATSMICRO_UNAUTHENTICATED, lab__v1__lab_client__upload__send_reader(
                                                 call, read_failing, &source, CHUNK, NULL, NULL));
    assert_text(call->base, "the source failed with UNAUTHENTICATED after 1048576 bytes");
    assert_no_answer(NATSMICRO_UNAUTHENTICATED, call); /* no end that looks like a regular one */
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_UNAUTHENTICATED, &self);
}

static void a_source_that_lies_about_its_length_ends_the_call(void **state)
{
    failing_source source = {MIB, NATSMICRO_OK, 1};
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_status(NATSMICRO_INTERNAL, lab__v1__lab_client__upload__send_reader(
                                          call, read_failing, &source, CHUNK, NULL, NULL));
    assert_text(call->base, "returned 10001 bytes into a buffer of 10000");
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_INTERNAL, &self);
}

static void a_source_that_fails_half_way_down_replaces_nothing(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_failing;
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(NATSMICRO_PERMISSION_DENIED,
                  lab__v1__lab_client__download__recv_to_file(call, self.here.file, NULL, NULL));
    assert_text(call->base, "the source failed with PERMISSION_DENIED after 1048576 bytes");
    lab__v1__lab_client__download__close(call);
    assert_not_stored(NATSMICRO_PERMISSION_DENIED, &self);
}

static void a_handler_that_hides_a_failure_ends_no_stream_as_complete(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_failing;
    self.hide_failure = true;
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(NATSMICRO_PERMISSION_DENIED,
                  lab__v1__lab_client__download__recv_to_file(call, self.here.file, NULL, NULL));
    lab__v1__lab_client__download__close(call);
    assert_not_stored(NATSMICRO_PERMISSION_DENIED, &self);
}

/* ---- sinks ---- */

static natsmicro_status refuse_after_mib(void *user_data, const void *data, size_t length)
{
    size_t *taken = user_data;
    (void)data;
    *taken += length;
    return *taken > MIB ? NATSMICRO_OUT_OF_RANGE : NATSMICRO_OK;
}

static void a_sink_that_fails_stops_the_service(void **state)
{
    size_t taken = 0;
    store self;
    store_begin(&self, *state);
    self.send = send_endless;
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(NATSMICRO_OUT_OF_RANGE, lab__v1__lab_client__download__recv_to_writer(
                                              call, refuse_after_mib, &taken, NULL, NULL));
    assert_text(call->base, "the sink failed with OUT_OF_RANGE after ");
    const uint8_t *data;
    size_t length;
    assert_status(NATSMICRO_OUT_OF_RANGE,
                  lab__v1__lab_client__download__recv_chunk(call, &data, &length));
    lab__v1__lab_client__download__close(call);
    assert_not_stored(NATSMICRO_OUT_OF_RANGE, &self);
}

static void a_blob_over_the_limit_is_exhausted_and_one_of_it_is_not(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_all;
    Lab__V1__LabClient__Download *call = open_download(&self);
    uint8_t *data;
    size_t length;
    assert_ok(lab__v1__lab_client__download__recv_bytes(call, LENGTH, &data, &length, NULL, NULL));
    assert_int_equal(length, LENGTH);
    assert_memory_equal(data, self.data, LENGTH);
    assert_int_equal(data[LENGTH], 0);
    free(data);
    lab__v1__lab_client__download__close(call);

    call = open_download(&self);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab__v1__lab_client__download__recv_bytes(
                                                    call, LENGTH - 1, &data, &length, NULL, NULL));
    assert_null(data);
    assert_int_equal(length, 0);
    assert_true(lab_has_figure(natsmicro_call_error_message(call->base), LENGTH - 1));
    lab__v1__lab_client__download__close(call);
    assert_true(latch_wait_count(&self.done, 2, LAB_PATIENCE));
    store_end(&self);
}

/* The handler's error says why the caller has failed, so that a log does not blame the service. */
static void assert_handler_was_told(const store *self, const char *reason)
{
    char told[192];
    snprintf(told, sizeof(told), "lab.v1.Lab.Download: the %s ended the call: %s",
             streams_are_plain() ? "caller" : "peer", reason);
    assert_string_equal(self->text, told);
}

static void the_service_is_told_that_its_blob_is_over_the_callers_limit(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_endless;
    Lab__V1__LabClient__Download *call = open_download(&self);
    uint8_t *data;
    size_t length;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab__v1__lab_client__download__recv_bytes(
                                                    call, 100000, &data, &length, NULL, NULL));
    assert_true(latch_wait(&self.done, LAB_PATIENCE));
    assert_handler_was_told(&self, "the blob is larger than the limit of 100000 bytes");
    lab__v1__lab_client__download__close(call);
    assert_not_stored(NATSMICRO_RESOURCE_EXHAUSTED, &self);
}

static struct rlimit limit_file_size(rlim_t bytes)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit now = before;
    now.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
    return before;
}

/* Writing beyond the limit raises SIGXFSZ, which would end the process. */
static void a_full_disk_on_the_service_is_told_to_the_caller(void **state)
{
    store self;
    store_begin(&self, *state);
    struct rlimit before = limit_file_size(MIB);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    natsmicro_status status =
        lab__v1__lab_client__upload__send_bytes(call, self.data, LENGTH, CHUNK, NULL, NULL);
    Lab__V1__UploadResult *result;
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_client__upload__close_and_recv(call, &result);
    bool told = latch_wait(&self.done, LAB_PATIENCE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(told);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, status);
    assert_string_equal(natsmicro_call_error_message(call->base), "File too large");
    assert_non_null(strstr(self.text, self.here.file));
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_RESOURCE_EXHAUSTED, &self);
}

static natsmicro_status send_missing_file(natsmicro_call *call, store *self)
{
    char path[192];
    snprintf(path, sizeof(path), "%s/missing", self->here.path);
    return natsmicro_chunked_send_file(call, path, CHUNK, NULL, NULL);
}

/* A path is for the service's own log: a caller must not learn it. */
static void assert_path_is_kept(void **state, natsmicro_status expected, const char *told,
                                natsmicro_status (*send)(natsmicro_call *call, store *self))
{
    store self;
    store_begin(&self, *state);
    self.send = send;
    char path[192];
    snprintf(path, sizeof(path), "%s/copy", self.here.path);
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(expected, lab__v1__lab_client__download__recv_to_file(call, path, NULL, NULL));
    assert_string_equal(natsmicro_call_error_message(call->base), told);
    assert_true(latch_wait(&self.done, LAB_PATIENCE));
    assert_non_null(strstr(self.text, self.here.path));
    assert_non_null(strstr(self.text, told));
    lab__v1__lab_client__download__close(call);
    assert_not_stored(expected, &self);
}

static void a_services_missing_file_is_told_without_its_path(void **state)
{
    assert_path_is_kept(state, NATSMICRO_NOT_FOUND, "No such file or directory", send_missing_file);
}

static void a_full_disk_on_the_caller_replaces_nothing(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_endless;
    struct rlimit before = limit_file_size(MIB);
    Lab__V1__LabClient__Download *call = open_download(&self);
    natsmicro_status status =
        lab__v1__lab_client__download__recv_to_file(call, self.here.file, NULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, status);
    assert_text(call->base, "File too large");
    assert_text(call->base, self.here.path);
    assert_true(latch_wait(&self.done, LAB_PATIENCE));
    assert_handler_was_told(&self, "File too large");
    lab__v1__lab_client__download__close(call);
    assert_not_stored(NATSMICRO_RESOURCE_EXHAUSTED, &self);
}

static void a_device_without_space_ends_the_call(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_endless;
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  lab__v1__lab_client__download__recv_to_fd(call, fd, NULL, NULL));
    assert_text(call->base, "No space left on device");
    lab__v1__lab_client__download__close(call);
    close(fd);
    assert_not_stored(NATSMICRO_RESOURCE_EXHAUSTED, &self);
}

/* Receives into a descriptor that nobody reads any more, and checks that SIGPIPE is not pending. */
static void assert_closed_pipe(void **state, int reading, int writing)
{
    store self;
    store_begin(&self, *state);
    self.send = send_endless;
    close(reading);
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(NATSMICRO_ABORTED,
                  lab__v1__lab_client__download__recv_to_fd(call, writing, NULL, NULL));
    assert_text(call->base, "Broken pipe");
    sigset_t pending;
    sigpending(&pending);
    assert_int_equal(sigismember(&pending, SIGPIPE), 0);
    lab__v1__lab_client__download__close(call);
    close(writing);
    assert_not_stored(NATSMICRO_ABORTED, &self);
}

static void a_closed_pipe_ends_the_call_and_not_the_process(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_closed_pipe(state, ends[0], ends[1]);
}

static void a_closed_socket_ends_the_call_and_not_the_process(void **state)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_closed_pipe(state, ends[0], ends[1]);
}

/* ---- the user ---- */

/* ---- a limit of what is taken ---- */

static void an_upload_over_the_services_limit_is_refused_on_its_way(void **state)
{
    failing_source endless = {SIZE_MAX, NATSMICRO_OK, 0};
    store self;
    store_begin(&self, *state);
    self.max_size = MIB;
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_status(
        NATSMICRO_RESOURCE_EXHAUSTED,
        lab__v1__lab_client__upload__send_reader(call, read_failing, &endless, CHUNK, NULL, NULL));
    assert_text(call->base, "the blob is larger than the limit of 1048576 bytes");
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_RESOURCE_EXHAUSTED, &self);
}

static void an_upload_of_the_services_limit_is_taken(void **state)
{
    store self;
    store_begin(&self, *state);
    self.max_size = LENGTH;
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_ok(lab__v1__lab_client__upload__send_bytes(call, self.data, LENGTH, CHUNK, NULL, NULL));
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
    assert_true(file_is(self.here.file, self.data, LENGTH));
    file_write(self.here.file, old_content, sizeof(old_content));
    store_end(&self);
}

/* The limit is for all that comes on the call, whichever functions take it. */
static void a_download_over_the_callers_limit_ends(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_endless;
    Lab__V1__LabClient__Download *call = open_download(&self);
    natsmicro_chunked_set_max_size(call->base, 3 * CHUNK / 2);
    const uint8_t *data;
    size_t length;
    assert_ok(lab__v1__lab_client__download__recv_chunk(call, &data, &length));
    int fd = open("/dev/null", O_WRONLY);
    assert_true(fd >= 0);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  lab__v1__lab_client__download__recv_to_fd(call, fd, NULL, NULL));
    assert_int_equal(close(fd), 0);
    assert_text(call->base, "the blob is larger than the limit of 15000 bytes");
    lab__v1__lab_client__download__close(call);
    assert_true(latch_wait(&self.done, LAB_PATIENCE));
    store_end(&self);
}

/* ---- cancels ---- */

static void a_cancelled_upload_is_never_stored(void **state)
{
    uint64_t limit = MIB;
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_status(NATSMICRO_CANCELLED, lab__v1__lab_client__upload__send_bytes(
                                           call, self.data, LENGTH, CHUNK, cancel_after, &limit));
    assert_text(call->base, "cancelled by the progress callback after 1050000 bytes");
    assert_no_answer(NATSMICRO_CANCELLED, call);
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

/* It is cancelled when all bytes are there, and only the end is missing. */
static void an_upload_cancelled_at_its_last_byte_is_never_stored(void **state)
{
    uint64_t limit = LENGTH;
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_status(NATSMICRO_CANCELLED, lab__v1__lab_client__upload__send_bytes(
                                           call, self.data, LENGTH, CHUNK, cancel_after, &limit));
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static void an_upload_that_is_closed_without_its_end_is_never_stored(void **state)
{
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_ok(lab__v1__lab_client__upload__send_bytes(call, self.data, LENGTH, CHUNK, NULL, NULL));
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static void a_service_that_cancels_an_upload_tells_the_caller(void **state)
{
    failing_source endless = {SIZE_MAX, NATSMICRO_OK, 0};
    store self;
    store_begin(&self, *state);
    self.cancel_after = MIB;
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_status(NATSMICRO_CANCELLED, lab__v1__lab_client__upload__send_reader(
                                           call, read_failing, &endless, CHUNK, NULL, NULL));
    assert_text(call->base, "cancelled by the progress callback");
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static void a_cancelled_download_replaces_nothing(void **state)
{
    uint64_t limit = MIB;
    store self;
    store_begin(&self, *state);
    self.send = send_endless;
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(NATSMICRO_CANCELLED, lab__v1__lab_client__download__recv_to_file(
                                           call, self.here.file, cancel_after, &limit));
    lab__v1__lab_client__download__close(call);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

/* ---- waits that end with the call ---- */

static void an_idle_source_does_not_hide_the_services_error(void **state)
{
    store self;
    store_begin(&self, *state);
    self.cancel_after = 1;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "some", 4), 4);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    int64_t begun = now_ms();
    assert_status(NATSMICRO_CANCELLED,
                  lab__v1__lab_client__upload__send_fd(call, ends[0], 0, NULL, NULL));
    assert_true(now_ms() - begun < LAB_AT_ONCE);
    assert_text(call->base, "cancelled by the progress callback after 4 bytes");
    lab__v1__lab_client__upload__close(call);
    close(ends[0]);
    close(ends[1]);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static void an_idle_source_ends_with_the_deadline(void **state)
{
    store self;
    store_begin(&self, *state);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 1500); /* the call must have been opened by then */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    Lab__V1__LabClient__Upload *call = open_upload(&self, context);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  lab__v1__lab_client__upload__send_fd(call, ends[0], 0, NULL, NULL));
    lab__v1__lab_client__upload__close(call);
    natsmicro_context_destroy(context);
    close(ends[0]);
    close(ends[1]);
    assert_not_stored(NATSMICRO_DEADLINE_EXCEEDED, &self);
}

static void a_cancel_ends_the_wait_for_an_idle_source(void **state)
{
    lab *room = *state;
    store self;
    store_begin(&self, room);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    lab_cancel_in_thread(&room->seen, call->base);
    latch_open(&room->seen.entered);
    assert_status(NATSMICRO_CANCELLED,
                  lab__v1__lab_client__upload__send_fd(call, ends[0], 0, NULL, NULL));
    lab_join(&room->seen);
    lab__v1__lab_client__upload__close(call);
    close(ends[0]);
    close(ends[1]);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static void a_cancel_ends_the_wait_for_a_pipe_that_nobody_writes_to(void **state)
{
    lab *room = *state;
    store self;
    store_begin(&self, room);
    char path[sizeof(self.here.file) + 8];
    snprintf(path, sizeof(path), "%s.pipe", self.here.file);
    assert_int_equal(mkfifo(path, 0600), 0);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    lab_cancel_in_thread(&room->seen, call->base);
    latch_open(&room->seen.entered);
    assert_status(NATSMICRO_CANCELLED,
                  lab__v1__lab_client__upload__send_file(call, path, 0, NULL, NULL));
    lab_join(&room->seen);
    lab__v1__lab_client__upload__close(call);
    assert_int_equal(unlink(path), 0);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

/* ---- a close in another thread ---- */

/*
 * A blob in another thread, which is in its callback when the call is ended: between two chunks. It
 * uses the call until it has returned.
 */
typedef struct transfer {
    natsmicro_call *call;
    natsmicro_status (*run)(struct transfer *self);
    natsmicro_status status;
    latch inside;
    latch never;
    atomic_bool left;
} transfer;

/* In a callback. The time is for a close that does not wait, and would have returned by then. */
static natsmicro_status stay(transfer *self)
{
    latch_open(&self->inside);
    lab_wait_for_end(self->call);
    latch_wait(&self->never, 50);
    atomic_store(&self->left, true);
    return NATSMICRO_OK;
}

static natsmicro_status stay_in_source(void *user_data, void *buffer, size_t size, size_t *length)
{
    memset(buffer, 'x', size);
    *length = size;
    return stay(user_data);
}

static natsmicro_status stay_in_sink(void *user_data, const void *data, size_t length)
{
    (void)data;
    (void)length;
    return stay(user_data);
}

static natsmicro_status run_source(transfer *self)
{
    return natsmicro_chunked_send_reader(self->call, stay_in_source, self, CHUNK, NULL, NULL);
}

static natsmicro_status run_sink(transfer *self)
{
    return natsmicro_chunked_recv_to_writer(self->call, stay_in_sink, self, NULL, NULL);
}

static void *run_transfer(void *argument)
{
    transfer *self = argument;
    self->status = self->run(self);
    return NULL;
}

static void transfer_begin(transfer *self, pthread_t *thread)
{
    latch_init(&self->inside);
    latch_init(&self->never);
    assert_int_equal(0, pthread_create(thread, NULL, run_transfer, self));
    assert_true(latch_wait(&self->inside, LAB_PATIENCE));
}

static void transfer_end(transfer *self, pthread_t thread, natsmicro_status expected)
{
    assert_true(atomic_load(&self->left));
    pthread_join(thread, NULL);
    assert_status(expected, self->status);
    latch_destroy(&self->inside);
    latch_destroy(&self->never);
}

static void a_close_waits_for_an_upload_that_is_between_two_chunks(void **state)
{
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    transfer upload = {.call = call->base, .run = run_source};
    pthread_t thread;
    transfer_begin(&upload, &thread);
    lab__v1__lab_client__upload__close(call);
    transfer_end(&upload, thread, NATSMICRO_CANCELLED);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static void a_close_waits_for_a_download_that_is_between_two_chunks(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_endless;
    Lab__V1__LabClient__Download *call = open_download(&self);
    transfer download = {.call = call->base, .run = run_sink};
    pthread_t thread;
    transfer_begin(&download, &thread);
    lab__v1__lab_client__download__close(call);
    transfer_end(&download, thread, NATSMICRO_CANCELLED);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static void a_client_is_destroyed_only_after_a_blob_that_is_between_two_chunks(void **state)
{
    lab *room = *state;
    store self;
    store_begin(&self, room);
    self.send = send_endless;
    Lab__V1__LabClient__Download *call = open_download(&self);
    transfer download = {.call = call->base, .run = run_sink};
    pthread_t thread;
    transfer_begin(&download, &thread);
    lab__v1__lab_client__destroy(room->client);
    room->client = NULL;
    transfer_end(&download, thread, NATSMICRO_UNAVAILABLE);
    lab__v1__lab_client__download__close(call);
    assert_true(latch_wait(&self.done, LAB_PATIENCE));
    store_end(&self);
}

/* ---- a source that ends late ---- */

/* A source that cancels its call and then ends. */
static natsmicro_status cancel_and_end(void *call, void *buffer, size_t size, size_t *length)
{
    (void)buffer;
    (void)size;
    natsmicro_call_cancel(call);
    *length = 0;
    return NATSMICRO_OK;
}

static void a_source_that_ends_behind_its_call_is_not_sent(void **state)
{
    store self;
    store_begin(&self, *state);
    Lab__V1__LabClient__Upload *call = open_upload(&self, NULL);
    assert_status(NATSMICRO_CANCELLED, lab__v1__lab_client__upload__send_reader(
                                           call, cancel_and_end, call->base, 0, NULL, NULL));
    assert_status(NATSMICRO_CANCELLED,
                  lab__v1__lab_client__upload__send_bytes(call, "", 0, 0, NULL, NULL));
    lab__v1__lab_client__upload__close(call);
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static void a_cancel_ends_the_wait_for_a_full_pipe(void **state)
{
    lab *room = *state;
    store self;
    store_begin(&self, room);
    self.send = send_all;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    Lab__V1__LabClient__Download *call = open_download(&self);
    lab_cancel_in_thread(&room->seen, call->base);
    latch_open(&room->seen.entered);
    assert_status(NATSMICRO_CANCELLED,
                  lab__v1__lab_client__download__recv_to_fd(call, ends[1], NULL, NULL));
    lab_join(&room->seen);
    lab__v1__lab_client__download__close(call);
    close(ends[0]);
    close(ends[1]);
    assert_true(latch_wait(&self.done, LAB_PATIENCE));
    store_end(&self);
}

/* ---- the peer ---- */

/* In a second process: uploads one chunk, and waits for more that never comes. */
static int upload_and_wait(const char *url)
{
    natsConnection *connection;
    Lab__V1__LabClient *client;
    Lab__V1__LabClient__Upload *call;
    int ends[2];
    if (natsConnection_ConnectTo(&connection, url) != NATS_OK ||
        lab__v1__lab_client__new(&client, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_client__upload(client, NULL, &call) != NATSMICRO_OK || pipe(ends) != 0 ||
        write(ends[1], old_content, sizeof(old_content)) < 0)
        return 1;
    return lab__v1__lab_client__upload__send_fd(call, ends[0], 0, NULL, NULL) == NATSMICRO_OK;
}

static void a_caller_that_is_killed_leaves_nothing(void **state)
{
    lab *room = *state;
    store self;
    store_begin(&self, room);
    child caller;
    child_start(&caller, "upload", broker_url(room->nats));
    assert_true(latch_wait(&self.first, LAB_PATIENCE));
    child_kill(&caller);
    assert_true(latch_wait(&self.done, 2 * LAB_PATIENCE)); /* the gone limit, after a probe */
    assert_not_stored(NATSMICRO_CANCELLED, &self);
}

static natsmicro_status send_and_wait(natsmicro_call *call, store *self)
{
    natsmicro_status status =
        natsmicro_chunked_send_bytes(call, self->data, MIB, CHUNK, NULL, NULL);
    return status == NATSMICRO_OK ? lab_wait_for_end(call) : status;
}

/* In a second process: serves downloads that do not end. */
static int serve(const char *url)
{
    static store self;
    static const Lab__V1__LabHandlers own = {.download = download};
    self.data = blob_new(LENGTH, 7);
    self.send = send_and_wait;
    latch_init(&self.done);
    natsConnection *connection;
    natsmicro_server *server;
    if (natsConnection_ConnectTo(&connection, url) != NATS_OK ||
        natsmicro_server_new(&server, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &own, &self, NULL) != NATSMICRO_OK)
        return 1;
    puts("ready");
    fflush(stdout);
    return natsmicro_server_run(server) != NATSMICRO_OK;
}

static void *kill_when_entered(void *argument)
{
    void **both = argument;
    lab_probe *seen = both[0];
    if (latch_wait(&seen->entered, LAB_PATIENCE))
        child_kill(both[1]);
    return NULL;
}

static bool note_entered(uint64_t done, uint64_t total, void *user_data)
{
    lab_probe *seen = user_data;
    (void)total;
    if (done >= MIB)
        latch_open(&seen->entered);
    return true;
}

static void a_service_that_is_killed_leaves_nothing(void **state)
{
    lab *room = *state;
    child service;
    void *both[] = {&room->seen, &service};
    store self;
    memset(&self, 0, sizeof(self));
    self.room = room;
    folder_make(&self.here);
    file_write(self.here.file, old_content, sizeof(old_content));
    latch_init(&self.first);
    latch_init(&self.done);
    child_start(&service, "serve", broker_url(room->nats));
    char line[32];
    assert_true(child_line(&service, line, sizeof(line), LAB_PATIENCE));
    assert_int_equal(pthread_create(&room->seen.thread, NULL, kill_when_entered, both), 0);
    Lab__V1__LabClient__Download *call = open_download(&self);
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__download__recv_to_file(
                                             call, self.here.file, note_entered, &room->seen));
    lab_join(&room->seen);
    lab__v1__lab_client__download__close(call);
    store_end(&self);
}

/* ---- a sink far slower than the sender ---- */

#define SLOW_RATE 20 /* MB/s */

/* Returns the memory that this process uses; both sides are in it. */
static size_t resident_bytes(void)
{
    size_t pages[2] = {0, 0};
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm == NULL || fscanf(statm, "%zu %zu", &pages[0], &pages[1]) != 2)
        support_die("cannot read /proc/self/statm");
    fclose(statm);
    return pages[1] * (size_t)sysconf(_SC_PAGESIZE);
}

typedef struct slow_sink {
    int64_t begun;
    uint64_t looked; /* at this number of bytes */
    size_t most_resident;
} slow_sink;

static bool slowly(uint64_t done, uint64_t total, void *user_data)
{
    slow_sink *self = user_data;
    (void)total;
    int64_t due = self->begun + (int64_t)(done / (SLOW_RATE * 1000));
    int64_t now = now_ms();
    if (done - self->looked >= MIB) {
        size_t resident = resident_bytes();
        self->looked = done;
        self->most_resident = resident > self->most_resident ? resident : self->most_resident;
    }
    if (due > now) {
        struct timespec pause = {(due - now) / 1000, (due - now) % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
    return true;
}

#define SLOW_LENGTH (PLAIN_OR_SANITIZED(512, 64) * MIB)

static natsmicro_status send_much(natsmicro_call *call, store *self)
{
    natsmicro_status status = NATSMICRO_OK;
    for (size_t sent = 0; sent < SLOW_LENGTH && status == NATSMICRO_OK; sent += LENGTH)
        status = natsmicro_chunked_send_bytes(call, self->data, LENGTH, 0, NULL, NULL);
    return status;
}

static void assert_slow_file(const store *self, const char *path)
{
    uint64_t all = HASH_BEGIN;
    for (size_t i = 0; i < SLOW_LENGTH / LENGTH; i++)
        all = hash_more(all, self->data, LENGTH);
    assert_true(file_hashes_to(path, all, SLOW_LENGTH));
    unlink(path);
}

/*
 * Reliable streams bring all of it in constant memory. On plain streams it may be lost, but is
 * never wrong.
 */
static void a_sink_slower_than_its_sender_never_makes_a_wrong_file(void **state)
{
    store self;
    store_begin(&self, *state);
    self.send = send_much;
    char path[192];
    snprintf(path, sizeof(path), "%s/slow", self.here.path);
    Lab__V1__LabClient__Download *call = open_download(&self);
    size_t before = resident_bytes();
    slow_sink sink = {.begun = now_ms()};
    natsmicro_status status =
        lab__v1__lab_client__download__recv_to_file(call, path, slowly, &sink);
    if (!streams_are_plain()) {
        assert_ok(status);
        assert_true(sink.most_resident < before + PLAIN_OR_SANITIZED(32, 512) * MIB);
    }
    if (status == NATSMICRO_OK)
        assert_slow_file(&self, path);
    else
        assert_true(status == NATSMICRO_DATA_LOSS || status == NATSMICRO_RESOURCE_EXHAUSTED);
    lab__v1__lab_client__download__close(call);
    assert_true(latch_wait(&self.done, LAB_PATIENCE));
    store_end(&self);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_source_that_fails_half_way_up_stores_nothing),
        lab_test(a_source_that_lies_about_its_length_ends_the_call),
        lab_test(a_source_that_fails_half_way_down_replaces_nothing),
        lab_test(a_handler_that_hides_a_failure_ends_no_stream_as_complete),
        lab_test(a_sink_that_fails_stops_the_service),
        lab_test(a_blob_over_the_limit_is_exhausted_and_one_of_it_is_not),
        lab_test(the_service_is_told_that_its_blob_is_over_the_callers_limit),
        lab_test(a_full_disk_on_the_service_is_told_to_the_caller),
        lab_test(a_services_missing_file_is_told_without_its_path),
        lab_test(a_full_disk_on_the_caller_replaces_nothing),
        lab_test(a_device_without_space_ends_the_call),
        lab_test(a_closed_pipe_ends_the_call_and_not_the_process),
        lab_test(a_closed_socket_ends_the_call_and_not_the_process),
        lab_test(an_upload_over_the_services_limit_is_refused_on_its_way),
        lab_test(an_upload_of_the_services_limit_is_taken),
        lab_test(a_download_over_the_callers_limit_ends),
        lab_test(a_cancelled_upload_is_never_stored),
        lab_test(an_upload_cancelled_at_its_last_byte_is_never_stored),
        lab_test(an_upload_that_is_closed_without_its_end_is_never_stored),
        lab_test(a_close_waits_for_an_upload_that_is_between_two_chunks),
        lab_test(a_close_waits_for_a_download_that_is_between_two_chunks),
        lab_test(a_client_is_destroyed_only_after_a_blob_that_is_between_two_chunks),
        lab_test(a_service_that_cancels_an_upload_tells_the_caller),
        lab_test(a_cancelled_download_replaces_nothing),
        lab_test(an_idle_source_does_not_hide_the_services_error),
        lab_test(an_idle_source_ends_with_the_deadline),
        lab_test(a_cancel_ends_the_wait_for_an_idle_source),
        lab_test(a_cancel_ends_the_wait_for_a_pipe_that_nobody_writes_to),
        lab_test(a_source_that_ends_behind_its_call_is_not_sent),
        lab_test(a_cancel_ends_the_wait_for_a_full_pipe),
        lab_test(a_caller_that_is_killed_leaves_nothing),
        lab_test(a_service_that_is_killed_leaves_nothing),
        lab_test(a_sink_slower_than_its_sender_never_makes_a_wrong_file),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "upload") == 0)
        return upload_and_wait(argv[2]);
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return run_on_both_streams(run);
}
