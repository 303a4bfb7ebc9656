/*
 * File set: the .proto files that generated code embeds, together with those of them that the
 * library carries: all that a stranger needs to read the messages of a service.
 */
#ifndef NM_SCHEMA_FILE_SET_H
#define NM_SCHEMA_FILE_SET_H

#include "base/bytes.h"
#include "base/sha256.h"
#include "natsmicro/stub.h"

#include <stdbool.h>

typedef struct nm_file_set {
    uint8_t
        *bytes; /* a serialized google.protobuf.FileDescriptorSet, each file after its imports */
    size_t length;
    char sha256[NM_SHA256_SIZE]; /* of these bytes */
} nm_file_set;

/* Makes the set of some files. NULL: memory is short. */
nm_file_set *nm_file_set_new(const natsmicro_stub_file *files, size_t n_files);
void nm_file_set_free(nm_file_set *set); /* NULL is allowed */

/*
 * Finds the types of a method in the file of its service, such as "lab.v1.PingRequest", as bytes of
 * the file. False: it is not there. protobuf-c leaves the names out where a file says
 * optimize_for = CODE_SIZE.
 */
bool nm_file_method_types(const natsmicro_stub_file *file, const char *service, const char *method,
                          nm_bytes *request, nm_bytes *response);

#endif
