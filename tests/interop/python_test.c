/*
 * The Python program in python/, on nats-py and its micro package, which knows
 * docs/wire-protocol.md and nothing of this library, calls a service of ours, and serves calls of
 * ours.
 */
#include "interop/calls.h"

int main(void)
{
    return calls_with_peer("python-peer", false);
}
