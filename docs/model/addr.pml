/*
 * Addresses across accounts: each NATS reply that passes an import is rewritten to an address of its
 * own, and a reconnect of a side kills every address that leads to it (ep: its present one). The
 * rule: a side sends to the NATS reply of the latest frame that had one.
 *
 * -DFIRST: to that of the first frame, for ever.
 */
#ifndef RECONN
#define RECONN 1        /* reconnects, of sides chosen freely */
#endif
#define LIMIT 6         /* probes in a silent limit */
#define ROUNDS 14
chan ch[2] = [8] of { byte };           /* 0: no reply; else the sender's address + 1 */
chan held[2] = [1] of { byte };
byte ep[2], addr[2], silent[2], reconn = RECONN, hold = 1, rounds;
bit tick[2], gone[2];
#define other (1-me)

inline tx(r) {
  if
  :: addr[me] != ep[other] -> skip      /* a dead address */
  :: else -> assert(len(ch[other]) < 7); if :: ch[other]!r :: hold > 0 -> hold--; held[other]!r fi
  fi
}

proctype side(byte me) { byte r;
end: do
  :: atomic { ch[me]?r ->
       silent[me] = 0;
       if
       :: r > 0 ->
#ifndef FIRST
          addr[me] = r-1;
#endif
          if :: !gone[me] -> tx(0) :: else fi
       :: else
       fi; r = 0 }
  :: atomic { tick[me] -> tick[me] = 0;
       if :: !gone[me] -> silent[me]++; if :: silent[me] > LIMIT -> gone[me] = 1 :: else -> tx(ep[me]+1) fi :: else fi }
  od }

proctype env() { byte r;
end: do
  :: atomic { reconn > 0 -> reconn--; if :: ep[0]++ :: ep[1]++ fi }
  :: atomic { held[0]?r -> ch[0]!r; r = 0 }
  :: atomic { held[1]?r -> ch[1]!r; r = 0 }
  od }

proctype clock() {
  do
  :: rounds < ROUNDS && tick[0] == 0 && tick[1] == 0 && len(ch[0]) + len(ch[1]) == 0 -> atomic { rounds++; tick[0] = 1; tick[1] = 1 }
  :: rounds == ROUNDS -> break
  od;
  assert(!gone[0] && !gone[1]) }

init { atomic { run side(0); run side(1); run env(); run clock() } }
