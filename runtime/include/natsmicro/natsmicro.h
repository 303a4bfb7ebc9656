/*
 * natsmicro: typed services on NATS, in C. Includes all that a user calls; generated headers
 * include it.
 */
#ifndef NATSMICRO_H
#define NATSMICRO_H

#include <natsmicro/call.h>
#include <natsmicro/chunked.h>
#include <natsmicro/client.h>
#include <natsmicro/context.h>
#include <natsmicro/server.h>
#include <natsmicro/status.h>

#endif
