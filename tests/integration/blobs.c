/*
 * See blobs.h.
 */
#include "integration/blobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- bytes ---- */

uint8_t *blob_new(size_t size, uint64_t seed)
{
    uint8_t *data = malloc(size + 8);
    uint64_t random = seed * 2 + 1;
    if (data == NULL)
        support_die("no memory");
    for (size_t i = 0; i < size; i += 8) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        memcpy(data + i, &random, 8);
    }
    return data;
}

uint64_t hash_more(uint64_t hash, const void *data, size_t length)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* ---- a folder ---- */

void folder_make(folder *self)
{
    const char *where = getenv("TMPDIR");
    snprintf(self->path, sizeof(self->path), "%s/natsmicro-test-XXXXXX",
             where != NULL ? where : "/tmp");
    if (mkdtemp(self->path) == NULL)
        support_die("cannot make %s", self->path);
    snprintf(self->file, sizeof(self->file), "%s/blob", self->path);
}

/* Calls `visit` with the path of each entry. Returns how many there are. */
static int each_entry(const folder *self, void (*visit)(const char *path))
{
    int count = 0;
    DIR *directory = opendir(self->path);
    if (directory == NULL)
        support_die("cannot read %s", self->path);
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", self->path, entry->d_name);
        if (visit != NULL)
            visit(path);
    }
    closedir(directory);
    return count;
}

static void remove_file(const char *path)
{
    unlink(path);
}

void folder_remove(folder *self)
{
    each_entry(self, remove_file);
    rmdir(self->path);
}

int folder_count(const folder *self)
{
    return each_entry(self, NULL);
}

void file_write(const char *path, const void *data, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, length, file) != length || fclose(file) != 0)
        support_die("cannot write %s", path);
}

static uint64_t hash_of_file(const char *path, uint64_t *length)
{
    static const size_t size = 65536;
    uint64_t hash = HASH_BEGIN;
    char *buffer = malloc(size);
    FILE *file = fopen(path, "rb");
    *length = 0;
    if (buffer == NULL || file == NULL)
        support_die("cannot read %s", path);
    size_t got;
    while ((got = fread(buffer, 1, size, file)) > 0) {
        hash = hash_more(hash, buffer, got);
        *length += got;
    }
    fclose(file);
    free(buffer);
    return hash;
}

bool file_hashes_to(const char *path, uint64_t hash, uint64_t length)
{
    uint64_t there;
    return access(path, R_OK) == 0 && hash_of_file(path, &there) == hash && there == length;
}

bool file_is(const char *path, const void *data, size_t length)
{
    return file_hashes_to(path, hash_more(HASH_BEGIN, data, length), length);
}

/* ---- sending ---- */

typedef struct memory_reader {
    const sent_blob *blob;
    size_t at;
    size_t most; /* bytes in one call: a source may return fewer than asked for */
} memory_reader;

static natsmicro_status read_memory(void *self, void *buffer, size_t size, size_t *length)
{
    memory_reader *reader = self;
    size_t left = reader->blob->length - reader->at;
    *length = left < size ? left : size;
    if (*length > reader->most)
        *length = reader->most;
    memcpy(buffer, reader->blob->data + reader->at, *length);
    reader->at += *length;
    return *length == 0 ? NATSMICRO_END : NATSMICRO_OK;
}

static natsmicro_status send_open_file(natsmicro_call *call, const sent_blob *blob)
{
    int fd = open(blob->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        support_die("cannot open %s", blob->path);
    natsmicro_status status = natsmicro_chunked_send_fd(call, fd, blob->chunk_size, NULL, NULL);
    close(fd);
    return status;
}

typedef struct piping {
    pthread_t thread;
    const uint8_t *data; /* to write; NULL: to read */
    size_t length;
    received_blob *received;
    int fd;
} piping;

/* Writes pieces of an odd size. */
static void *write_pipe(void *argument)
{
    piping *self = argument;
    for (size_t at = 0; at < self->length;) {
        size_t now = self->length - at < 7777 ? self->length - at : 7777;
        ssize_t written = write(self->fd, self->data + at, now);
        if (written < 0)
            break;
        at += (size_t)written;
    }
    close(self->fd);
    return NULL;
}

static natsmicro_status send_pipe(natsmicro_call *call, const sent_blob *blob)
{
    piping writer = {.data = blob->data, .length = blob->length};
    int ends[2];
    if (pipe(ends) != 0)
        support_die("no pipe");
    writer.fd = ends[1];
    if (pthread_create(&writer.thread, NULL, write_pipe, &writer) != 0)
        support_die("no thread");
    natsmicro_status status =
        natsmicro_chunked_send_fd(call, ends[0], blob->chunk_size, NULL, NULL);
    pthread_join(writer.thread, NULL);
    close(ends[0]);
    return status;
}

static natsmicro_status send_chunks(natsmicro_call *call, const sent_blob *blob)
{
    size_t size = blob->chunk_size > 0 ? blob->chunk_size : 65536;
    for (size_t at = 0; at < blob->length; at += size) {
        size_t left = blob->length - at;
        natsmicro_status status =
            natsmicro_chunked_send_chunk(call, blob->data + at, left < size ? left : size);
        if (status != NATSMICRO_OK)
            return status;
    }
    return natsmicro_chunked_send_chunk(call, NULL, 0);
}

natsmicro_status blob_send(natsmicro_call *call, way_to_send way, const sent_blob *blob)
{
    memory_reader reader = {blob, 0, blob->chunk_size > 2 ? blob->chunk_size / 2 + 1 : SIZE_MAX};
    switch (way) {
    case SEND_BYTES:
        return natsmicro_chunked_send_bytes(call, blob->data, blob->length, blob->chunk_size, NULL,
                                            NULL);
    case SEND_READER:
        return natsmicro_chunked_send_reader(call, read_memory, &reader, blob->chunk_size, NULL,
                                             NULL);
    case SEND_FD:
        return send_open_file(call, blob);
    case SEND_PIPE:
        return send_pipe(call, blob);
    case SEND_FILE:
        return natsmicro_chunked_send_file(call, blob->path, blob->chunk_size, NULL, NULL);
    case SEND_CHUNKS:
        return send_chunks(call, blob);
    case WAYS_TO_SEND:
        break;
    }
    return NATSMICRO_INTERNAL;
}

/* ---- receiving ---- */

static natsmicro_status take(void *self, const void *data, size_t length)
{
    received_blob *blob = self;
    const sent_blob *expected = blob->expected;
    if (expected == NULL)
        blob->hash = hash_more(blob->hash, data, length);
    else if (length > expected->length - blob->length ||
             memcmp(expected->data + blob->length, data, length) != 0)
        blob->differs = true;
    if (!blob->differs)
        blob->length += length;
    return NATSMICRO_OK;
}

static void take_file(received_blob *blob)
{
    static const size_t size = 65536;
    char *buffer = malloc(size);
    FILE *file = fopen(blob->path, "rb");
    if (buffer == NULL || file == NULL)
        support_die("cannot read %s", blob->path);
    size_t got;
    while ((got = fread(buffer, 1, size, file)) > 0)
        take(blob, buffer, got);
    fclose(file);
    free(buffer);
    unlink(blob->path);
}

static natsmicro_status recv_bytes(natsmicro_call *call, received_blob *blob)
{
    uint8_t *data;
    size_t length;
    natsmicro_status status =
        natsmicro_chunked_recv_bytes(call, SIZE_MAX, &data, &length, NULL, NULL);
    if (status == NATSMICRO_OK)
        take(blob, data, length);
    free(data);
    return status;
}

static natsmicro_status recv_open_file(natsmicro_call *call, received_blob *blob)
{
    int fd = open(blob->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        support_die("cannot open %s", blob->path);
    natsmicro_status status = natsmicro_chunked_recv_to_fd(call, fd, NULL, NULL);
    close(fd);
    take_file(blob);
    return status;
}

static void *read_pipe(void *argument)
{
    piping *self = argument;
    char buffer[5000];
    ssize_t got;
    while ((got = read(self->fd, buffer, sizeof(buffer))) > 0)
        take(self->received, buffer, (size_t)got);
    return NULL;
}

static natsmicro_status recv_pipe(natsmicro_call *call, received_blob *blob)
{
    piping reader = {.received = blob};
    int ends[2];
    if (pipe(ends) != 0)
        support_die("no pipe");
    reader.fd = ends[0];
    if (pthread_create(&reader.thread, NULL, read_pipe, &reader) != 0)
        support_die("no thread");
    natsmicro_status status = natsmicro_chunked_recv_to_fd(call, ends[1], NULL, NULL);
    close(ends[1]);
    pthread_join(reader.thread, NULL);
    close(ends[0]);
    return status;
}

static natsmicro_status recv_file(natsmicro_call *call, received_blob *blob)
{
    natsmicro_status status = natsmicro_chunked_recv_to_file(call, blob->path, NULL, NULL);
    if (status == NATSMICRO_OK)
        take_file(blob);
    return status;
}

static natsmicro_status recv_chunks(natsmicro_call *call, received_blob *blob)
{
    const uint8_t *data;
    size_t length;
    natsmicro_status status;
    while ((status = natsmicro_chunked_recv_chunk(call, &data, &length)) == NATSMICRO_OK)
        take(blob, data, length);
    return status == NATSMICRO_END ? NATSMICRO_OK : status;
}

static natsmicro_status recv_reads(natsmicro_call *call, received_blob *blob)
{
    uint8_t buffer[3001];
    size_t length;
    natsmicro_status status;
    while ((status = natsmicro_chunked_read(call, buffer, sizeof(buffer), &length)) == NATSMICRO_OK)
        take(blob, buffer, length);
    return status == NATSMICRO_END ? NATSMICRO_OK : status;
}

natsmicro_status blob_receive(natsmicro_call *call, way_to_receive way, received_blob *blob)
{
    blob->length = 0;
    blob->hash = HASH_BEGIN;
    blob->differs = false;
    switch (way) {
    case RECV_BYTES:
        return recv_bytes(call, blob);
    case RECV_WRITER:
        return natsmicro_chunked_recv_to_writer(call, take, blob, NULL, NULL);
    case RECV_FD:
        return recv_open_file(call, blob);
    case RECV_PIPE:
        return recv_pipe(call, blob);
    case RECV_FILE:
        return recv_file(call, blob);
    case RECV_CHUNKS:
        return recv_chunks(call, blob);
    case RECV_READS:
        return recv_reads(call, blob);
    case WAYS_TO_RECEIVE:
        break;
    }
    return NATSMICRO_INTERNAL;
}

bool cancel_after(uint64_t done, uint64_t total, void *user_data)
{
    const uint64_t *limit = user_data;
    (void)total;
    return done < *limit;
}
