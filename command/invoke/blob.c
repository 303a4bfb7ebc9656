/*
 * Blob: see blob.h.
 */
#include "invoke/blob.h"

#include "invoke/call.h"
#include "invoke/interrupt.h"
#include "text/bar.h"
#include "text/digest.h"
#include "text/report.h"
#include "text/show.h"

#include <natsmicro/chunked.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what both do ---- */

static int check_chunked(const cmd_session *session, natsmicro_method_kind kind)
{
    const cmd_method *method = session->method;
    if (method->chunk_field != NULL && method->kind == kind)
        return CMD_DONE;
    if (method->chunk_field != NULL)
        return cmd_fail(CMD_WRONG_USAGE, "%s %s a blob: use %s", method->full_name,
                        kind == NATSMICRO_CLIENT_STREAM ? "returns" : "takes",
                        kind == NATSMICRO_CLIENT_STREAM ? "get" : "put");
    return cmd_fail(CMD_WRONG_USAGE, "%s has no option (natsmicro.chunked_io): use call",
                    method->full_name);
}

static int open_call(cmd_session *session, const void *request, natsmicro_call **call)
{
    cmd_show_request(session);
    natsmicro_status status =
        natsmicro_stub_open(session->client, 0, request, session->context, call);
    if (status == NATSMICRO_OK)
        return CMD_DONE;
    cmd_show_context_headers(session, session->context);
    return cmd_tell_context(session->context, status);
}

/* "name  1234 bytes  sha256 …", on stderr: standard output is for what the service sends. */
static void tell_digest(const char *name, size_t length, const char *hex)
{
    nm_buffer line = NM_BUFFER_INIT;
    cmd_show(&line, name);
    nm_buffer_append_format(&line, "  %zu bytes  sha256 %s\n", length, hex);
    if (!line.failed)
        fwrite(line.data, 1, line.length, stderr);
    nm_buffer_free(&line);
}

static bool draw(uint64_t done, uint64_t total, void *user_data)
{
    cmd_bar_draw(user_data, done, total == NATSMICRO_TOTAL_UNKNOWN ? 0 : total);
    return !cmd_was_interrupted();
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* ---- put ---- */

/* Reads a descriptor; an interrupt ends the wait for a pipe. */
static natsmicro_status read_source(void *user_data, void *buffer, size_t size, size_t *length)
{
    const int *fd = user_data;
    if (!cmd_wait_readable(*fd))
        return NATSMICRO_CANCELLED;
    ssize_t got = read(*fd, buffer, size);
    if (got < 0)
        return NATSMICRO_ABORTED;
    *length = (size_t)got;
    return NATSMICRO_OK;
}

static int finish_put(cmd_session *session, natsmicro_call *call)
{
    void *response = NULL;
    natsmicro_status status = natsmicro_stub_close_and_recv(call, &response);
    cmd_show_headers(session, call);
    if (status != NATSMICRO_OK)
        return cmd_tell_call(call, status);
    nm_buffer line = NM_BUFFER_INIT;
    int result = cmd_print_response(session, response, &line);
    nm_buffer_free(&line);
    natsmicro_stub_message_free(response);
    return result;
}

static int send_blob(cmd_session *session, natsmicro_call *call, int fd, const char *name)
{
    cmd_digest digest;
    cmd_digest_begin(&digest);
    natsmicro_chunked_watch(call, cmd_digest_add, &digest);
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
        natsmicro_chunked_expect(call, (uint64_t)about.st_size);
    cmd_bar bar;
    cmd_bar_begin(&bar, name, false);
    natsmicro_status status = natsmicro_chunked_send_reader(call, read_source, &fd, 0, draw, &bar);
    int failure = errno;
    cmd_bar_end(&bar);
    cmd_hex hex;
    cmd_digest_end(&digest, hex);
    if (status == NATSMICRO_ABORTED)
        return cmd_fail_with(status, "%s: %s", name, strerror(failure));
    if (status != NATSMICRO_OK && status != NATSMICRO_END)
        return cmd_tell_call(call, status);
    int result = finish_put(session, call);
    if (result == CMD_DONE)
        tell_digest(name, digest.length, hex);
    return result;
}

static int put(cmd_session *session, int fd, const char *name)
{
    natsmicro_call *call = NULL;
    int result = open_call(session, NULL, &call);
    if (result == CMD_DONE)
        result = send_blob(session, call, fd, name);
    natsmicro_stub_close(call);
    return result;
}

int cmd_put(cmd_session *session, const char *path)
{
    int result = check_chunked(session, NATSMICRO_CLIENT_STREAM);
    if (result != CMD_DONE)
        return result;
    bool piped = strcmp(path, "-") == 0;
    int fd = piped ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cmd_fail(CMD_WRONG_USAGE, "%s: %s", path, strerror(errno));
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
        close(fd);
        return cmd_fail(CMD_WRONG_USAGE, "%s: is a folder", path);
    }
    cmd_begin_calls();
    result = put(session, fd, piped ? "standard input" : last_part(path));
    if (!piped)
        close(fd);
    return cmd_was_interrupted() ? CMD_INTERRUPTED : result;
}

/* ---- get ---- */

static natsmicro_status receive(natsmicro_call *call, const char *path, cmd_bar *bar)
{
    if (strcmp(path, "-") == 0)
        return natsmicro_chunked_recv_to_fd(call, STDOUT_FILENO, draw, bar);
    return natsmicro_chunked_recv_to_file(call, path, draw, bar);
}

static int receive_blob(cmd_session *session, natsmicro_call *call, const char *path)
{
    bool piped = strcmp(path, "-") == 0;
    const char *name = piped ? "standard output" : last_part(path);
    cmd_digest digest;
    cmd_digest_begin(&digest);
    natsmicro_chunked_watch(call, cmd_digest_add, &digest);
    cmd_bar bar;
    cmd_bar_begin(&bar, name, piped && isatty(STDOUT_FILENO) == 1);
    natsmicro_status status = receive(call, path, &bar);
    int failure = errno;
    cmd_bar_end(&bar);
    cmd_hex hex;
    cmd_digest_end(&digest, hex);
    cmd_show_headers(session, call);
    cmd_show_trailers(session, call);
    if (piped && status == NATSMICRO_ABORTED && failure == EPIPE)
        return CMD_PIPE_CLOSED;
    if (status != NATSMICRO_OK)
        return cmd_tell_call(call, status);
    tell_digest(name, digest.length, hex);
    return CMD_DONE;
}

int cmd_get(cmd_session *session, cmd_input *input, const char *path)
{
    int result = check_chunked(session, NATSMICRO_SERVER_STREAM);
    if (result != CMD_DONE)
        return result;
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *request = NULL;
    natsmicro_call *call = NULL;
    result = cmd_read_only_request(session, input, &arena, &request);
    cmd_begin_calls();
    if (result == CMD_DONE)
        result = open_call(session, request, &call);
    if (result == CMD_DONE)
        result = receive_blob(session, call, path);
    natsmicro_stub_close(call);
    nm_arena_free(&arena);
    return cmd_was_interrupted() ? CMD_INTERRUPTED : result;
}
