//! What to do next. Pure: what happened goes in, what to do comes out; no clock, no network, and chance is an
//! argument, so that every order of events can be replayed.

use protocol::api::MAX_PUSH_BYTES;

/// The pause between two looks at the server when nothing happens, in milliseconds.
const POLL_MS: u64 = 60_000;
/// The first pause after a failure, in milliseconds; it doubles up to [`POLL_MS`].
const FIRST_PAUSE_MS: u64 = 1_000;
/// A batch is never asked to be smaller than this, in bytes.
const SMALLEST_BATCH: usize = 4 * 1024;
/// So many pushes in a row may stand for a page: of the shared medicines they bring nothing.
const MOST_UNASKED: u32 = 20;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Something was written here, the server has news, a person asks, or the pause is over.
    Woke,
    /// New tokens are here.
    Refreshed,
    /// The server acknowledged a batch.
    Pushed {
        /// Whether it said by that that nothing else is missing here.
        is_level: bool,
    },
    /// A batch was too large.
    TooLarge,
    /// A page came; whether more remains.
    Pulled {
        /// Whether rows up to the head remain.
        more: bool,
    },
    /// The server did not believe the access token.
    Unauthorized,
    /// Nobody answered, or not now.
    Unreachable,
    /// The server refuses for a reason that only a person can mend.
    Refused,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send a batch of at most so many bytes.
    Push {
        /// The limit.
        max_bytes: usize,
    },
    /// Ask for a page.
    Pull,
    /// Get new tokens.
    Refresh,
    /// Rest until woken, or for so many milliseconds.
    Rest {
        /// How long at most.
        ms: u64,
    },
}

/// Where the conversation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    failures: u32,
    max_bytes: usize,
    /// What the server took was never larger than this, in bytes, since the last page.
    ceiling: usize,
    is_token_new: bool,
    /// What is on its way is a push.
    is_pushing: bool,
    /// The server will not take what waits. Rows are asked for all the same: whoever works here needs the others'
    /// work, also while their own is held up.
    is_push_refused: bool,
    /// So many pushes have stood for a page since the last one.
    unasked: u32,
}

impl Plan {
    /// At the beginning.
    pub fn new() -> Self {
        Self {
            failures: 0,
            max_bytes: MAX_PUSH_BYTES,
            ceiling: MAX_PUSH_BYTES,
            is_token_new: false,
            is_pushing: false,
            is_push_refused: false,
            unasked: 0,
        }
    }

    /// What to do after this, with so many mutations waiting. `chance` lies between 0 and 1.
    ///
    /// What waits is sent before rows are asked for: a pull must not be what decides over unsent work.
    pub fn next(&mut self, happened: Happened, waiting: u32, chance: f64) -> Next {
        let next = self.decide(happened, waiting, chance);
        self.is_pushing = matches!(next, Next::Push { .. });
        next
    }

    fn decide(&mut self, happened: Happened, waiting: u32, chance: f64) -> Next {
        match happened {
            Happened::Woke => {
                self.is_token_new = false;
                self.is_push_refused = false;
                self.step(waiting)
            }
            Happened::Refreshed => {
                self.is_token_new = true;
                self.step(waiting)
            }
            Happened::Pushed { is_level: true } if waiting == 0 && self.unasked < MOST_UNASKED => {
                let unasked = self.unasked + 1;
                let next = self.decide(Happened::Pulled { more: false }, waiting, chance);
                self.unasked = unasked;
                next
            }
            Happened::Pushed { .. } => {
                self.failures = 0;
                self.max_bytes = (self.max_bytes * 2).min(self.ceiling);
                self.is_token_new = false;
                self.step(waiting)
            }
            Happened::TooLarge if self.max_bytes > SMALLEST_BATCH => {
                self.max_bytes /= 2;
                self.ceiling = self.max_bytes;
                self.step(waiting)
            }
            Happened::Pulled { more } => {
                self.failures = 0;
                self.unasked = 0;
                self.is_token_new = false;
                (self.max_bytes, self.ceiling) = (MAX_PUSH_BYTES, MAX_PUSH_BYTES);
                if more || (waiting > 0 && !self.is_push_refused) {
                    self.step(waiting)
                } else {
                    Next::Rest { ms: spread(POLL_MS, chance) }
                }
            }
            // A token that is new and still not believed does not get better by asking again at once.
            Happened::Unauthorized if !self.is_token_new => Next::Refresh,
            Happened::Refused | Happened::TooLarge if self.is_pushing => {
                self.is_push_refused = true;
                Next::Pull
            }
            Happened::Refused => {
                self.failures = 0;
                Next::Rest { ms: spread(POLL_MS, chance) }
            }
            Happened::TooLarge | Happened::Unauthorized | Happened::Unreachable => {
                // Perhaps the line is too slow for so much at once.
                if self.is_pushing && happened == Happened::Unreachable {
                    self.max_bytes = (self.max_bytes / 2).max(SMALLEST_BATCH);
                }
                let pause = FIRST_PAUSE_MS.saturating_mul(1 << self.failures.min(6)).min(POLL_MS);
                self.failures = self.failures.saturating_add(1);
                Next::Rest { ms: spread(pause, chance) }
            }
        }
    }

    fn step(&self, waiting: u32) -> Next {
        if waiting > 0 && !self.is_push_refused {
            Next::Push { max_bytes: self.max_bytes }
        } else {
            Next::Pull
        }
    }
}

/// Half to all of a pause, so that a thousand desktops do not come back in the same moment.
fn spread(ms: u64, chance: f64) -> u64 {
    ms / 2 + (ms as f64 / 2.0 * chance.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(happened: &[(Happened, u32)]) -> Vec<Next> {
        let mut plan = Plan::new();
        happened.iter().map(|(happened, waiting)| plan.next(*happened, *waiting, 1.0)).collect()
    }

    const PUSH: Next = Next::Push { max_bytes: MAX_PUSH_BYTES };
    const PUSHED: Happened = Happened::Pushed { is_level: false };

    #[test]
    fn what_waits_is_sent_before_rows_are_asked_for() {
        let next = after(&[
            (Happened::Woke, 2),
            (PUSHED, 1),
            (PUSHED, 0),
            (Happened::Pulled { more: true }, 0),
            (Happened::Pulled { more: false }, 1),
            (PUSHED, 0),
            (Happened::Pulled { more: false }, 0),
        ]);
        assert_eq!(next, [PUSH, PUSH, Next::Pull, Next::Pull, PUSH, Next::Pull, Next::Rest { ms: POLL_MS }]);
    }

    #[test]
    fn no_rows_are_asked_for_when_the_answer_to_a_push_said_that_none_is_missing() {
        let level = Happened::Pushed { is_level: true };
        let next = after(&[(Happened::Woke, 2), (level, 1), (level, 0)]);
        assert_eq!(next, [PUSH, PUSH, Next::Rest { ms: POLL_MS }]);
    }

    #[test]
    fn where_people_save_without_a_pause_rows_are_asked_for_now_and_then_all_the_same() {
        let level = (Happened::Pushed { is_level: true }, 0);
        let mut happened = vec![level; MOST_UNASKED as usize + 1];
        happened.extend([(Happened::Pulled { more: false }, 0), level]);
        let mut next = vec![Next::Rest { ms: POLL_MS }; happened.len()];
        next[MOST_UNASKED as usize] = Next::Pull;
        assert_eq!(after(&happened), next);
    }

    #[test]
    fn pauses_grow_to_a_minute_and_a_success_makes_them_short_again() {
        let mut plan = Plan::new();
        let mut pause = |happened| match plan.next(happened, 0, 1.0) {
            Next::Rest { ms } => ms,
            _ => 0,
        };
        let pauses: Vec<u64> = (0..9).map(|_| pause(Happened::Unreachable)).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
        pause(Happened::Pulled { more: false });
        assert_eq!(pause(Happened::Unreachable), 1_000);
    }

    #[test]
    fn a_token_is_renewed_once_and_not_in_a_circle() {
        let next = after(&[
            (Happened::Unauthorized, 1),
            (Happened::Refreshed, 1),
            (Happened::Unauthorized, 1),
            (Happened::Woke, 1),
            (Happened::Unauthorized, 1),
        ]);
        assert_eq!(next, [Next::Refresh, PUSH, Next::Rest { ms: 1_000 }, PUSH, Next::Refresh]);
    }

    #[test]
    fn a_batch_that_is_too_large_is_halved_but_not_for_ever() {
        let mut plan = Plan::new();
        let mut sizes = vec![];
        while let Next::Push { max_bytes } = plan.next(Happened::TooLarge, 1, 1.0) {
            sizes.push(max_bytes);
        }
        assert_eq!(sizes[..2], [MAX_PUSH_BYTES / 2, MAX_PUSH_BYTES / 4]);
        assert_eq!(sizes.len(), 8);
        assert_eq!(plan.next(Happened::Pulled { more: false }, 1, 1.0), Next::Rest { ms: POLL_MS });
    }

    #[test]
    fn a_push_that_does_not_get_through_is_tried_in_smaller_pieces() {
        let next = after(&[(Happened::Woke, 1), (Happened::Unreachable, 1), (Happened::Woke, 1)]);
        assert_eq!(next[2], Next::Push { max_bytes: MAX_PUSH_BYTES / 2 });
    }

    #[test]
    fn pieces_grow_again_as_they_get_through_but_never_to_what_was_too_large() {
        let half = Next::Push { max_bytes: MAX_PUSH_BYTES / 2 };
        let next = after(&[
            (Happened::Woke, 3),
            (Happened::Unreachable, 3),
            (Happened::Woke, 3),
            (PUSHED, 2),
            (Happened::TooLarge, 2),
            (PUSHED, 1),
        ]);
        assert_eq!(next[2..], [half, PUSH, half, half]);
    }

    #[test]
    fn rows_still_come_while_the_server_refuses_what_waits() {
        let next = after(&[
            (Happened::Woke, 3),
            (Happened::Refused, 3),
            (Happened::Pulled { more: true }, 3),
            (Happened::Pulled { more: false }, 3),
            (Happened::Woke, 3),
        ]);
        assert_eq!(next, [PUSH, Next::Pull, Next::Pull, Next::Rest { ms: POLL_MS }, PUSH]);
    }

    #[test]
    fn a_refusal_is_asked_about_again_slowly() {
        assert_eq!(after(&[(Happened::Refused, 3)]), [Next::Rest { ms: POLL_MS }]);
        assert_eq!(Plan::new().next(Happened::Refused, 3, 0.0), Next::Rest { ms: POLL_MS / 2 });
    }
}
