/*
 * JSON lab: the lab service whose messages travel as JSON, with handlers that do what the recorded
 * services' handlers did, as far as the recordings show it; and the messages that the recorded
 * callers sent.
 */
#ifndef VECTORS_LAB_JSON_H
#define VECTORS_LAB_JSON_H

#include "labjson/v1/lab_json.nats-c.h"

#include <stddef.h>

/* Messages that are sent and answered as hexadecimal digits of protobuf's binary form. */
#define JSON_FULL_BEGIN                                                                            \
    "08f9ffffffffffffffff0110818080808080801018ffffffffffffffffff0120012d0000c03f319a9999999999b9" \
    "3f3a1a6772c3bcc39f6520227122203c263e20e280a8200120f09f988042050001fbfffe480252110a04626f6c"   \
    "7410fbffffffffffffffff015a0c01feffffffffffffffff010362050a0161100162050a01621002"
#define JSON_ITEM_2   "6a0408021200"
#define JSON_ITEM_10  "6a0b080a12070a0374656e100a"
#define JSON_FULL_END "720b0880e2cfaa0610809c9c397a05080310e80780010090010c"
#define JSON_FULL     JSON_FULL_BEGIN JSON_ITEM_2 JSON_ITEM_10 JSON_FULL_END
#define JSON_ODD                                                                                   \
    "10808080808080808080012d000080ff31000000000000f87f484d520072007a1608ffffffffffffffffff011080" \
    "b6ca91feffffffff018a0100"

extern const Labjson__V1__LabJsonHandlers lab_json_as_recorded;

/*
 * The message that the recorded caller of a scenario sent as its index-th (the opening of a stream
 * from the caller counts as none), or NULL. protobuf_c_message_free_unpacked it.
 */
ProtobufCMessage *lab_json_sent(const char *scenario, size_t index);

#endif
