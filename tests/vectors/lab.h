/*
 * Lab: the lab service with handlers that do what the recorded services' handlers did, as far as
 * the recordings show it.
 */
#ifndef VECTORS_LAB_H
#define VECTORS_LAB_H

#include "lab/v1/lab.nats-c.h"

extern const Lab__V1__LabHandlers lab_as_recorded;

#endif
