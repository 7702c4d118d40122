/* What a press goes through: one commit, leases, senders that die or are cut off, answers, the ladder.
 *
 * Checked by spin (tests/models/test_press.py):
 *   spin -run -f -ltl heard  docs/models/alarm.pml   no accepted press is lost
 *   spin -run -f -ltl silent docs/models/alarm.pml   an answered alarm falls silent
 *   spin -run -noclaim       docs/models/alarm.pml   the assertions: what is claimed, what is marked
 *
 * An `atomic` block is one commit of the database: nothing of it is seen before all of it stands. One
 * row stands for the one message that may wait for one person. Engines are killed at any step between
 * commits; a lease also runs out under an engine that lives and is only cut off.
 *
 * Each -D below breaks one transition, and a property with it:
 *   TWO_COMMITS      the press is accepted before its message is queued          heard
 *   FAILS_ON_EXPIRY  a message whose sender died is failed, not taken over       heard
 *   MARKS_BLINDLY    a sender removes the row whatever came in between           heard_newest
 *   KEEPS_ROWS       an answer does not take away what waits                     silent, claim
 *   CLIMBS_ON        an answer does not stop the ladder                          silent, claim
 *   UNCOUNTED        a try counts only when it is marked, so a repeat looks new  mark
 */
#define ENGINES 2
#define TOP 2            /* the last rung; a rung is told and then the next is due */

mtype = { none, open, over };
mtype alarm = none;
bool accepted;           /* the one who pressed was told that it is on its way */
byte step;
bool due;                /* the ladder's next move */

bool row;                /* a message waits, for the rung `about` */
byte about;
byte lease;              /* 0: nobody's; else the number of the claim that holds it */
byte holder;             /* the engine of that claim, +1 */
byte tries;
byte claims;             /* numbers are never given twice */

bool alive[ENGINES];
byte sending;            /* hand-overs under way */
bool heard_of[TOP + 1];  /* rungs whose message was handed over */
byte seen;               /* the newest rung of which the contact has heard */
bool plain[TOP + 1];     /* a hand-over of this rung did not say that it is a repeat */

byte kills = 2, lapses = 1, refusals = 1;   /* the world is bad, but not for ever */

inline queue(rung) {     /* a newer message takes the place of one that waits; its lease stays */
  if
  :: row  -> about = rung
  :: else -> row = true; about = rung; lease = 0; holder = 0; tries = 0
  fi
}

active proctype Presser() {
#ifdef TWO_COMMITS
  atomic { alarm = open; due = true; accepted = true };
  if
  :: atomic { alarm == open -> queue(0) }
  :: atomic { kills > 0 -> kills--; due = false }   /* the power went in between */
  fi
#else
  atomic { alarm = open; due = true; queue(0) };
  accepted = true
#endif
}

active [ENGINES] proctype Engine() {
  byte me = _pid - 1, mine, rung, try;
  alive[me] = true;
end:
idle:
  do
  :: atomic {            /* the ladder moves */
#ifdef CLIMBS_ON
       due && step < TOP ->
#else
       alarm == open && due && step < TOP ->
#endif
       step++; queue(step); due = (step < TOP)
     }
  :: atomic {            /* claim: the try counts from here */
       row && lease == 0 ->
       assert(alarm == open);                  /* nothing is begun for an alarm that is over */
       claims++; lease = claims; holder = me + 1;
#ifndef UNCOUNTED
       tries++;
#endif
       mine = lease; rung = about; try = tries; sending++
     }
     break
  od;
  if                     /* hand over, to a gateway that may refuse, or die before or after */
  :: atomic {
       heard_of[rung] = true;
       if
       :: rung > seen -> seen = rung
       :: else
       fi;
       if                                      /* of two, one at least says that it is a repeat */
       :: try == 1 -> assert(!plain[rung]); plain[rung] = true
       :: else
       fi
     }
  :: atomic { refusals > 0 -> refusals--; sending--; 
       if
       :: row && lease == mine -> lease = 0; holder = 0
       :: else
       fi;
       mine = 0; goto idle
     }
  :: atomic { kills > 0 -> kills--; sending--; alive[me] = false } ; goto dead
  fi;
  if
  :: atomic {            /* mark: only what is still mine, and still the same message */
       sending--;
       if
#ifdef MARKS_BLINDLY
       :: row -> row = false; lease = 0; holder = 0
#else
       :: row && lease == mine && about == rung -> row = false; lease = 0; holder = 0
       :: row && lease == mine && about != rung -> lease = 0; holder = 0; tries = 0
#endif
       :: else
       fi;
#ifdef UNCOUNTED
       tries++;
#endif
       mine = 0
     }
  :: atomic { kills > 0 -> kills--; sending--; alive[me] = false } ; goto dead
  fi;
  goto idle;
dead:                    /* a new process of the same machine begins with nothing */
  mine = 0; alive[me] = true; goto idle
}

active proctype Lease() {   /* whoever looks next finds that a lease is over */
end:
  do
  :: atomic { row && lease != 0 && (sending == 0 || lapses > 0) ->
       if
       :: sending == 0                          /* its sender is dead */
       :: else -> lapses--                      /* it lives, and could not renew */
       fi;
#ifdef FAILS_ON_EXPIRY
       row = false;
#endif
       lease = 0; holder = 0
     }
  od
}

active proctype Contact() {
end:
  do
  :: atomic {            /* an answer counts for the rung that its page speaks of, and no other */
       alarm == open && heard_of[seen] && seen == step ->
       alarm = over;
#ifndef CLIMBS_ON
       due = false;
#endif
#ifndef KEEPS_ROWS
       row = false; lease = 0; holder = 0
#endif
     }
  :: atomic { alarm == open && heard_of[seen] && seen != step -> skip }   /* late: nothing is changed */
     -> break
  od
}

ltl heard        { [] (accepted -> <> (heard_of[0] || seen > 0 || alarm == over)) }
ltl heard_newest { [] (accepted -> <> (heard_of[TOP] || alarm == over)) }
ltl silent       { [] (alarm == over -> <> [] (sending == 0 && !row)) }
