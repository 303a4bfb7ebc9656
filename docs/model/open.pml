/*
 * The opening: one caller, two instances of the service in a queue group. Does the handler run at
 * most once? As the protocol has it, the opening is published once, and the instance that gets it
 * starts its handler at once and repeats its first frame until it hears the caller.
 *
 * -DRETRY: the caller publishes the opening again when it hears nothing; the other instance may get
 * it. -DHANDSHAKE: an instance starts its handler only when the caller's first frame has come.
 */
#ifndef LOSS
#define LOSS 2
#endif
#define N 2
mtype = { OPEN, FRAME, RST };
chan toc = [8] of { byte, mtype };
chan toi[N] = [6] of { mtype };
byte loss = LOSS, runs, tries, rep[N], spur = 1;
byte chosen = N;                        /* the instance that the caller has committed itself to */
bit known[N], started[N], sure[N], gonei[N], closed, cancelled, tickc, ticki[N], openlost, gaveup[N];
#ifdef RETRY
#define TRIES 2
#else
#define TRIES 1
#endif
#define MAXREP (LOSS + 3)

inline toinst(i, k) { if :: toi[i]!k :: loss > 0 -> loss--; if :: k == OPEN -> openlost = 1 :: else fi fi }
inline tocli(i, k)  { if :: toc!i,k :: loss > 0 -> loss-- fi }
inline publish()    { tries++; if :: toinst(0, OPEN) :: toinst(1, OPEN) fi }

proctype client() {
  byte i; mtype k; byte quiet;
  atomic { publish() }
end:
  do
  :: atomic { toc?i,k ->
     if
     :: k == RST -> if :: chosen == i -> closed = 1 :: else fi
     :: else ->
        if
        :: closed || cancelled || (chosen < N && chosen != i) -> toinst(i, RST)
        :: else -> chosen = i; toinst(i, FRAME)
        fi
     fi; i = 0; k = 0 }
  :: atomic { tickc -> tickc = 0;
     if
     :: closed || cancelled || chosen < N -> skip
     :: else -> quiet++;
        if
        :: quiet > LOSS + 3 -> closed = 1
        :: else -> if :: tries < TRIES -> publish() :: else fi
        fi
     fi }
#ifdef CANCEL
  :: atomic { !closed && !cancelled -> cancelled = 1; if :: chosen < N -> toinst(chosen, RST) :: else fi }
#endif
  od
}

proctype inst(byte me) {
  mtype k;
end:
  do
  :: atomic { toi[me]?k ->
     if
     :: gonei[me] -> skip
     :: k == OPEN ->
        known[me] = 1;
#ifndef HANDSHAKE
        if :: !started[me] -> started[me] = 1; runs++; assert(runs <= 1) :: else fi;
#endif
        tocli(me, FRAME)
     :: k == FRAME && !gonei[me] ->
        assert(known[me]);
        sure[me] = 1;
#ifdef HANDSHAKE
        if :: !started[me] -> started[me] = 1; runs++; assert(runs <= 1) :: else fi;
#endif
     :: k == RST -> gonei[me] = 1
     fi; k = 0 }
  :: atomic { ticki[me] -> ticki[me] = 0;
     if
     :: known[me] && !sure[me] && !gonei[me] ->
        rep[me]++;
        if :: rep[me] > MAXREP -> gonei[me] = 1; gaveup[me] = 1; tocli(me, RST) :: else -> tocli(me, FRAME) fi
     :: else
     fi }
  od
}

proctype clock() {
  do
  :: timeout ->
     if
     :: (closed || cancelled || chosen < N) &&
        (!known[0] || sure[0] || gonei[0]) && (!known[1] || sure[1] || gonei[1]) -> break
     :: else -> atomic { tickc = 1; ticki[0] = 1; ticki[1] = 1 }
     fi
  :: atomic { spur > 0 -> spur--; tickc = 1 }
  :: atomic { spur > 0 -> spur--; ticki[0] = 1; ticki[1] = 1 }
  od;
  assert(runs <= 1);
  assert(!(gaveup[0] || gaveup[1]));    /* losses alone never make an instance give up */
  assert(openlost || cancelled || (chosen < N && started[chosen] && !gonei[chosen]));
  assert(!cancelled || ((gonei[0] || !known[0] || sure[0]) && (gonei[1] || !known[1] || sure[1])))
}

init { atomic { run client(); run inst(0); run inst(1); run clock() } }
