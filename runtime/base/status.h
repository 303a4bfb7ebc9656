/*
 * Status: the numbers of statuses, beside what natsmicro/status.h has.
 */
#ifndef NM_BASE_STATUS_H
#define NM_BASE_STATUS_H

#include "natsmicro/status.h"

/* The number that stands for a status where numbers are asked for; the name of one without. */
const char *nm_status_number(natsmicro_status status);

#endif
