/*
 * Chunked: blobs in constant memory, over methods with `option (natsmicro.chunked_io)`.
 *
 * A blob has any size on a reliable stream. A plain stream, which is what peers in other languages
 * make, has no flow control: a reader that falls max_pending_bytes behind ends with DATA_LOSS.
 *
 * A blob is a run of bytes: a file, an image, a backup. Such a method streams it as chunks, which
 * are messages of one bytes field, in one direction: from the caller if the method is `stream Chunk
 * -> Result`, from the service if it is `Request -> stream Chunk`. The side that sends uses the
 * functions that send, the other side those that receive. Generated code has them typed, as
 * `…__upload__send_file(call, …)`; the functions here take the `base` of any chunked call.
 *
 * What holds for all of them:
 *
 * - Sizes are in bytes. `chunk_size` is the size of one chunk: 0 takes the option's
 *   default_chunk_size, which is 65536 unless the proto sets it. A size that the broker's
 *   max_payload does not allow is cut to one that it does.
 * - They block: for the source or the sink, for the connection (at most its write deadline), for
 *   room at the peer when they send, and for the peer when they receive. All waits end with the
 *   call: by its deadline, its idle timeout or natsmicro_call_cancel. A callback of yours and a
 *   disk cannot be interrupted.
 * - One thread at a time may use the functions of one call. natsmicro_call_cancel may be called
 *   from any thread. A close of the call in another thread, and the destruction of its client, end
 *   the call, and wait until the function has returned; so a callback must do neither.
 * - What you pass in stays yours, and is used only until the function returns.
 *
 * What they return:
 *
 * - OK when all is done.
 * - FAILED_PRECONDITION when the method is not chunked or streams the other way; INVALID_ARGUMENT
 *   when a pointer is NULL that must not be; the error of a file that cannot be opened or made;
 *   RESOURCE_EXHAUSTED when there is no memory for the first chunk to send. These leave the call as
 *   it was.
 * - Any other error of this side, such as a full disk, has ended the call with that status and with
 *   a text that says what failed (natsmicro_call_error_message). The peer is told, so it never
 *   takes a part of a blob for the whole.
 * - When the call had ended before, they return what it ended with: an early error of the service,
 *   a peer that is gone (UNAVAILABLE, CANCELLED), lost messages (DATA_LOSS).
 *
 * The errors of files, pipes and sockets become statuses: RESOURCE_EXHAUSTED (disk full, quota,
 * file size limit, too many open files, no memory), PERMISSION_DENIED, NOT_FOUND, ABORTED (a closed
 * pipe or socket), INVALID_ARGUMENT (a folder, a bad path or descriptor), FAILED_PRECONDITION (a
 * busy file), INTERNAL (all others).
 * The text is the path and the system's message; the peer is told the message alone. While these
 * functions write, they hold back SIGPIPE and SIGXFSZ in their thread, so neither ends the program.
 */
#ifndef NATSMICRO_CHUNKED_H
#define NATSMICRO_CHUNKED_H

#include <natsmicro/call.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- callbacks ---- */

/* The total of a blob whose size is not known. */
#define NATSMICRO_TOTAL_UNKNOWN UINT64_MAX

/*
 * Hears how far a blob has come: after each chunk, and once for an empty blob. `done` is the bytes
 * so far. `total` is the size of the memory that is sent, or what the system says of the file,
 * which may be wrong; else what natsmicro_chunked_expect was told; else NATSMICRO_TOTAL_UNKNOWN.
 * Returns true to go on; false cancels, and the call ends with CANCELLED. It runs in the thread
 * that sends or receives. Where a progress callback is asked for, NULL means none.
 */
typedef bool (*natsmicro_progress)(uint64_t done, uint64_t total, void *user_data);

/*
 * A source of bytes: puts up to `size` bytes into `buffer` and their number into *length. What one
 * call returns is sent as one chunk; so a source may return few bytes to have them sent soon. OK
 * with 0 bytes, or END with any number, is the end of the blob. Any other status ends the call with
 * it (with INTERNAL if it is WOULD_BLOCK).
 */
typedef natsmicro_status (*natsmicro_reader)(void *user_data, void *buffer, size_t size,
                                             size_t *length);

/*
 * A sink of bytes: takes all `length` bytes and returns OK. Any other status ends the call with it
 * (with INTERNAL if it is END or WOULD_BLOCK).
 */
typedef natsmicro_status (*natsmicro_writer)(void *user_data, const void *data, size_t length);

/* Sees bytes of a blob on their way; see natsmicro_chunked_watch. */
typedef void (*natsmicro_watch)(void *user_data, const void *data, size_t length);

/*
 * Has `watch` see all bytes that the functions of this call send or receive from now on, in order
 * and each once: for a hash, which then needs no second pass over a file. It runs in the thread
 * that sends or receives: after the bytes were sent, or before they are written. The bytes live
 * until it returns. NULL: nobody sees them. Never blocks; the thread that sends or receives.
 */
void natsmicro_chunked_watch(natsmicro_call *call, natsmicro_watch watch, void *user_data);

/*
 * Tells the progress callbacks of this call a total that they cannot know otherwise; nothing else
 * depends on it, except that natsmicro_chunked_recv_bytes may allocate that much at once. Never
 * blocks; the thread that sends or receives.
 */
void natsmicro_chunked_expect(natsmicro_call *call, uint64_t total);

/*
 * Limits what this call may receive to `max_size` bytes in all, whichever functions receive them;
 * those that came before count, too. As soon as more come, the call ends with RESOURCE_EXHAUSTED,
 * and what was received into a file is removed. For a service that takes blobs from callers whom it
 * does not trust: set it before the first function that receives. UINT64_MAX is no limit. Default:
 * max_size of the method's (natsmicro.chunked_io); without it there is no limit. Never blocks; the
 * thread that receives.
 */
void natsmicro_chunked_set_max_size(natsmicro_call *call, uint64_t max_size);

/* ---- sending ---- */

/*
 * These functions send a blob or a part of one: what each sends follows on what was sent before.
 * The blob ends with the stream: a caller then calls close_and_recv, a handler returns.
 *
 * On a caller they return END when the service has answered before all was sent and wants no more.
 * Then close_and_recv has its response.
 */

/* Sends `length` bytes of memory. */
natsmicro_status natsmicro_chunked_send_bytes(natsmicro_call *call, const void *data, size_t length,
                                              size_t chunk_size, natsmicro_progress progress,
                                              void *user_data) NATSMICRO_MUST_USE;

/*
 * Sends what `reader` returns until its end. `reader_data` is passed to `reader`, `user_data` to
 * `progress`.
 */
natsmicro_status natsmicro_chunked_send_reader(natsmicro_call *call, natsmicro_reader reader,
                                               void *reader_data, size_t chunk_size,
                                               natsmicro_progress progress,
                                               void *user_data) NATSMICRO_MUST_USE;

/*
 * Sends what a descriptor (file, pipe, socket, terminal) yields, from its current position to its
 * end. Bytes that are there are sent when no more are there yet, without waiting for a full chunk.
 * The descriptor may be non-blocking. It stays open; after an error more of it may have been read
 * than was sent.
 */
natsmicro_status natsmicro_chunked_send_fd(natsmicro_call *call, int fd, size_t chunk_size,
                                           natsmicro_progress progress,
                                           void *user_data) NATSMICRO_MUST_USE;

/*
 * Sends a file, from its beginning to its end, as cp does. The size that the system tells is the
 * total for progress, and nothing else: a file of /sys or of FUSE may hold more or less, and any
 * file may grow or shrink meanwhile. So a file should not be replaced in place while it is sent.
 */
natsmicro_status natsmicro_chunked_send_file(natsmicro_call *call, const char *path,
                                             size_t chunk_size, natsmicro_progress progress,
                                             void *user_data) NATSMICRO_MUST_USE;

/*
 * Sends these bytes now, as one chunk; as several if they do not fit into one message. They are
 * written from where they are, without a copy into a message. 0 bytes send nothing.
 */
natsmicro_status natsmicro_chunked_send_chunk(natsmicro_call *call, const void *data,
                                              size_t length) NATSMICRO_MUST_USE;

/* ---- receiving ---- */

/*
 * The first four functions receive the rest of the blob, whatever was received of it before. They
 * return OK only if the peer has sent all and said so.
 */

/*
 * Receives into memory, at most `limit` bytes; SIZE_MAX is no limit. A larger blob, or one that
 * there is no memory for, ends the call with RESOURCE_EXHAUSTED. On OK *data is yours, to be freed
 * with free(); its *length bytes are followed by a NUL that does not count. Else *data is NULL and
 * *length is 0.
 */
natsmicro_status natsmicro_chunked_recv_bytes(natsmicro_call *call, size_t limit, uint8_t **data,
                                              size_t *length, natsmicro_progress progress,
                                              void *user_data) NATSMICRO_MUST_USE;

/*
 * Passes each chunk to `writer`. After an error the sink has part of a blob, which it must undo
 * itself. `writer_data` is passed to `writer`, `user_data` to `progress`.
 */
natsmicro_status natsmicro_chunked_recv_to_writer(natsmicro_call *call, natsmicro_writer writer,
                                                  void *writer_data, natsmicro_progress progress,
                                                  void *user_data) NATSMICRO_MUST_USE;

/*
 * Writes to a descriptor (file, pipe, socket, terminal), which may be non-blocking and stays open.
 * After an error a part of the blob has been written.
 */
natsmicro_status natsmicro_chunked_recv_to_fd(natsmicro_call *call, int fd,
                                              natsmicro_progress progress,
                                              void *user_data) NATSMICRO_MUST_USE;

/*
 * Writes a file whole or not at all. The bytes go into a temporary file in the same folder, which
 * takes the place of `path` once the peer's end has come and all is on disk (fsync, rename, fsync
 * of the folder). Until then an existing file stays as it is; after an error nothing is left of the
 * new one. A process that is killed leaves a temporary file only in the cases that
 * natsmicro_chunked_remove_leftovers names.
 *
 * A file that is replaced keeps its mode, and its owner and group as far as the process may set
 * them; where it may not keep the group, the new one may do what everybody may. A new file gets
 * 0666 less the umask. A symbolic link is replaced, not followed. The folder must be writable, not
 * readable. Returns INVALID_ARGUMENT when `path` is something other than a file,
 * FAILED_PRECONDITION when something is mounted there.
 */
natsmicro_status natsmicro_chunked_recv_to_file(natsmicro_call *call, const char *path,
                                                natsmicro_progress progress,
                                                void *user_data) NATSMICRO_MUST_USE;

/*
 * Removes from a folder the temporary files that killed receivers have left there, and puts their
 * number into *removed, which may be NULL. Their names begin with `.natsmicro-` and end with
 * `.tmp`. A file that is being received stays, whichever process receives it: it is locked (flock).
 * What this process may not read or not remove stays as well.
 *
 * On Linux a temporary file has no name until all has been received (O_TMPFILE), and goes with its
 * process. So a killed receiver leaves one only
 *
 * - in the moment between the naming and the rename;
 * - where the file must have a name from the start: on a file system without such files (NFS, FAT),
 *   where /proc is not mounted, and for a new file that the umask lets everybody write to.
 *
 * Returns OK; INVALID_ARGUMENT when `folder` is NULL; the error of a folder that cannot be read.
 * Any thread, at any time. Blocks for the disk only.
 */
natsmicro_status natsmicro_chunked_remove_leftovers(const char *folder, size_t *removed);

/*
 * Receives the next bytes without a copy. On OK *data points to *length bytes, at least 1, inside
 * the received message; they live until the next function that receives, or the call's end. END
 * after the last.
 */
natsmicro_status natsmicro_chunked_recv_chunk(natsmicro_call *call, const uint8_t **data,
                                              size_t *length) NATSMICRO_MUST_USE;

/*
 * Copies up to `size` bytes, as read(2) does, and waits only while there are none at all. On OK
 * *length is at least 1. END after the last; *length is 0 then, and on errors. INVALID_ARGUMENT
 * when `size` is 0.
 */
natsmicro_status natsmicro_chunked_read(natsmicro_call *call, void *buffer, size_t size,
                                        size_t *length) NATSMICRO_MUST_USE;

/* ---- many blobs on one stream ---- */

/*
 * A blob writer sends any number of blobs over one stream, and a blob reader on the other side
 * takes them apart again; both sides must use them. On the wire each blob is its length, as a
 * protobuf varint, and then its bytes. They follow each other across the borders of chunks: small
 * blobs share a chunk, and a stream may end only between two blobs.
 *
 * One thread at a time may use a writer or reader. Free it before the call is closed or its handler
 * returns.
 */
typedef struct natsmicro_blob_writer natsmicro_blob_writer;
typedef struct natsmicro_blob_reader natsmicro_blob_reader;

/*
 * Makes a writer in *writer on a call that sends chunks. Returns OK, FAILED_PRECONDITION as above,
 * or RESOURCE_EXHAUSTED when memory is short; *writer is NULL unless OK. Never blocks.
 */
natsmicro_status natsmicro_blob_writer_new(natsmicro_blob_writer **writer, natsmicro_call *call,
                                           size_t chunk_size) NATSMICRO_MUST_USE;

/* Begins a blob of `length` bytes. FAILED_PRECONDITION: the blob before has not been ended. */
natsmicro_status natsmicro_blob_writer_begin(natsmicro_blob_writer *writer,
                                             uint64_t length) NATSMICRO_MUST_USE;

/*
 * Adds bytes to the blob, any number at a time. INVALID_ARGUMENT: together they are more than the
 * blob's length; none of them is taken then. FAILED_PRECONDITION: no blob has been begun.
 */
natsmicro_status natsmicro_blob_writer_write(natsmicro_blob_writer *writer, const void *data,
                                             size_t length) NATSMICRO_MUST_USE;

/*
 * Ends the blob. INVALID_ARGUMENT: bytes are missing, and the blob goes on. FAILED_PRECONDITION: no
 * blob has been begun.
 */
natsmicro_status natsmicro_blob_writer_end(natsmicro_blob_writer *writer) NATSMICRO_MUST_USE;

/*
 * Sends the bytes that wait for their chunk to fill. Needed when the peer is to have them soon, and
 * after the last blob: a stream with unsent bytes cannot be ended (close_and_recv returns
 * FAILED_PRECONDITION; on a server the call fails with it when the handler returns).
 */
natsmicro_status natsmicro_blob_writer_flush(natsmicro_blob_writer *writer) NATSMICRO_MUST_USE;

/*
 * Frees a writer. With a blob that has not been ended, or bytes that have not been flushed, this
 * ends the call with CANCELLED. NULL is allowed. Never blocks.
 */
void natsmicro_blob_writer_free(natsmicro_blob_writer *writer);

/*
 * Makes a reader in *reader on a call that receives chunks. Returns OK, FAILED_PRECONDITION as
 * above, or RESOURCE_EXHAUSTED when memory is short; *reader is NULL unless OK. Never blocks.
 */
natsmicro_status natsmicro_blob_reader_new(natsmicro_blob_reader **reader,
                                           natsmicro_call *call) NATSMICRO_MUST_USE;

/*
 * Goes to the next blob, over what is left of the current one, and puts its length into *length.
 * END: there are no more blobs. You need not call it: natsmicro_blob_reader_read begins each blob
 * itself.
 */
natsmicro_status natsmicro_blob_reader_next(natsmicro_blob_reader *reader,
                                            uint64_t *length) NATSMICRO_MUST_USE;

/*
 * Copies up to `size` bytes of the blob. OK with *length at least 1: these bytes. OK with *length
 * 0: the blob is complete, and the next read begins the next one. END: there are no more blobs.
 * INVALID_ARGUMENT when `size` is 0.
 *
 * A stream that ends within a blob, or holds no length where one must be, is malformed and ends the
 * call: with INVALID_ARGUMENT on a server, with INTERNAL on a client. The same goes for
 * natsmicro_blob_reader_next.
 */
natsmicro_status natsmicro_blob_reader_read(natsmicro_blob_reader *reader, void *buffer,
                                            size_t size, size_t *length) NATSMICRO_MUST_USE;

/* Frees a reader. The call goes on. NULL is allowed. Never blocks. */
void natsmicro_blob_reader_free(natsmicro_blob_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
