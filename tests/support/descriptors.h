/*
 * Descriptors: sets of file descriptors that protoc wrote when the tests were built.
 */
#ifndef TESTS_SUPPORT_DESCRIPTORS_H
#define TESTS_SUPPORT_DESCRIPTORS_H

#include "base/bytes.h"

typedef struct descriptors {
    nm_bytes *files; /* serialized google.protobuf.FileDescriptorProto */
    size_t n_files;
    void *memory;
} descriptors;

/*
 * Reads $BUILD/gen/descriptors/<name>.set: "tests" has the files of tests/protos, "odd" those of
 * tests/descriptors, "bench" and "conformance" what the benches and the conformance suite take;
 * each with all that they import. Aborts if it is not there.
 */
descriptors descriptors_read(const char *name);

/* The same of the bytes of a google.protobuf.FileDescriptorSet, which must outlive them. */
descriptors descriptors_of(const void *set, size_t length);

void descriptors_free(descriptors *these);

#endif
