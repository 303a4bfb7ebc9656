/*
 * Rules: what names, versions, subjects and codes may be. The generator asks them about the options
 * of a proto and the library about those of a program, so that both take the same.
 *
 * A function that ends in _fault returns NULL, or a static text that is shown after the value:
 * `name "a b": not letters, digits, - and _ only`. All functions are pure.
 */
#ifndef NM_BASE_RULES_H
#define NM_BASE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A service's name in discovery: A-Z a-z 0-9 - _, at most this many bytes. Discovery's subjects
 * contain it, and a broker refuses long subjects.
 */
#define NM_SERVICE_NAME_LIMIT 512
const char *nm_service_name_fault(const char *name);

/* A semantic version (semver.org 2.0.0): "1.2.3", "1.2.3-rc.1+build". */
const char *nm_version_fault(const char *version);

/*
 * A subject to publish to: tokens joined by single dots, in UTF-8, without wildcards, spaces and
 * control characters; at most this many bytes. NULL is as bad as an empty subject.
 */
#define NM_SUBJECT_LIMIT 1024
const char *nm_subject_fault(const char *subject);

/* The prefix of a service's subjects: a subject, but not under $, which is the broker's. */
const char *nm_subject_prefix_fault(const char *prefix);

/*
 * An error's code where it is not the value of a header: 1 to NM_CODE_LIMIT bytes of visible ASCII.
 */
#define NM_CODE_LIMIT 128
bool nm_code_is_valid(const uint8_t *code, size_t length);

/*
 * A bucket of JetStream: A-Z a-z 0-9 - _. The name of its stream begins with KV_ or OBJ_, and a
 * broker takes 255 bytes for that.
 */
#define NM_BUCKET_LIMIT 251
const char *nm_bucket_fault(const char *name);

/*
 * A key of a key-value bucket: tokens of A-Z a-z 0-9 - / _ =, joined by single dots. The name of an
 * object is any text. Both become a part of a subject, and a broker closes the connection of who
 * sends a longer line than it takes. NULL is as bad as an empty one.
 */
#define NM_KEY_LIMIT 1024
const char *nm_kv_key_fault(const char *key);
const char *nm_object_name_fault(const char *name);

#endif
