/*
 * Blobs: what the tests of chunked methods share: bytes that are recognized by their hash, a folder
 * whose files are counted, and the helpers of both sides as enums, so that a test can try all of
 * them.
 */
#ifndef INTEGRATION_BLOBS_H
#define INTEGRATION_BLOBS_H

#include "integration/figures.h"
#include "integration/lab_service.h"

#define MIB ((size_t)1024 * 1024)

/* ---- bytes ---- */

/* Returns `size` random bytes, the same for the same seed. Free them. */
uint8_t *blob_new(size_t size, uint64_t seed);

/* FNV-1a. Start with HASH_BEGIN, and go on with what it returned. */
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t hash_more(uint64_t hash, const void *data, size_t length);

/* ---- a folder ---- */

typedef struct folder {
    char path[128];
    char file[160]; /* "blob" in it */
} folder;

/* Makes an empty folder for the test. folder_remove removes it with its files. */
void folder_make(folder *self);
void folder_remove(folder *self);

/* Returns how many entries it has. */
int folder_count(const folder *self);

void file_write(const char *path, const void *data, size_t length);

/* Return whether the file has exactly this content. */
bool file_is(const char *path, const void *data, size_t length);
bool file_hashes_to(const char *path, uint64_t hash, uint64_t length);

/* ---- both sides' helpers ---- */

typedef enum way_to_send {
    SEND_BYTES,
    SEND_READER,
    SEND_FD,
    SEND_PIPE,
    SEND_FILE,
    SEND_CHUNKS,
    WAYS_TO_SEND
} way_to_send;

typedef enum way_to_receive {
    RECV_BYTES,
    RECV_WRITER,
    RECV_FD,
    RECV_PIPE,
    RECV_FILE,
    RECV_CHUNKS,
    RECV_READS,
    WAYS_TO_RECEIVE
} way_to_receive;

/* What is sent: `path` is a file with the same bytes as `data`. */
typedef struct sent_blob {
    const uint8_t *data;
    size_t length;
    const char *path;
    size_t chunk_size;
} sent_blob;

/*
 * What was received. A way that needs a file uses `path`. With `expected` the bytes are compared as
 * they come, which is quick for large blobs; without it they are hashed.
 */
typedef struct received_blob {
    const char *path;
    const sent_blob *expected;
    uint64_t length;
    uint64_t hash;
    bool differs;
} received_blob;

natsmicro_status blob_send(natsmicro_call *call, way_to_send way, const sent_blob *blob);
natsmicro_status blob_receive(natsmicro_call *call, way_to_receive way, received_blob *blob);

/* A progress callback that cancels after *user_data bytes, a uint64_t. */
bool cancel_after(uint64_t done, uint64_t total, void *user_data);

#endif
