/*
 * blob: stores files with the blob service and gets them back.
 *
 *     blob [-s URL] put FILE [NAME]     a FILE of - is standard input, which needs a NAME
 *     blob [-s URL] get NAME [FILE]     a FILE of - is standard output
 *     blob [-s URL] ls
 *     blob [-s URL] rm NAME
 *
 * The URL is NATS_URL's otherwise, or nats://127.0.0.1:4222. Exit status: 0 done, 1 failed, 2 wrong
 * usage, 3 no such blob, 4 nobody serves, 130 interrupted.
 */
#include "bar.h"
#include "blob.nats-c.h"
#include "common.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DONE = 0,
    FAILED = 1,
    WRONG_USAGE = 2,
    NO_SUCH_BLOB = 3,
    NOBODY_SERVES = 4,
    INTERRUPTED = 130
};

/* ---- errors ---- */

static int exit_status_of(natsmicro_status status)
{
    if (bar_was_interrupted())
        return INTERRUPTED;
    switch (status) {
    case NATSMICRO_OK:
        return DONE;
    case NATSMICRO_NOT_FOUND:
        return NO_SUCH_BLOB;
    case NATSMICRO_UNAVAILABLE:
        return NOBODY_SERVES;
    default:
        return FAILED;
    }
}

static int report(natsmicro_status status, const char *code, const char *message)
{
    if (status != NATSMICRO_OK)
        fprintf(stderr, "blob: %s: %s\n", show(code).text, show(message).text);
    return exit_status_of(status);
}

/* Prints the error of a unary call, or of a stream that could not be opened: the context has it. */
static int report_context(natsmicro_status status, const natsmicro_context *context)
{
    return report(status, natsmicro_context_error_code(context),
                  natsmicro_context_error_message(context));
}

/* Prints the error of an open stream: its call has it. */
static int report_call(natsmicro_status status, natsmicro_call *call)
{
    return report(status, natsmicro_call_error_code(call), natsmicro_call_error_message(call));
}

static int report_file(const char *path)
{
    fprintf(stderr, "blob: %s: %s\n", show(path).text, strerror(errno));
    return FAILED;
}

static int compare_hashes(const char *name, const char *ours, const char *theirs)
{
    if (theirs != NULL && strcmp(ours, theirs) == 0)
        return DONE;
    fprintf(stderr, "blob: %s: SHA-256 is %s here and %s there\n", show(name).text, ours,
            theirs != NULL ? show(theirs).text : "unknown");
    return FAILED;
}

/* ---- put ---- */

/* Reads a descriptor; an interrupt ends the wait for a pipe. */
static natsmicro_status read_source(void *user_data, void *buffer, size_t size, size_t *length)
{
    const int *fd = user_data;
    ssize_t got;
    do {
        got = read(*fd, buffer, size);
    } while (got < 0 && errno == EINTR && !bar_was_interrupted());
    if (got < 0)
        return errno == EINTR ? NATSMICRO_CANCELLED : NATSMICRO_INTERNAL;
    *length = (size_t)got;
    return NATSMICRO_OK;
}

static int finish_put(Blob__BlobServiceClient__Put *call, const char *hash, const char *name)
{
    Blob__PutResponse *response;
    natsmicro_status status = blob__blob_service_client__put__close_and_recv(call, &response);
    if (status != NATSMICRO_OK)
        return report_call(status, call->base);
    int result = compare_hashes(name, hash, response->sha256);
    if (result == DONE)
        printf("%s  %" PRId64 " bytes  sha256 %s\n", show(name).text, response->size, hash);
    blob__blob_service_client__put__free(response);
    return result;
}

static int send_source(Blob__BlobServiceClient__Put *call, int fd, const char *name)
{
    hashed it = {.hash = hash_begin()};
    if (it.hash == NULL)
        return report_file(name);
    natsmicro_chunked_watch(call->base, hash_add, &it);
    bar progress = bar_begin(name);
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
        natsmicro_chunked_expect(call->base, (uint64_t)about.st_size);
    natsmicro_status status =
        blob__blob_service_client__put__send_reader(call, read_source, &fd, 0, bar_draw, &progress);
    bar_end(&progress);
    sha256_hex hash;
    hash_end(it.hash, hash);
    if (status != NATSMICRO_OK && status != NATSMICRO_END)
        return report_call(status, call->base);
    return finish_put(call, hash, name);
}

static int put(Blob__BlobServiceClient *client, natsmicro_context *context, int fd,
               const char *name)
{
    natsmicro_status status = natsmicro_context_set_header(context, HEADER_NAME, name);
    if (status != NATSMICRO_OK) {
        fprintf(stderr, "blob: %s: not a name\n", show(name).text);
        return FAILED;
    }
    Blob__BlobServiceClient__Put *call;
    status = blob__blob_service_client__put(client, context, &call);
    if (status != NATSMICRO_OK)
        return report_context(status, context);
    int result = send_source(call, fd, name);
    blob__blob_service_client__put__close(call);
    return result;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int put_file(Blob__BlobServiceClient *client, natsmicro_context *context, const char *path,
                    const char *name)
{
    if (strcmp(path, "-") == 0)
        return put(client, context, STDIN_FILENO, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return report_file(path);
    int result = put(client, context, fd, name != NULL ? name : last_part(path));
    close(fd);
    return result;
}

/* ---- get ---- */

static natsmicro_status write_out(void *user_data, const void *data, size_t length)
{
    (void)user_data;
    return fwrite(data, 1, length, stdout) == length ? NATSMICRO_OK : NATSMICRO_ABORTED;
}

/* The size comes in a header, with the first chunk, so the bar looks for it at each draw. */
typedef struct sized_bar {
    bar *bar;
    natsmicro_call *call;
} sized_bar;

static bool draw_sized(uint64_t done, uint64_t total, void *user_data)
{
    const sized_bar *self = user_data;
    const char *size = natsmicro_call_header(self->call, HEADER_SIZE);
    if (size != NULL)
        total = strtoull(size, NULL, 10);
    return bar_draw(done, total, self->bar);
}

/* Compares both sides' hashes, and prints the blob's to `out`, unless that is NULL. */
static int finish_get(Blob__BlobServiceClient__Get *call, const char *name, const char *path,
                      int64_t size, const char *hash, FILE *out)
{
    int result = compare_hashes(name, hash, natsmicro_call_trailer(call->base, HEADER_SHA256));
    if (result == DONE && out != NULL)
        fprintf(out, "%s  %" PRId64 " bytes  sha256 %s\n", show(path).text, size, hash);
    return result;
}

static int get_to_file(Blob__BlobServiceClient__Get *call, const char *name, const char *path)
{
    hashed it = {.hash = hash_begin()};
    if (it.hash == NULL)
        return report_file(name);
    natsmicro_chunked_watch(call->base, hash_add, &it);
    bar progress = bar_begin(name);
    sized_bar sized = {&progress, call->base};
    natsmicro_status status =
        blob__blob_service_client__get__recv_to_file(call, path, draw_sized, &sized);
    bar_end(&progress);
    sha256_hex hash;
    hash_end(it.hash, hash);
    if (status != NATSMICRO_OK)
        return report_call(status, call->base);
    return finish_get(call, name, path, it.size, hash, stdout);
}

/*
 * Writes the blob to standard output. Everything else goes to stderr, and only if that is a
 * terminal.
 */
static int get_to_output(Blob__BlobServiceClient__Get *call, const char *name)
{
    hashed it = {.hash = hash_begin()};
    if (it.hash == NULL)
        return report_file(name);
    natsmicro_chunked_watch(call->base, hash_add, &it);
    bar progress = bar_begin(name);
    sized_bar sized = {&progress, call->base};
    FILE *out = progress.shown ? stderr : NULL;
    progress.shown = progress.shown && isatty(STDOUT_FILENO) == 0; /* not between its bytes */
    natsmicro_status status =
        blob__blob_service_client__get__recv_to_writer(call, write_out, NULL, draw_sized, &sized);
    bar_end(&progress);
    sha256_hex hash;
    hash_end(it.hash, hash);
    if (status != NATSMICRO_OK)
        return report_call(status, call->base);
    if (fflush(stdout) != 0)
        return report_file("standard output");
    return finish_get(call, name, name, it.size, hash, out);
}

static int get(Blob__BlobServiceClient *client, natsmicro_context *context, const char *name,
               const char *path)
{
    Blob__GetRequest request = BLOB__GET_REQUEST__INIT;
    request.name = (char *)(uintptr_t)name;
    Blob__BlobServiceClient__Get *call;
    natsmicro_status status = blob__blob_service_client__get(client, &request, context, &call);
    if (status != NATSMICRO_OK)
        return report_context(status, context);
    int result = strcmp(path, "-") == 0 ? get_to_output(call, name) : get_to_file(call, name, path);
    blob__blob_service_client__get__close(call);
    return result;
}

/* ---- ls, rm ---- */

static int list(Blob__BlobServiceClient *client, natsmicro_context *context)
{
    Blob__ListRequest request = BLOB__LIST_REQUEST__INIT;
    Blob__BlobServiceClient__List *call;
    natsmicro_status status = blob__blob_service_client__list(client, &request, context, &call);
    if (status != NATSMICRO_OK)
        return report_context(status, context);
    const Blob__ListResponse *entry;
    while ((status = blob__blob_service_client__list__recv(call, &entry)) == NATSMICRO_OK)
        printf("%12" PRId64 "  %s\n", entry->size, show(entry->name).text);
    int result = report_call(status == NATSMICRO_END ? NATSMICRO_OK : status, call->base);
    blob__blob_service_client__list__close(call);
    return result;
}

static int remove_blob(Blob__BlobServiceClient *client, natsmicro_context *context,
                       const char *name)
{
    Blob__RemoveRequest request = BLOB__REMOVE_REQUEST__INIT;
    request.name = (char *)(uintptr_t)name;
    Blob__RemoveResponse *response;
    natsmicro_status status =
        blob__blob_service_client__remove(client, &request, context, &response);
    blob__blob_service_client__remove__free(response);
    return report_context(status, context);
}

/* ---- the program ---- */

static void print_usage(FILE *out)
{
    fprintf(out, "usage: blob [-s URL] put FILE [NAME]\n"
                 "       blob [-s URL] get NAME [FILE]\n"
                 "       blob [-s URL] ls\n"
                 "       blob [-s URL] rm NAME\n"
                 "A FILE of - is standard input or output. The URL is that of NATS_URL otherwise,\n"
                 "or " NATS_DEFAULT_URL ".\n");
}

static bool is_right(int count, char **words)
{
    if (count < 1)
        return false;
    if (strcmp(words[0], "put") == 0) /* standard input has no name of its own */
        return count == 3 || (count == 2 && strcmp(words[1], "-") != 0);
    if (strcmp(words[0], "get") == 0)
        return count == 2 || count == 3;
    return (strcmp(words[0], "ls") == 0 && count == 1) ||
           (strcmp(words[0], "rm") == 0 && count == 2);
}

static int run(Blob__BlobServiceClient *client, natsmicro_context *context, int count, char **words)
{
    const char *second = count > 2 ? words[2] : NULL;
    if (strcmp(words[0], "put") == 0)
        return put_file(client, context, words[1], second);
    if (strcmp(words[0], "get") == 0)
        return get(client, context, words[1], second != NULL ? second : words[1]);
    if (strcmp(words[0], "ls") == 0)
        return list(client, context);
    return remove_blob(client, context, words[1]);
}

int main(int argc, char **argv)
{
    const char *url = getenv("NATS_URL");
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        url = argv[2];
        first = 3;
    }
    if (asks_for_help(argc, argv)) {
        print_usage(stdout);
        return DONE;
    }
    if (!is_right(argc - first, argv + first)) {
        print_usage(stderr);
        return WRONG_USAGE;
    }

    natsConnection *connection = connect_to(url != NULL ? url : NATS_DEFAULT_URL);
    if (connection == NULL)
        return NOBODY_SERVES;
    bar_catch_signals();
    Blob__BlobServiceClient *client = NULL;
    natsmicro_context *context = NULL;
    int result = FAILED;
    if (blob__blob_service_client__new(&client, connection, NULL) == NATSMICRO_OK &&
        natsmicro_context_new(&context) == NATSMICRO_OK)
        result = run(client, context, argc - first, argv + first);
    else
        fprintf(stderr, "blob: cannot make a client: %s\n", natsmicro_last_error());

    natsmicro_context_destroy(context);
    blob__blob_service_client__destroy(client);
    natsConnection_Destroy(connection);
    nats_Close();
    return result == DONE && fflush(stdout) != 0 ? report_file("standard output") : result;
}
