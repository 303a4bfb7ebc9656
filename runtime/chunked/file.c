/*
 * Sending and receiving files and other descriptors.
 */
#include "base/last_error.h"
#include "chunked/chunk.h"
#include "chunked/descriptor.h"
#include "chunked/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- sending ---- */

/*
 * The bytes from the current position of a descriptor to its end, as the system says: for progress
 * alone. Unknown if it has no size.
 */
static uint64_t size_ahead(const nm_descriptor *descriptor)
{
    struct stat about;
    if (descriptor->kind != NM_DESCRIPTOR_FILE || fstat(descriptor->fd, &about) != 0 ||
        about.st_size <= 0)
        return NATSMICRO_TOTAL_UNKNOWN;
    off_t at = lseek(descriptor->fd, 0, SEEK_CUR);
    return at < 0 || at > about.st_size ? NATSMICRO_TOTAL_UNKNOWN : (uint64_t)(about.st_size - at);
}

static natsmicro_status send_fd(natsmicro_call *call, int fd, size_t chunk_size,
                                natsmicro_progress progress, void *user_data)
{
    natsmicro_status status = nm_chunk_check_sends(call);
    nm_descriptor descriptor;
    if (status == NATSMICRO_OK)
        status = nm_descriptor_of(&descriptor, call, fd, "the descriptor to read");
    if (status != NATSMICRO_OK)
        return status;
    nm_progress watch = nm_progress_begin(call, progress, user_data, size_ahead(&descriptor));
    return nm_chunk_send_from(&watch, nm_descriptor_read, &descriptor, chunk_size);
}

natsmicro_status natsmicro_chunked_send_fd(natsmicro_call *call, int fd, size_t chunk_size,
                                           natsmicro_progress progress, void *user_data)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking, send_fd(call, fd, chunk_size, progress, user_data));
}

static natsmicro_status send_file(natsmicro_call *call, const char *path, size_t chunk_size,
                                  natsmicro_progress progress, void *user_data)
{
    natsmicro_status status = nm_chunk_check_sends(call);
    if (status != NATSMICRO_OK)
        return status;
    if (path == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_INVALID_ARGUMENT, "path is NULL");
    /* Not to wait here for a writer of a named pipe: reads wait for it, and end with the call. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return nm_errno_error(&call->send_error, path, errno);
    nm_descriptor descriptor;
    status = nm_descriptor_of(&descriptor, call, fd, path);
    if (status == NATSMICRO_OK) {
        nm_progress watch = nm_progress_begin(call, progress, user_data, size_ahead(&descriptor));
        status = nm_chunk_send_from(&watch, nm_descriptor_read, &descriptor, chunk_size);
    }
    close(fd);
    return status;
}

natsmicro_status natsmicro_chunked_send_file(natsmicro_call *call, const char *path,
                                             size_t chunk_size, natsmicro_progress progress,
                                             void *user_data)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking, send_file(call, path, chunk_size, progress, user_data));
}

/* ---- receiving ---- */

static natsmicro_status recv_to_fd(natsmicro_call *call, int fd, natsmicro_progress progress,
                                   void *user_data)
{
    natsmicro_status status = nm_chunk_check_receives(call);
    nm_descriptor descriptor;
    if (status == NATSMICRO_OK)
        status = nm_descriptor_of(&descriptor, call, fd, "the descriptor to write");
    if (status != NATSMICRO_OK)
        return status;
    nm_progress watch = nm_progress_begin(call, progress, user_data, NATSMICRO_TOTAL_UNKNOWN);
    return nm_chunk_recv_to(&watch, nm_descriptor_write, &descriptor);
}

natsmicro_status natsmicro_chunked_recv_to_fd(natsmicro_call *call, int fd,
                                              natsmicro_progress progress, void *user_data)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking, recv_to_fd(call, fd, progress, user_data));
}

/*
 * The peer's end has come. What can still fail is on this side, and ends the call as a failed write
 * does.
 */
static natsmicro_status put_in_place(natsmicro_call *call, nm_replacement *replacement)
{
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = nm_replacement_commit(replacement, &error);
    return status == NATSMICRO_OK ? status : nm_call_give_up_with(call, &error);
}

static natsmicro_status recv_to_file(natsmicro_call *call, const char *path,
                                     natsmicro_progress progress, void *user_data)
{
    natsmicro_status status = nm_chunk_check_receives(call);
    if (status != NATSMICRO_OK)
        return status;
    if (path == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_INVALID_ARGUMENT, "path is NULL");
    nm_replacement replacement;
    status = nm_replacement_begin(&replacement, path, &call->send_error);
    if (status != NATSMICRO_OK)
        return status;
    nm_descriptor descriptor = {call, replacement.file.fd, NM_DESCRIPTOR_FILE, path};
    nm_progress watch = nm_progress_begin(call, progress, user_data, NATSMICRO_TOTAL_UNKNOWN);
    status = nm_chunk_recv_to(&watch, nm_descriptor_write, &descriptor);
    if (status == NATSMICRO_OK)
        return put_in_place(call, &replacement);
    nm_replacement_give_up(&replacement);
    return status;
}

natsmicro_status natsmicro_chunked_recv_to_file(natsmicro_call *call, const char *path,
                                                natsmicro_progress progress, void *user_data)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking, recv_to_file(call, path, progress, user_data));
}
