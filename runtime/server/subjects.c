/*
 * Subjects: see subjects.h. An entry is complete before the head of its bucket leads to it, and
 * does not change afterwards; so readers see whole chains.
 */
#include "server/subjects.h"

#include <string.h>

/*
 * This tells subjects apart well: those of a server differ at one end, and inboxes, which are
 * looked up most, end in random characters.
 */
uint64_t nm_subject_hash(const char *subject, size_t length)
{
    const size_t size = length < sizeof(uint64_t) ? length : sizeof(uint64_t);
    uint64_t head = 0;
    uint64_t tail = 0;
    memcpy(&head, subject, size);
    memcpy(&tail, subject + length - size, size);
    uint64_t hash = (head ^ length) * UINT64_C(0xff51afd7ed558ccd);
    return (hash ^ hash >> 32 ^ tail) * UINT64_C(0x9e3779b97f4a7c15);
}

static size_t bucket_of(uint64_t hash)
{
    return (size_t)(hash >> 56); /* the bits that all others have been mixed into */
}

_Static_assert(NM_SUBJECT_BUCKETS == 256, "the bucket is a byte of the hash");

void nm_subject_set_add(nm_subject_set *set, nm_subject_entry *entry, const char *subject)
{
    entry->subject = subject;
    entry->hash = nm_subject_hash(subject, strlen(subject));
    _Atomic(nm_subject_entry *) *head = &set->buckets[bucket_of(entry->hash)];
    entry->next = atomic_load_explicit(head, memory_order_relaxed);
    atomic_store_explicit(head, entry, memory_order_release);
}

bool nm_subject_set_contains(const nm_subject_set *set, const char *subject)
{
    const uint64_t hash = nm_subject_hash(subject, strlen(subject));
    const nm_subject_entry *entry =
        atomic_load_explicit(&set->buckets[bucket_of(hash)], memory_order_acquire);
    while (entry != NULL && (entry->hash != hash || strcmp(entry->subject, subject) != 0))
        entry = entry->next;
    return entry != NULL;
}
