/*
 * Subjects: the set of subjects that a server itself serves. A peer that names one of them as the
 * place to answer to would have the server talk to itself, so each reply's subject is looked up.
 *
 * Looking up takes no lock, because that happens for every frame with a reply, while subjects are
 * added when a service is. None is ever taken out.
 */
#ifndef NM_SERVER_SUBJECTS_H
#define NM_SERVER_SUBJECTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what owns the subject. */
typedef struct nm_subject_entry nm_subject_entry;
struct nm_subject_entry {
    const char *subject;
    uint64_t hash;
    nm_subject_entry *next;
};

#define NM_SUBJECT_BUCKETS 256 /* of a server with thousands of endpoints, each has a dozen */

/* All zero: empty. */
typedef struct nm_subject_set {
    _Atomic(nm_subject_entry *) buckets[NM_SUBJECT_BUCKETS];
} nm_subject_set;

/*
 * A hash of the length and of the first and last eight bytes; its upper bits are the best ones.
 * Whoever chooses subjects can make their hashes equal.
 */
uint64_t nm_subject_hash(const char *subject, size_t length);

/*
 * Adds a subject that is not in the set; it and the entry must outlive the set. One thread at a
 * time.
 */
void nm_subject_set_add(nm_subject_set *set, nm_subject_entry *entry, const char *subject);

/* Any thread, also while another adds. */
bool nm_subject_set_contains(const nm_subject_set *set, const char *subject);

#endif
