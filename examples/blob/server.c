/*
 * The blob service, to copy: it stores blobs as files in one folder. A blob is there whole or not
 * at all, whatever happens to its sender. Several servers may share the folder.
 *
 *     server FOLDER [nats://127.0.0.1:4222]
 */
#include "blob.nats-c.h"
#include "common.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST_NAME 200
#define LONGEST_PATH 4096

/* What the handlers get as user_data. */
typedef struct store {
    const char *folder;
    atomic_ulong passed_over; /* files, by the listing before */
} store;

/* ---- names ---- */

/*
 * Whether a blob may have this name. One with a slash could lead out of the folder. One that begins
 * with a dot could be "." or "..", or an upload that is not complete. One that is not plain text
 * could harm a terminal, or could not be listed, because a string of a message must be UTF-8.
 */
static bool is_name(const char *name)
{
    return name != NULL && name[0] != '\0' && strlen(name) <= LONGEST_NAME && name[0] != '.' &&
           strchr(name, '/') == NULL && text_is_plain(name);
}

/* Makes the path of a blob, which is a file in the folder, or fails with INVALID_ARGUMENT. */
static natsmicro_status path_of(const store *self, const char *name, char path[LONGEST_PATH],
                                natsmicro_call *call)
{
    if (!is_name(name))
        return natsmicro_call_fail(
            call, NATSMICRO_INVALID_ARGUMENT,
            "a name has 1 to %d bytes of UTF-8, no slash, no control character, none that sets "
            "the direction of text, and no dot in front",
            LONGEST_NAME);
    int written = snprintf(path, LONGEST_PATH, "%s/%s", self->folder, name);
    if (written < 0 || written >= LONGEST_PATH)
        return natsmicro_call_fail(call, NATSMICRO_INTERNAL, "the folder's path is too long");
    return NATSMICRO_OK;
}

/* Fails with what errno says of a blob. The path is not told: it is of no use to a caller. */
static natsmicro_status fail_with_errno(natsmicro_call *call, const char *name)
{
    if (errno == ENOENT || errno == ELOOP)
        return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "there is no blob %s", name);
    return natsmicro_call_fail(call, NATSMICRO_INTERNAL, "%s: %s", name, strerror(errno));
}

/* ---- put ---- */

/*
 * Receives a blob, hashes it on its way and stores it: whole, or not at all if anything fails. Two
 * uploads of one name do not mix; the one that ends last stays.
 */
static natsmicro_status put(Blob__BlobServiceServer__Put *call, void *user_data)
{
    const char *name = natsmicro_call_header(call->base, HEADER_NAME);
    char path[LONGEST_PATH];
    natsmicro_status status = path_of(user_data, name, path, call->base);
    if (status != NATSMICRO_OK)
        return status;
    hashed it = {.hash = hash_begin()};
    if (it.hash == NULL)
        return fail_with_errno(call->base, name);
    natsmicro_chunked_watch(call->base, hash_add, &it);
    status = blob__blob_service_server__put__recv_to_file(call, path, NULL, NULL);
    sha256_hex hash;
    hash_end(it.hash, hash);
    if (status != NATSMICRO_OK)
        return status; /* nothing was stored, and the caller is told why */
    Blob__PutResponse response = BLOB__PUT_RESPONSE__INIT;
    response.size = it.size;
    response.sha256 = hash;
    printf("put %s  %" PRId64 " bytes  %s\n", name, response.size, hash);
    fflush(stdout);
    return blob__blob_service_server__put__reply(call, &response);
}

/* ---- get ---- */

static natsmicro_status send_open_file(Blob__BlobServiceServer__Get *call, int fd, const char *name)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "there is no blob %s", name);
    char size[32];
    snprintf(size, sizeof(size), "%lld", (long long)about.st_size);
    natsmicro_status status = natsmicro_call_set_header(call->base, HEADER_SIZE, size);
    if (status != NATSMICRO_OK)
        return status;

    hashed it = {.hash = hash_begin()};
    if (it.hash == NULL)
        return fail_with_errno(call->base, name);
    natsmicro_chunked_watch(call->base, hash_add, &it);
    status = blob__blob_service_server__get__send_fd(call, fd, 0, NULL, NULL);
    sha256_hex hash;
    hash_end(it.hash, hash);
    if (status != NATSMICRO_OK)
        return status;
    printf("get %s  %" PRId64 " bytes  %s\n", name, it.size, hash);
    fflush(stdout);
    return natsmicro_call_set_trailer(call->base, HEADER_SHA256, hash);
}

static natsmicro_status get(Blob__BlobServiceServer__Get *call, const Blob__GetRequest *request,
                            void *user_data)
{
    char path[LONGEST_PATH];
    natsmicro_status status = path_of(user_data, request->name, path, call->base);
    if (status != NATSMICRO_OK)
        return status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_with_errno(call->base, request->name);
    status = send_open_file(call, fd, request->name);
    close(fd);
    return status;
}

/* ---- list, remove ---- */

typedef struct listing {
    Blob__BlobServiceServer__List *call;
    int folder;
    unsigned long passed_over; /* files with names that no blob can have */
    shown_text first;          /* of these names */
} listing;

static natsmicro_status list_entry(listing *self, char *name)
{
    struct stat about;
    if (name[0] == '.' || fstatat(self->folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(about.st_mode))
        return NATSMICRO_OK;
    if (!is_name(name)) {
        if (self->passed_over++ == 0)
            self->first = show(name);
        return NATSMICRO_OK;
    }
    Blob__ListResponse response = BLOB__LIST_RESPONSE__INIT;
    response.name = name;
    response.size = about.st_size;
    return blob__blob_service_server__list__send(self->call, &response);
}

/* Says it once for the same number: callers must not be able to fill the log. */
static void say_passed_over(store *where, const listing *self)
{
    if (atomic_exchange(&where->passed_over, self->passed_over) != self->passed_over &&
        self->passed_over > 0)
        fprintf(stderr, "list: %lu files have names that no blob can have, the first is %s\n",
                self->passed_over, self->first.text);
}

static natsmicro_status list_folder(listing *self, store *where)
{
    struct dirent **entries;
    int count = scandir(where->folder, &entries, NULL, alphasort);
    if (count < 0)
        return natsmicro_call_fail(self->call->base, NATSMICRO_INTERNAL,
                                   "the folder cannot be read");
    natsmicro_status status = NATSMICRO_OK;
    for (int i = 0; i < count; i++) {
        if (status == NATSMICRO_OK)
            status = list_entry(self, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (status == NATSMICRO_OK)
        say_passed_over(where, self);
    return status;
}

static natsmicro_status list(Blob__BlobServiceServer__List *call, const Blob__ListRequest *request,
                             void *user_data)
{
    store *where = user_data;
    (void)request;
    listing it = {.call = call};
    it.folder = open(where->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (it.folder < 0)
        return natsmicro_call_fail(call->base, NATSMICRO_INTERNAL, "the folder cannot be read");
    natsmicro_status status = list_folder(&it, where);
    close(it.folder);
    return status;
}

static natsmicro_status remove_blob(Blob__BlobServiceServer__Remove *call,
                                    const Blob__RemoveRequest *request, void *user_data)
{
    Blob__RemoveResponse response = BLOB__REMOVE_RESPONSE__INIT;
    char path[LONGEST_PATH];
    natsmicro_status status = path_of(user_data, request->name, path, call->base);
    if (status != NATSMICRO_OK)
        return status;
    if (unlink(path) != 0)
        return fail_with_errno(call->base, request->name);
    printf("rm %s\n", request->name);
    fflush(stdout);
    return blob__blob_service_server__remove__reply(call, &response);
}

static const Blob__BlobServiceHandlers handlers = {
    .put = put,
    .get = get,
    .list = list,
    .remove = remove_blob,
};

/* ---- the program ---- */

/* The signal handler can reach the server only through a global variable. */
static natsmicro_server *running_server;

static void stop(int signal_number)
{
    (void)signal_number;
    natsmicro_server_stop(running_server);
}

static natsmicro_status serve(natsConnection *connection, store *self)
{
    natsmicro_server *server = NULL;
    natsmicro_status status = natsmicro_server_new(&server, connection, NULL);
    if (status != NATSMICRO_OK)
        return status;

    status = blob__blob_service_server__add(server, &handlers, self, NULL);
    if (status == NATSMICRO_OK) {
        running_server = server;
        struct sigaction action = {.sa_handler = stop};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        printf("ready\n");
        fflush(stdout);
        status = natsmicro_server_run(server);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
    }
    natsmicro_server_destroy(server);
    return status;
}

int main(int argc, char **argv)
{
    bool help = asks_for_help(argc, argv);
    if (argc < 2 || argc > 3 || help) {
        fprintf(help ? stdout : stderr,
                "usage: server FOLDER [URL]\n"
                "Serves blobs, which are files of the folder. The URL is " NATS_DEFAULT_URL
                " otherwise.\n");
        return help ? EXIT_SUCCESS : 2;
    }
    store self = {.folder = argv[1]};
    /* What killed servers have left; the files of those that live stay. */
    if (natsmicro_chunked_remove_leftovers(self.folder, NULL) != NATSMICRO_OK) {
        fprintf(stderr, "%s\n", natsmicro_last_error());
        return EXIT_FAILURE;
    }
    natsConnection *connection = connect_to(argc > 2 ? argv[2] : NATS_DEFAULT_URL);
    if (connection == NULL)
        return EXIT_FAILURE;

    natsmicro_status status = serve(connection, &self);
    if (status != NATSMICRO_OK)
        fprintf(stderr, "the service ended: %s\n", natsmicro_last_error());

    natsConnection_Destroy(connection);
    nats_Close();
    return status == NATSMICRO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
