/*
 * Chunked: blobs of any size over methods with `option (natsmicro.chunked_io)`, in constant memory.
 *
 * Such a method streams chunks, messages of one bytes field, in one direction. Who sends them, the
 * caller of `stream Chunk -> Result` and the service of `Request -> stream Chunk`, has the
 * functions that send; who receives them, the service of the first and the caller of the second,
 * those that receive. Generated code has all of them typed, as `…__upload__send_file(call, …)`;
 * those here take any chunked call's `base`.
 *
 * - Sizes are bytes. `chunk_size` is that of one message: 0 is the option's default_chunk_size,
 *   which is 65536 unless set. What max_payload does not allow is cut to what it does.
 * - All block: for the source or the sink, for the connection (its write deadline) and, when they
 *   receive, for the peer, until the call's deadline or idle limit.
 * - What a function is called with stays the caller's, and is used until it returns only.
 * - Functions of one call's chunks are for one thread at a time; natsmicro_call_cancel for any.
 *   It ends their waits, too, but for a user's callback and a disk.
 * - Statuses: OK when all is done. FAILED_PRECONDITION: the method is not chunked or streams the
 *   other way; INVALID_ARGUMENT: NULL where something must be. Both leave the call as it was, and
 *   so does a file that cannot be opened or made. Any other error has ended the call, as a cancel
 *   would have, with that status and a text of what failed (natsmicro_call_error_message), and the
 *   peer is told: it never takes a blob for complete that is not. What ended the call earlier is
 *   returned as it is: a service's early error, the peer's death (UNAVAILABLE, CANCELLED), lost
 *   messages (DATA_LOSS).
 * - A descriptor's errors are statuses: RESOURCE_EXHAUSTED (disk, quota or file size limit),
 *   PERMISSION_DENIED, NOT_FOUND, ABORTED (a closed pipe or socket), INVALID_ARGUMENT (a folder, a
 *   bad path or descriptor), INTERNAL (all others); the text says which, behind the path. The peer
 *   is told the text without the path. Neither SIGPIPE nor SIGXFSZ is raised: while they write,
 *   these are blocked in the thread that writes.
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

/* A total that nobody knows. */
#define NATSMICRO_TOTAL_UNKNOWN UINT64_MAX

/*
 * Hears how far a blob has come: after each chunk, and once for an empty blob. `total` is the size
 * of the memory or file that is sent, else what natsmicro_chunked_expect was told, else
 * NATSMICRO_TOTAL_UNKNOWN. False cancels: the call ends with CANCELLED. Runs in the thread that
 * sends or receives. NULL: nobody listens.
 */
typedef bool (*natsmicro_progress)(uint64_t done, uint64_t total, void *user_data);

/*
 * A source: fills `buffer` with up to `size` bytes and tells how many in *length. OK with 0 bytes,
 * or END, is the end of the blob; what a call returns is sent as one chunk, so it may return few
 * bytes to have them sent soon. Any other status ends the call with it (WOULD_BLOCK with INTERNAL).
 */
typedef natsmicro_status (*natsmicro_reader)(void *user_data, void *buffer, size_t size,
                                             size_t *length);

/*
 * A sink: takes all `length` bytes. Any status but OK ends the call with it (END and WOULD_BLOCK
 * with INTERNAL).
 */
typedef natsmicro_status (*natsmicro_writer)(void *user_data, const void *data, size_t length);

/* Tells progress callbacks of this call the total that they cannot know otherwise. Only shown. */
void natsmicro_chunked_expect(natsmicro_call *call, uint64_t total);

/* ---- sending ---- */

/*
 * After these a caller ends its upload with close_and_recv, a service its download by returning.
 * They may be called in turn: what each sends follows on what came before. END, on a caller: the
 * service has answered before all was sent, and wants no more; close_and_recv has its response.
 */

/* Sends `length` bytes of memory. */
natsmicro_status natsmicro_chunked_send_bytes(natsmicro_call *call, const void *data, size_t length,
                                              size_t chunk_size, natsmicro_progress progress,
                                              void *user_data);

/*
 * Sends what `reader` returns until its end. `reader_data` goes to it, `user_data` to `progress`.
 */
natsmicro_status natsmicro_chunked_send_reader(natsmicro_call *call, natsmicro_reader reader,
                                               void *reader_data, size_t chunk_size,
                                               natsmicro_progress progress, void *user_data);

/*
 * Sends what a descriptor (file, pipe, socket, terminal) gives from where it stands until its end.
 * It stays open; after an error it may have been read further than was sent. What is there is sent
 * when no more is there yet, without waiting for a full chunk. May be non-blocking.
 */
natsmicro_status natsmicro_chunked_send_fd(natsmicro_call *call, int fd, size_t chunk_size,
                                           natsmicro_progress progress, void *user_data);

/*
 * Sends a file: as many bytes as it had when it was opened. What it grows by meanwhile is not sent;
 * when it shrinks, the call ends with ABORTED. What has no size (a named pipe, a file of /proc, or
 * one that was empty) is sent until its end.
 */
natsmicro_status natsmicro_chunked_send_file(natsmicro_call *call, const char *path,
                                             size_t chunk_size, natsmicro_progress progress,
                                             void *user_data);

/*
 * Sends these bytes now, as one chunk, or as several where max_payload wants it. They go from where
 * they are into what is written, without a message being made of them. 0 bytes: nothing is sent.
 */
natsmicro_status natsmicro_chunked_send_chunk(natsmicro_call *call, const void *data,
                                              size_t length);

/* ---- receiving ---- */

/*
 * OK: the peer has sent all and said so. They take what is left of the blob, whatever was received
 * of it before.
 */

/*
 * Receives into memory, at most `limit` bytes (SIZE_MAX: any number); a larger blob ends the call
 * with RESOURCE_EXHAUSTED. On OK *data is the caller's, to be freed with free(), with a NUL behind
 * its *length bytes that does not count; else it is NULL. RESOURCE_EXHAUSTED is short memory, too.
 */
natsmicro_status natsmicro_chunked_recv_bytes(natsmicro_call *call, size_t limit, uint8_t **data,
                                              size_t *length, natsmicro_progress progress,
                                              void *user_data);

/* Gives each chunk to `writer`; what it took before an error it has to undo itself. */
natsmicro_status natsmicro_chunked_recv_to_writer(natsmicro_call *call, natsmicro_writer writer,
                                                  void *writer_data, natsmicro_progress progress,
                                                  void *user_data);

/*
 * Writes to a descriptor (file, pipe, socket, terminal), which stays open. After an error a part
 * has been written. May be non-blocking.
 */
natsmicro_status natsmicro_chunked_recv_to_fd(natsmicro_call *call, int fd,
                                              natsmicro_progress progress, void *user_data);

/*
 * Writes a file that is there whole or not at all: into a temporary file in the same folder, which
 * takes the place of `path` once the peer's end has come and all is on disk (fsync, rename, fsync
 * of the folder). Until then an existing file stays as it is; after an error or a cancel nothing is
 * left. (A process that is killed leaves a `.natsmicro-….tmp`.) A file that is replaced keeps its
 * mode, a new one gets 0666 less the umask. A symbolic link is replaced, not followed;
 * INVALID_ARGUMENT when `path` is anything else than a file.
 */
natsmicro_status natsmicro_chunked_recv_to_file(natsmicro_call *call, const char *path,
                                                natsmicro_progress progress, void *user_data);

/*
 * The next bytes as they came: *data points into the received message, borrowed until the next
 * function that receives, or the call's end. *length is never 0 with OK; END after the last.
 */
natsmicro_status natsmicro_chunked_recv_chunk(natsmicro_call *call, const uint8_t **data,
                                              size_t *length);

/*
 * Copies up to `size` bytes, as read(2) does: *length is at least 1 with OK, and 0 else; END after
 * the last. Waits only while there is nothing at all.
 */
natsmicro_status natsmicro_chunked_read(natsmicro_call *call, void *buffer, size_t size,
                                        size_t *length);

/* ---- many blobs on one stream ---- */

/*
 * On the wire each blob is its length, as protobuf writes a varint, and its bytes, one behind the
 * other across all borders of chunks: small ones share a chunk, and the stream may only end between
 * two of them. Both sides must use it. One thread at a time.
 */
typedef struct natsmicro_blob_writer natsmicro_blob_writer;
typedef struct natsmicro_blob_reader natsmicro_blob_reader;

/*
 * Makes a writer on a call that sends chunks; free it before the call ends. RESOURCE_EXHAUSTED:
 * memory.
 */
natsmicro_status natsmicro_blob_writer_new(natsmicro_blob_writer **writer, natsmicro_call *call,
                                           size_t chunk_size);

/* Begins a blob of `length` bytes. FAILED_PRECONDITION: the one before is not ended. */
natsmicro_status natsmicro_blob_writer_begin(natsmicro_blob_writer *writer, uint64_t length);

/*
 * Adds bytes to it, any number at a time. INVALID_ARGUMENT: more than were announced; none of them
 * is taken then. FAILED_PRECONDITION: no blob has begun.
 */
natsmicro_status natsmicro_blob_writer_write(natsmicro_blob_writer *writer, const void *data,
                                             size_t length);

/* Ends it. INVALID_ARGUMENT: bytes are missing, it goes on. FAILED_PRECONDITION: none has begun. */
natsmicro_status natsmicro_blob_writer_end(natsmicro_blob_writer *writer);

/*
 * Sends what waits for its chunk to be full: when the peer shall have it soon, and after the last
 * blob, or the stream cannot be ended (FAILED_PRECONDITION from close_and_recv, or of the call when
 * the handler returns).
 */
natsmicro_status natsmicro_blob_writer_flush(natsmicro_blob_writer *writer);

/*
 * Frees it; NULL is allowed. With a blob that is not ended, or bytes not flushed, that ends the
 * call with CANCELLED.
 */
void natsmicro_blob_writer_free(natsmicro_blob_writer *writer);

/*
 * Makes a reader on a call that receives chunks; free it before the call ends. RESOURCE_EXHAUSTED:
 * memory.
 */
natsmicro_status natsmicro_blob_reader_new(natsmicro_blob_reader **reader, natsmicro_call *call);

/*
 * Goes to the next blob, past what is left of the one before, and tells its length. END: the stream
 * has ended after the one before. It need not be called: reads begin the next blob themselves.
 */
natsmicro_status natsmicro_blob_reader_next(natsmicro_blob_reader *reader, uint64_t *length);

/*
 * Copies up to `size` (at least 1) bytes of the blob. OK with *length at least 1: bytes; OK with 0:
 * the blob is complete, the next read begins the next one; END: there is no next one. A stream that
 * ends within a blob, or has no length where one must be, ends the call as malformed messages do:
 * INVALID_ARGUMENT on a server, INTERNAL on a client.
 */
natsmicro_status natsmicro_blob_reader_read(natsmicro_blob_reader *reader, void *buffer,
                                            size_t size, size_t *length);

/* Frees it. NULL is allowed. */
void natsmicro_blob_reader_free(natsmicro_blob_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
