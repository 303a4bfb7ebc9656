/*
 * Descriptors: see descriptors.h.
 */
#include "support/descriptors.h"

#include "base/cursor.h"

#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "%s: %s\n", path, what);
    abort();
}

descriptors descriptors_of(const void *set, size_t length)
{
    nm_cursor s = nm_cursor_over(set, length);
    descriptors these = {NULL, 0, NULL};

    while (s.at < s.end) {
        uint64_t tag;
        uint64_t size;
        nm_cursor file;
        if (!nm_take_varint(&s, NM_VARINT32_SIZE, &tag) || tag != 10 ||
            !nm_take_varint(&s, NM_VARINT32_SIZE, &size) || !nm_take_bytes(&s, size, &file))
            fail("no set of file descriptors", "set");
        these.files = realloc(these.files, (these.n_files + 1) * sizeof(these.files[0]));
        if (these.files == NULL)
            fail("no memory", "set");
        these.files[these.n_files++] = (nm_bytes){file.at, nm_cursor_left(&file)};
    }
    return these;
}

#define LARGEST_SET ((size_t)4 << 20)

descriptors descriptors_read(const char *name)
{
    const char *build = getenv("BUILD");
    char path[1000];

    snprintf(path, sizeof(path), "%s/gen/descriptors/%s.set", build != NULL ? build : "build",
             name);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(LARGEST_SET);
    if (file == NULL || bytes == NULL)
        fail("cannot be read", path);
    size_t length = fread(bytes, 1, LARGEST_SET, file);
    if (ferror(file) || length == LARGEST_SET)
        fail("cannot be read whole", path);
    fclose(file);
    descriptors these = descriptors_of(bytes, length);
    these.memory = bytes;
    return these;
}

void descriptors_free(descriptors *these)
{
    free(these->files);
    free(these->memory);
}
