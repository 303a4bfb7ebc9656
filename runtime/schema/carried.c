/*
 * Carried: see carried.h.
 */
#include "schema/carried.h"

const nm_bytes *nm_carried_file(const char *name)
{
    for (size_t i = 0; i < nm_n_carried_files; i++) {
        if (strcmp(nm_carried_files[i].name, name) == 0)
            return &nm_carried_files[i].bytes;
    }
    return NULL;
}
