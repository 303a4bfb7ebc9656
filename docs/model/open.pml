/*
 * The opening: one caller, two instances of the service. As the protocol has it, the opening is
 * published once, and the instance that gets it starts its handler at once and repeats its first
 * frame, which has the header (HEAD), until it hears the caller; its other frames are bare. Does the
 * handler run at most once? Are a caller's frames all from one instance?
 *
 * -DRETRY: the caller publishes the opening again when it hears nothing; the other instance may get
 * it. -DHANDSHAKE: an instance starts its handler only when the caller's first frame has come.
 *
 * -DBOTH: both instances get the opening, because they are in no queue group, or because a stranger
 * has sent it again. The caller tells them apart by the token in the header of their frames; a bare
 * frame has none. -DNOTOKEN: it cannot, and takes frames with the header until a bare one has come.
 */
#ifndef LOSS
#define LOSS 2
#endif
#ifndef HOLD
#define HOLD 0
#endif
#define N 2
mtype = { OPEN, HEAD, BARE, FRAME, RST };
chan toc = [8] of { byte, mtype };
chan held = [1] of { byte, mtype };     /* on another way: it comes at any time, or never */
chan toi[N] = [6] of { mtype };
byte loss = LOSS, hold = HOLD, runs, tries, rep[N], spur = 1;
byte chosen = N;                        /* the instance that the caller has committed itself to */
byte address = N;                       /* the one that its frames go to */
byte lost;                              /* openings */
bit known[N], started[N], sure[N], gonei[N], bared[N], closed, cancelled, heard, tickc, ticki[N], gaveup[N];
#ifdef RETRY
#define TRIES 2
#else
#define TRIES 1
#endif
#ifdef BOTH
#define COPIES 2
#else
#define COPIES 1
#endif
#define MAXREP (LOSS + 3)
#define OTHER(i) (1 - (i))

inline toinst(i, k) { if :: toi[i]!k :: loss > 0 -> loss--; if :: k == OPEN -> lost++ :: else fi fi }
inline tocli(i, k) {
  if
  :: toc!i,k
  :: loss > 0 -> loss--
  :: hold > 0 && k == HEAD -> hold--; held!i,k
  fi
}
#ifdef BOTH
inline publish()    { tries++; toinst(0, OPEN); toinst(1, OPEN) }
#else
inline publish()    { tries++; if :: toinst(0, OPEN) :: toinst(1, OPEN) fi }
#endif

/* The handler of an instance runs once; in a queue group that of one instance alone. */
inline start(i) {
  if
  :: !started[i] -> started[i] = 1; runs++; assert(runs <= COPIES)
  :: else
  fi
}

/* The caller takes a frame: messages, acknowledgement and address. */
inline take(i) { assert(chosen == i); address = i; toinst(address, FRAME) }

proctype client() {
  byte i; mtype k; byte quiet;
  atomic { publish() }
end:
  do
  :: atomic { toc?i,k ->
     if
     :: k == RST -> if :: chosen == i -> closed = 1 :: else fi
     :: k == BARE ->                    /* it comes without a NATS reply: nobody could be told */
        if
        :: closed || cancelled -> skip
        :: else -> heard = 1; assert(chosen == i)
        fi
     :: k == HEAD ->
        if
        :: closed || cancelled -> toinst(i, RST)
#ifdef NOTOKEN
        :: !closed && !cancelled && heard && chosen != i -> skip
        :: !closed && !cancelled && !(heard && chosen != i) ->
           if :: chosen == N -> chosen = i :: else fi;
           take(i)
#else
        :: !closed && !cancelled && chosen < N && chosen != i -> toinst(i, RST)
        :: !closed && !cancelled && (chosen == N || chosen == i) -> chosen = i; take(i)
#endif
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
     :: !gonei[me] && k == OPEN ->
        known[me] = 1;
#ifndef HANDSHAKE
        start(me);
#endif
        tocli(me, HEAD)
     :: !gonei[me] && k == FRAME ->
        assert(known[me]);
        sure[me] = 1;
#ifdef HANDSHAKE
        start(me);
#endif
        if :: !bared[me] -> bared[me] = 1; tocli(me, BARE) :: else fi
     :: !gonei[me] && k == RST -> gonei[me] = 1
     fi; k = 0 }
  :: atomic { ticki[me] -> ticki[me] = 0;
     if
     :: known[me] && !sure[me] && !gonei[me] ->
        rep[me]++;
        if :: rep[me] > MAXREP -> gonei[me] = 1; gaveup[me] = 1; tocli(me, RST) :: else -> tocli(me, HEAD) fi
     :: else
     fi }
  od
}

proctype other_way() {
  byte i; mtype k;
end:
  do
  :: atomic { held?i,k -> toc!i,k; i = 0; k = 0 }
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
  assert(runs <= COPIES);
  assert(!(gaveup[0] || gaveup[1]));    /* losses alone never make an instance give up */
#ifdef BOTH
  assert(lost == 2 || cancelled || (chosen < N && started[chosen] && !gonei[chosen]));
  /* The other one has been told, and has never counted itself as heard. */
  assert(chosen == N || !known[OTHER(chosen)] || (gonei[OTHER(chosen)] && !sure[OTHER(chosen)]));
#else
  assert(lost > 0 || cancelled || (chosen < N && started[chosen] && !gonei[chosen]));
#endif
  assert(!cancelled || ((gonei[0] || !known[0] || sure[0]) && (gonei[1] || !known[1] || sure[1])))
}

init { atomic { run client(); run inst(0); run inst(1); run other_way(); run clock() } }
