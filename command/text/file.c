/*
 * File: see file.h.
 */
#include "text/file.h"

#include "text/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool read_all(const char *path, FILE *file, size_t limit, nm_buffer *content)
{
    char bytes[65536];
    size_t length;
    while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        nm_buffer_append(content, bytes, length);
        if (content->failed || content->length > limit) {
            cmd_fail(0, "%s: longer than %zu bytes", path, limit);
            return false;
        }
    }
    if (ferror(file) == 0)
        return true;
    cmd_fail(0, "%s: %s", path, strerror(errno));
    return false;
}

bool cmd_read_file(const char *path, size_t limit, nm_buffer *content)
{
    if (strcmp(path, "-") == 0)
        return read_all("standard input", stdin, limit, content);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        cmd_fail(0, "%s: %s", path, strerror(errno));
        return false;
    }
    bool read = read_all(path, file, limit, content);
    fclose(file);
    return read;
}

bool cmd_write_file(const char *path, const void *data, size_t length)
{
    FILE *file = fopen(path, "w");
    bool written = file != NULL && fwrite(data, 1, length, file) == length;
    if (file != NULL && fclose(file) != 0)
        written = false;
    if (!written)
        cmd_fail(0, "%s: %s", path, strerror(errno));
    return written;
}
