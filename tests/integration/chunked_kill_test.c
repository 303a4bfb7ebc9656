/*
 * What killed receivers of files leave: nothing where the system has files without a name. Else
 * they leave a temporary file. natsmicro_chunked_remove_leftovers removes that, and never the file
 * of a receiver that lives.
 *
 * O_TMPFILE, by which a test finds out what the system has, needs _GNU_SOURCE.
 */
#define _GNU_SOURCE

#include "integration/blobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH (MIB + 17)
#define CHUNK  10000

/* ---- a service that sends a part, and the rest when it is told to ---- */

typedef struct store {
    lab *room;
    folder here;
    uint8_t *data;
    bool holds; /* sends one chunk, and waits for the lab's `release` */
} store;

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    store *self = user_data;
    size_t part = self->holds ? CHUNK : 0;
    (void)request;
    natsmicro_status status =
        natsmicro_chunked_send_bytes(call->base, self->data, part, CHUNK, NULL, NULL);
    if (self->holds)
        lab_probe_wait(&self->room->seen);
    if (status != NATSMICRO_OK)
        return status;
    return natsmicro_chunked_send_bytes(call->base, self->data + part, LENGTH - part, CHUNK, NULL,
                                        NULL);
}

static void store_begin(store *self, lab *room, bool holds)
{
    static const Lab__V1__LabHandlers handlers = {.download = download};
    *self = (store){.room = room, .data = blob_new(LENGTH, 13), .holds = holds};
    folder_make(&self->here);
    lab_serve(room, &handlers, self);
}

static void store_end(store *self, int files)
{
    latch_open(&self->room->seen.release);
    natsmicro_server_destroy(self->room->server);
    self->room->server = NULL;
    assert_int_equal(folder_count(&self->here), files);
    folder_remove(&self->here);
    free(self->data);
}

static natsmicro_status download_to(Lab__V1__LabClient *client, const char *path,
                                    natsmicro_progress progress)
{
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    Lab__V1__LabClient__Download *call;
    natsmicro_status status = lab__v1__lab_client__download(client, &request, NULL, &call);
    if (status != NATSMICRO_OK)
        return status;
    status = lab__v1__lab_client__download__recv_to_file(call, path, progress, NULL);
    lab__v1__lab_client__download__close(call);
    return status;
}

/* ---- receivers in a process of their own ---- */

/* A file that everybody may write to has a name from the start. */
#define NAMED   "receive-named"
#define UNNAMED "receive"

/* Has it said once, with the first chunk. */
static bool say_part(uint64_t done, uint64_t total, void *user_data)
{
    (void)total;
    (void)user_data;
    if (done == CHUNK) {
        puts("part");
        fflush(stdout);
    }
    return true;
}

/* In a second process, in the folder of the test: downloads to the file "blob". */
static int receive(const char *url)
{
    natsConnection *connection;
    Lab__V1__LabClient *client;
    if (natsConnection_ConnectTo(&connection, url) != NATS_OK ||
        lab__v1__lab_client__new(&client, connection, NULL) != NATSMICRO_OK)
        return 1;
    natsmicro_status status = download_to(client, "blob", say_part);
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    nats_Close();
    return status != NATSMICRO_OK;
}

/* Starts one, and waits until a part of the file is there. */
static void receiver_start(child *self, const char *mode, const store *from)
{
    char before[1024];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(from->here.path), 0);
    child_start(self, mode, broker_url(from->room->nats));
    assert_int_equal(chdir(before), 0);
    char line[32];
    assert_true(child_line(self, line, sizeof(line), LAB_PATIENCE));
    assert_string_equal(line, "part");
}

static size_t leftovers_of(const folder *here)
{
    size_t removed;
    assert_ok(natsmicro_chunked_remove_leftovers(here->path, &removed));
    return removed;
}

/* ---- killed ---- */

static bool system_has_files_without_a_name(const folder *here)
{
#ifdef O_TMPFILE
    int fd = open(here->path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
#else
    (void)here;
    return false;
#endif
}

static void a_receiver_that_is_killed_leaves_nothing(void **state)
{
    store self;
    store_begin(&self, *state, true);
    if (!system_has_files_without_a_name(&self.here)) {
        store_end(&self, 0);
        skip();
    }
    for (int round = 0; round < 2; round++) { /* a new file, then one that is replaced */
        child receiver;
        receiver_start(&receiver, UNNAMED, &self);
        assert_int_equal(folder_count(&self.here), round);
        child_kill(&receiver);
        assert_int_equal(folder_count(&self.here), round);
        file_write(self.here.file, "old", 3);
    }
    assert_true(file_is(self.here.file, "old", 3));
    store_end(&self, 1);
}

static void a_killed_receivers_file_is_removed(void **state)
{
    store self;
    store_begin(&self, *state, true);
    child receiver;
    receiver_start(&receiver, NAMED, &self);
    assert_int_equal(folder_count(&self.here), 1);
    child_kill(&receiver);
    assert_int_equal(folder_count(&self.here), 1);
    assert_int_equal(leftovers_of(&self.here), 1);
    store_end(&self, 0);
}

/* ---- alive ---- */

static void a_living_receivers_file_stays(void **state)
{
    store self;
    store_begin(&self, *state, true);
    child receiver;
    receiver_start(&receiver, NAMED, &self);
    assert_int_equal(folder_count(&self.here), 1);
    assert_int_equal(leftovers_of(&self.here), 0);
    latch_open(&self.room->seen.release);
    assert_int_equal(child_wait(&receiver, LAB_PATIENCE), 0);
    assert_true(file_is(self.here.file, self.data, LENGTH));
    store_end(&self, 1);
}

typedef struct remover {
    pthread_t thread;
    const folder *here;
    atomic_bool stop;
    size_t removed;
    natsmicro_status status; /* of the first that failed */
} remover;

static void *remove_without_pause(void *argument)
{
    remover *self = argument;
    while (!atomic_load(&self->stop) && self->status == NATSMICRO_OK) {
        size_t removed;
        self->status = natsmicro_chunked_remove_leftovers(self->here->path, &removed);
        self->removed += removed;
    }
    return NULL;
}

/*
 * The moments that matter are short: between the making of a file and its lock, and between its
 * name and the rename. So many files are received while somebody looks for leftovers all the time.
 */
static void receive_beside_a_remover(lab *room, mode_t mask)
{
    store self;
    store_begin(&self, room, false);
    remover other = {.here = &self.here, .status = NATSMICRO_OK};
    mode_t before = umask(mask);
    assert_int_equal(pthread_create(&other.thread, NULL, remove_without_pause, &other), 0);
    natsmicro_status status = NATSMICRO_OK;
    for (int i = 0; i < 30 && status == NATSMICRO_OK; i++)
        status = download_to(room->client, self.here.file, NULL);
    atomic_store(&other.stop, true);
    pthread_join(other.thread, NULL);
    umask(before);
    assert_ok(status);
    assert_ok(other.status);
    assert_true(file_is(self.here.file, self.data, LENGTH));
    store_end(&self, 1);
}

static void receivers_go_on_while_leftovers_are_removed(void **state)
{
    receive_beside_a_remover(*state, 022);
    receive_beside_a_remover(*state, 0);
}

/* ---- what is a leftover ---- */

static void path_in(const folder *here, const char *name, char path[192])
{
    snprintf(path, 192, "%s/%s", here->path, name);
}

static void only_leftovers_are_removed(void **state)
{
    static const char *const others[] = {
        "blob", ".natsmicro-", ".natsmicro-x", ".natsmicro-.tmp", "x.tmp", "x.natsmicro-x.tmp"};
    static const char *const leftovers[] = {".natsmicro-x.tmp", ".natsmicro-0123456789.tmp"};
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    (void)state;
    folder here;
    folder_make(&here);
    char path[192];
    for (size_t i = 0; i < OTHERS; i++) {
        path_in(&here, others[i], path);
        file_write(path, "x", 1);
    }
    for (size_t i = 0; i < 2; i++) {
        path_in(&here, leftovers[i], path);
        file_write(path, "x", 1);
    }
    path_in(&here, ".natsmicro-link.tmp", path);
    assert_int_equal(symlink(here.file, path), 0);
    path_in(&here, ".natsmicro-pipe.tmp", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    path_in(&here, ".natsmicro-locked.tmp", path);
    file_write(path, "x", 1);
    int locked = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(locked, LOCK_EX), 0);
    assert_int_equal(leftovers_of(&here), 2);
    assert_int_equal(folder_count(&here), OTHERS + 3);
    close(locked);
    assert_int_equal(leftovers_of(&here), 1);
    folder_remove(&here);
}

static void a_folder_that_is_none_is_told(void **state)
{
    size_t removed = 5;
    (void)state;
    folder here;
    folder_make(&here);
    assert_status(NATSMICRO_NOT_FOUND, natsmicro_chunked_remove_leftovers(here.file, &removed));
    assert_int_equal(removed, 0);
    file_write(here.file, "x", 1);
    assert_status(NATSMICRO_INVALID_ARGUMENT, natsmicro_chunked_remove_leftovers(here.file, NULL));
    assert_status(NATSMICRO_INVALID_ARGUMENT, natsmicro_chunked_remove_leftovers(NULL, &removed));
    folder_remove(&here);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], NAMED) == 0)
        umask(0);
    if (argc > 2)
        return receive(argv[2]);
    const struct CMUnitTest tests[] = {
        lab_test(a_receiver_that_is_killed_leaves_nothing),
        lab_test(a_killed_receivers_file_is_removed),
        lab_test(a_living_receivers_file_stays),
        lab_test(receivers_go_on_while_leftovers_are_removed),
        cmocka_unit_test(only_leftovers_are_removed),
        cmocka_unit_test(a_folder_that_is_none_is_told),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
