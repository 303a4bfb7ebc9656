/*
 * Leftovers: chunks of a bucket that nobody will read and that could not be removed when it was
 * time: the broker was away, or the deadline at hand. Whoever puts an object into the bucket next
 * removes them. They are not kept longer than the store: a process that ends before leaves them.
 */
#ifndef NM_STORE_LEFTOVERS_H
#define NM_STORE_LEFTOVERS_H

#include "store/object_requests.h"

/*
 * Notes the chunks of a nuid. They are removed unless the object's info has the nuid then, so also
 * where it is not known whether an info was stored. Where memory is short, or there are too many,
 * they stay.
 */
void nm_leftovers_add(const nm_object_place *place, const char *nuid);

/* Removes what was noted; what fails stays noted. Within a verb. */
void nm_leftovers_remove(nm_bucket *bucket, int64_t deadline);

/* Frees the notes of a bucket that is not used any more. */
void nm_leftovers_free(nm_leftover *first);

#endif
