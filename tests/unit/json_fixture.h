/*
 * JSON fixture: the messages of tests/protos bound to their schema, and what the tests of JSON
 * assert.
 */
#ifndef TESTS_UNIT_JSON_FIXTURE_H
#define TESTS_UNIT_JSON_FIXTURE_H

#include "json/json.h"

/* Set up and free what the functions below use; for cmocka_run_group_tests. */
int json_setup(void **state);
int json_teardown(void **state);

extern nm_schema *json_schema;
extern nm_dynamic *json_dynamic;

/* The type that a generated descriptor has, and the same as a dynamic one. */
const nm_json_type *json_type(const ProtobufCMessageDescriptor *descriptor);
const ProtobufCMessageDescriptor *
json_dynamic_descriptor(const ProtobufCMessageDescriptor *descriptor);

/* What a text becomes as a message, and that message as a text. */
void assert_reads(const ProtobufCMessageDescriptor *descriptor, const char *text,
                  const char *expected);
void assert_reads_with(const nm_json_options *options, const ProtobufCMessageDescriptor *descriptor,
                       const char *text, const char *expected);

/* A text that comes back as it was. */
void assert_same(const ProtobufCMessageDescriptor *descriptor, const char *text);

/* The error with which a text is refused. */
void assert_refused(const ProtobufCMessageDescriptor *descriptor, const char *text,
                    const char *expected);
void assert_refused_with(const nm_json_options *options,
                         const ProtobufCMessageDescriptor *descriptor, const char *text,
                         const char *expected);
void assert_bytes_refused(const ProtobufCMessageDescriptor *descriptor, const void *text,
                          size_t length, const nm_codec_limits *limits, natsmicro_status status,
                          const char *expected);

/* The text of a message, and the error with which it is refused. */
void assert_writes(const void *message, const char *expected);
void assert_writes_with(const nm_json_options *options, const void *message, const char *expected);
void assert_not_written(const void *message, const char *expected);

#endif
