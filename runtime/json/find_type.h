/*
 * Find type: an Any can be read once its type is known, and "@type" may be its last member.
 */
#ifndef NM_JSON_FIND_TYPE_H
#define NM_JSON_FIND_TYPE_H

#include "json/reader.h"

/*
 * Finds where the value of "@type" is in the object that comes next, and stays at the object. *url
 * is NULL if the object is empty; it has been passed then.
 */
bool nm_json_find_type(nm_json_reader *r, const uint8_t **url);

#endif
