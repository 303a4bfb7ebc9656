/*
 * The TypeScript program in typescript/, on @nats-io/transport-node and @nats-io/services, which
 * knows docs/wire-protocol.md and nothing of this library, calls a service of ours, and serves
 * calls of ours.
 */
#include "interop/calls.h"

int main(void)
{
    return calls_with_peer("typescript-peer", false);
}
