/*
 * Carried: the .proto files that the library brings along, so that generated code need not: the
 * well-known types, descriptor.proto and natsmicro/options.proto. `make` writes their bytes into C.
 */
#ifndef NM_SCHEMA_CARRIED_H
#define NM_SCHEMA_CARRIED_H

#include "base/bytes.h"

typedef struct nm_carried {
    const char *name; /* "google/protobuf/any.proto" */
    nm_bytes bytes;   /* the serialized google.protobuf.FileDescriptorProto */
} nm_carried;

/* Each is listed after what it imports, and all that they import is listed. */
extern const nm_carried nm_carried_files[];
extern const size_t nm_n_carried_files;

/* The bytes of the file of this name; NULL: the library does not carry it. */
const nm_bytes *nm_carried_file(const char *name);

#endif
