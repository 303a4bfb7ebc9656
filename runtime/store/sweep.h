/*
 * Sweep: removes chunks of a bucket that nobody will read. What cannot be removed when it is time
 * is noted, and removed by whoever puts an object into the bucket next.
 */
#ifndef NM_STORE_SWEEP_H
#define NM_STORE_SWEEP_H

#include "store/object_requests.h"

/*
 * Notes the chunks of a nuid. They are removed unless the object's info has the nuid then, so also
 * where it is not known whether an info was stored. Where memory is short, or there are too many
 * notes, they stay.
 */
void nm_sweep_later(const nm_object_place *place, const char *nuid);

/* Removes what was noted; what fails stays noted. Within a verb. */
void nm_sweep(nm_bucket *bucket, int64_t deadline);

#endif
