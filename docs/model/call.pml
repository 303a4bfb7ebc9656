/*
 * One call of a reliable stream: caller 0, service 1, both directions, and a medium that loses,
 * repeats and holds back frames. What is checked and with which sizes: the file `checks`.
 *
 * A rule of the protocol that can be switched off to see what it is good for has a -DBUG_... here.
 */
#ifndef NC
#define NC 2                    /* messages caller to service; 255: a server stream, whose caller's
                                   direction is ended by the opening */
#endif
#ifndef NS
#define NS 3                    /* messages service to caller */
#endif
#ifndef LOSS
#define LOSS 1                  /* frames that the medium may lose */
#endif
#ifndef DUP
#define DUP 1                   /* frames that it may deliver twice */
#endif
#ifndef HOLD
#define HOLD 1                  /* frames that it may hold back and deliver behind later ones */
#endif
#ifndef SPUR
#define SPUR 1                  /* timers that fire although something was still under way */
#endif
#ifdef PART                      /* so many bursts have only some of what is to be sent again; else any number */
byte part = PART;
#define may_be_partial part > 0
#define count_partial part--
#else
#define may_be_partial true
#define count_partial skip
#endif
#ifndef MISHAP
#define MISHAP 0                /* cancels, aborts, crashes, in all; which: -DCANCEL -DABORT -DCRASH */
#endif
#ifndef LIMIT
#define LIMIT (LOSS+SPUR+2)     /* silent periods of the timer before the call is given up */
#endif
#define W 2                     /* window in messages */
/*
 * -DWAITS: the service has no worker at first. It accepts the call with a window of 0, and its
 * handler starts at any time, or after up to so many periods of the timers.
 */
#ifdef WAITS
bit mayserve, served;
byte patience = WAITS;
#define WINDOW (me == 1 && !served -> 0 : W)
#define works (me == 0 || served)
#else
#define WINDOW W
#define works true
#endif
#define Q 14                    /* frames in the medium at once */

/* Where a side stands. */
#define OPENING 0               /* caller: the opening is out. service: knows no call yet */
#define UP      1
#define GONE    2               /* over, and forgotten but for what the reader still has to read */
#define DEAD    3               /* its process is */

/* How its call ended. */
#define R_NONE   0
#define R_END    1
#define R_RESET  2
#define R_SILENT 3
#define R_CANCEL 4

mtype = { OPEN, SEG, RST };
/*
 * A frame: kind, seq, number of messages (0 to 2), first and second message, end, ack, limit, gap,
 * ask (published with a NATS reply: wants an answer), hdr (has the header Natsmicro-Stream). A
 * message's content is its number, as its sender counted.
 */
chan ch[2]   = [Q] of { mtype, byte, byte, byte, byte, bit, byte, byte, bit, bit, bit };
chan held[2] = [1] of { mtype, byte, byte, byte, byte, bit, byte, byte, bit, bit, bit };

byte st[2], res[2];
byte made[2], una[2], lim[2];   /* as sender: accepted from the application, acknowledged, allowed */
byte rx[2], cons[2], ann[2];    /* as receiver: taken, read by the application, announced */
byte q0[2], q1[2], qn[2];       /* the receiver's queue, W = 2 */
byte got[2];                    /* what the application has read */
byte silent[2], stuck[2];       /* periods without a frame; without an acknowledgement */
byte gapseen[2];                /* una+1 for which a gap was honoured */
bit  endq[2], endrx[2];         /* our end is out; the peer's end was taken */
bit  told[2];                   /* the application was told of the peer's end */
bit  tick[2];                   /* the timer has fired */
bit  rest[2];                   /* a burst did not have all; more goes out when it is acknowledged */
bit  sure;                      /* the service has heard its caller */
byte loss = LOSS, dup = DUP, hold = HOLD, spur = SPUR, mishap = MISHAP;
byte runs;                      /* how often the handler was started */
bit  openlost;                  /* the medium lost the opening */
bit  hurt;                      /* a cancel, abort, crash or early end took place */

#define other (1-me)

/* A service that has not heard its caller asks with every frame, and sets the header. */
#define ASKS (AS || (to == 0 && !sure && K == SEG))
#define HEADER (to == 0 && !sure)

inline put(to, K,S,N,A,B,F,AK,L,G,AS) {
  if
  :: st[to] == DEAD -> skip
#ifdef BLACKHOLE                /* frames with messages never get through, as if too large on the way */
  :: st[to] != DEAD && N > 0 && to == 0 -> hurt = 1
#endif
  :: else ->
     assert(len(ch[to]) < Q-1);
     if
     :: ch[to]!K,S,N,A,B,F,AK,L,G,ASKS,HEADER
     :: loss > 0 -> loss--; if :: K == OPEN -> openlost = 1 :: else fi
     :: dup > 0 && K != OPEN -> dup--;
        ch[to]!K,S,N,A,B,F,AK,L,G,ASKS,HEADER; ch[to]!K,S,N,A,B,F,AK,L,G,ASKS,HEADER
     :: hold > 0 && empty(held[to]) -> hold--; held[to]!K,S,N,A,B,F,AK,L,G,ASKS,HEADER
     fi
  fi
}

/* A frame: something of our direction, or nothing, and what we say as receiver of the other one. */
inline seg(S,N,A,B,F,G,AS) {
  ann[me] = cons[me] + WINDOW;
  put(other, SEG,S,N,A,B,F, rx[me]+endrx[me], ann[me], G, AS)
}
inline rst() { put(other, RST,0,0,0,0,0,0,0,0,0) }

#define outstanding (una[me] < made[me] + endq[me])

/* What is not acknowledged, in one frame: go-back-N. A burst may be the oldest message alone. */
inline resend(AS) {
  if
  :: rest[me] = 0; seg(una[me]+1, made[me]-una[me], una[me]+1, una[me]+2, endq[me], 0, AS)
  :: made[me]-una[me] + endq[me] > 1 && made[me] > una[me] && may_be_partial ->
     count_partial; rest[me] = 1; seg(una[me]+1, 1, una[me]+1, una[me]+2, 0, 0, AS)
  fi
}

inline gone(R) {
  st[me] = GONE; res[me] = R;
  silent[me] = 0; stuck[me] = 0; tick[me] = 0; gapseen[me] = 0; rest[me] = 0;
  if :: R != R_END -> qn[me] = 0; q0[me] = 0; q1[me] = 0 :: else fi
}

inline push(X) {
  assert(rx[me] < ann[me]);             /* the sender kept to our limit */
  rx[me]++;
  assert(qn[me] < W);                   /* our memory is bounded */
  if :: qn[me] == 0 -> q0[me] = X :: else -> q1[me] = X fi;
  qn[me]++
}

#ifdef WRITEFIRST               /* a caller that reads only when it has sent all, or cannot send any more */
#define mayread (me == 1 || endq[0] || st[0] == GONE)
#else
#define mayread true
#endif

proctype side(byte me) {
  mtype k; byte s, n, a, b, ak, l; bit f, g, as, h, ans;
  if
  :: me == 0 -> atomic {
       ann[0] = W;
       if :: NC == 255 -> endq[0] = 1; una[0] = 1 :: else fi;
       put(1, OPEN,0,0,0,0,0,0,W,0,1) }
  :: else
  fi;
end:
  do
  /* ---- a frame */
  :: atomic { ch[me]?k,s,n,a,b,f,ak,l,g,as,h ->
     ans = 0;
     if
     :: st[me] == DEAD -> skip
     :: st[me] == GONE ->               /* a call that we do not know: reset, if somebody asks */
        if
        :: as && k == SEG ->
#ifndef BUG_NORST
           rst()
#else
           skip
#endif
        :: else
        fi
     :: else ->
        if
        :: k == OPEN ->
           runs++; assert(me == 1 && runs == 1);
           st[1] = UP; ann[1] = WINDOW;
#ifdef UNHEARD                  /* less than the opening allows, until a frame of the caller comes */
           lim[1] = 1;
#else
           lim[1] = l;
#endif
           if :: NC == 255 -> endrx[1] = 1; told[1] = 1 :: else fi;
           seg(0,0,0,0,0,0,1)           /* an empty frame, which acknowledges the opening */
        :: k == RST ->
           assert(st[me] == UP || (me == 0 && h));
           gone(R_RESET)
        :: k == SEG ->
           assert(st[me] == UP || (me == 0 && h));  /* no bare frame meets a caller that is opening */
           st[me] = UP; silent[me] = 0;
           if :: me == 1 -> sure = 1 :: else fi;
           assert(ak <= made[me] + endq[me]);       /* no honest peer acknowledges what was never sent */
           if
           :: ak > una[me] ->
              una[me] = ak; stuck[me] = 0;
#ifndef BUG_NOREST
              if :: rest[me] && outstanding -> resend(1) :: else -> rest[me] = 0 fi
#else                           /* the next burst is left to the timer */
              rest[me] = 0
#endif
           :: else
           fi;
#ifdef BUG_LIMIT                /* the limit last heard, not the highest */
           lim[me] = l;
#elif defined(BUG_RELATIVE)     /* "so much window is left", counted from the highest ack known */
           lim[me] = una[me] + (l - ak);
#else
           if :: l > lim[me] -> lim[me] = l :: else fi;
#endif
           if
           :: n > 0 || f ->
              ans = 1;
              if
#ifdef BUG_ORDER
              :: s > rx[me] + 1 && n == 1 && rx[me] < ann[me] && qn[me] < W -> push(a); g = 0
#else
              :: s > rx[me] + 1 -> ans = 0; seg(0,0,0,0,0,1,0)      /* a gap: say so */
#endif
              /* it has ended, or our handler has returned: nothing is taken */
              :: s <= rx[me] + 1 && (endrx[me] || (me == 1 && endq[1])) -> skip
              :: else ->
                 if
                 :: n >= 1 && s == rx[me]+1 -> push(a); if :: n == 2 -> push(b) :: else fi
                 :: n == 2 && s == rx[me]   -> push(b)
                 :: else
                 fi;
                 if :: f && s+n == rx[me]+1 -> endrx[me] = 1 :: else fi
              fi
           :: else
           fi;
           if
           :: g && ak == una[me] && outstanding && gapseen[me] != una[me]+1 ->
              gapseen[me] = una[me]+1; resend(1)
           :: else
           fi;
           if
           :: ans || (as && n == 0 && !f) -> seg(0,0,0,0,0,0,0)
           :: else
           fi;
           if
           :: me == 0 && endrx[0] -> gone(R_END)                       /* the service's end ends the call */
           :: me == 1 && endq[1] && una[1] == made[1]+1 -> gone(R_END) /* its acknowledgement ends it there */
           :: else
           fi
        fi
     fi;
     k = 0; s = 0; n = 0; a = 0; b = 0; ak = 0; l = 0; f = 0; g = 0; as = 0; h = 0; ans = 0 }

  /* ---- the timer */
  :: atomic { tick[me] && (len(ch[me]) == 0 || st[me] > UP) ->
     tick[me] = 0;
     if
     :: st[me] == UP || (st[me] == OPENING && me == 0) ->
        silent[me]++;
        if :: st[me] == UP && outstanding -> stuck[me]++ :: else fi;
        if
#ifndef BUG_NOSTUCK
        :: silent[me] >= LIMIT || stuck[me] >= LIMIT ->
#else
        :: silent[me] >= LIMIT ->
#endif
           if :: st[me] == UP -> rst() :: else fi;
           gone(R_SILENT)
        :: else ->
           if
           :: st[me] == UP ->
           if
           :: outstanding -> resend(1)
           :: else ->
#ifndef BUG_NOPROBE
              seg(0,0,0,0,0,0,1)        /* a probe: the window is shut, or nothing was heard */
#else
              silent[me] = 0
#endif
           fi
           :: else
           fi
        fi
     :: else
     fi }

  /* ---- what the application sends */
  :: atomic { works && st[me] == UP && !endq[me] && made[me] < (me == 0 -> NC : NS) && made[me] < lim[me] ->
     made[me]++;
     seg(made[me], 1, made[me], 0, 0, 0, 0) }
  :: atomic { works && st[me] == UP && !endq[me] && made[me] == (me == 0 -> NC : NS) && (me == 0 || told[1]) ->
     endq[me] = 1;
     seg(made[me]+1, 0,0,0, 1, 0, 1) }
#ifdef EARLY
  :: atomic { me == 1 && works && st[1] == UP && !endq[1] -> /* a handler returns when it likes */
     hurt = 1; endq[1] = 1; qn[1] = 0; q0[1] = 0; q1[1] = 0;
     seg(made[1]+1, 0,0,0, 1, 0, 1) }
#endif
  /* ---- what it reads; a caller goes on reading after the end has arrived */
  :: atomic { qn[me] > 0 && mayread ->
     assert(q0[me] == got[me]+1);                       /* in order, no hole, no repeat */
     got[me]++; cons[me]++; qn[me]--; q0[me] = q1[me]; q1[me] = 0;
     if :: st[me] == UP && ann[me] == rx[me] -> seg(0,0,0,0,0,0,0) :: else fi } /* the window was shut: tell */
#ifdef WAITS
  :: atomic { me == 1 && mayserve && !served && st[1] == UP ->
     served = 1;
     if :: NC != 255 && !endrx[1] -> seg(0,0,0,0,0,0,0) :: else fi } /* tell the window */
#endif
  :: atomic { works && endrx[me] && !told[me] && qn[me] == 0 && mayread && (st[me] == UP || (st[me] == GONE && res[me] == R_END)) && !(me == 1 && endq[1]) ->
     told[me] = 1;
     assert(endq[other] && got[me] == made[other]) }    /* the end is told only after everything */

  /* ---- mishaps */
#ifdef CANCEL
  :: atomic { mishap > 0 && me == 0 && st[0] <= UP ->
     mishap--; hurt = 1; if :: st[0] == UP -> rst() :: else fi; gone(R_CANCEL) }
#endif
#ifdef ABORT
  :: atomic { mishap > 0 && me == 1 && st[1] == UP -> mishap--; hurt = 1; rst(); gone(R_CANCEL) }
#endif
#ifdef CRASH
  :: atomic { mishap > 0 && st[me] <= UP -> mishap--; hurt = 1; qn[me] = 0; tick[me] = 0; st[me] = DEAD }
#endif
  od
}

/* Delivers what the medium has held back, at any time. */
proctype late() {
  mtype k; byte s, n, a, b, ak, l; bit f, g, as, h;
end:
  do
  :: atomic { held[0]?k,s,n,a,b,f,ak,l,g,as,h -> ch[0]!k,s,n,a,b,f,ak,l,g,as,h;
     k = 0; s = 0; n = 0; a = 0; b = 0; ak = 0; l = 0; f = 0; g = 0; as = 0; h = 0 }
  :: atomic { held[1]?k,s,n,a,b,f,ak,l,g,as,h -> ch[1]!k,s,n,a,b,f,ak,l,g,as,h;
     k = 0; s = 0; n = 0; a = 0; b = 0; ak = 0; l = 0; f = 0; g = 0; as = 0; h = 0 }
  od
}

#define over(x) (st[x] >= GONE || (x == 1 && st[1] == OPENING))

/* A period of the timers passes when nothing else can happen, or too early. */
proctype clock() {
  do
  :: timeout ->
     if
     :: over(0) && over(1) -> break
#ifdef WAITS
     :: !mayserve && st[1] == UP -> mayserve = 1
     :: (mayserve || st[1] != UP || patience > 0) && !(over(0) && over(1)) ->
        atomic { if :: !mayserve && st[1] == UP -> patience-- :: else fi;
                 tick[0] = (st[0] <= UP); tick[1] = (st[1] == UP) }
#else
     :: else -> atomic { tick[0] = (st[0] <= UP); tick[1] = (st[1] == UP) }
#endif
     fi
  :: atomic { spur > 0 && st[0] <= UP -> spur--; tick[0] = 1 }
  :: atomic { spur > 0 && st[1] == UP -> spur--; tick[1] = 1 }
  od;
  /* What the two sides may say in the end. -DWEAK: with limits too short for the losses. */
  atomic {
  assert(st[0] == DEAD || res[0] != R_NONE);
  assert(!(res[0] == R_END && st[0] == GONE) || (told[0] && got[0] == made[1]));
  assert(!told[1] || NC == 255 || (got[1] == NC && endq[0]));
#ifdef EARLY
#ifndef CANCEL
#ifndef CRASH
#ifndef ABORT
#ifndef WEAK
  assert(openlost || (res[0] == R_END && told[0]));     /* an early end reaches the caller, whatever it does */
#endif
#endif
#endif
#endif
#endif
  assert(got[0] <= made[1] && got[1] <= made[0]);
#ifndef WEAK
  /* Fewer losses than the limit tolerates, and nobody gave up: everything has arrived. */
  assert(hurt || openlost || (res[0] == R_END && got[0] == NS && (NC == 255 || got[1] == NC)));
  assert(hurt || openlost || res[1] == R_END || res[1] == R_RESET);
  assert(hurt || !openlost || res[0] == R_SILENT)
#endif
  }
}

#ifdef WAITS
init { atomic { if :: mayserve = 1 :: skip fi; run side(0); run side(1); run late(); run clock() } }
#else
init { atomic { run side(0); run side(1); run late(); run clock() } }
#endif
