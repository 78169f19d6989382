//! Computers that were taken out of service: they hand over what they have, and destroy what is on them when an admin's
//! computer agreed or a day is over; and what stands there afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::standing::WIPE_WAIT;

use crate::desk::Desk;
use crate::server::Tenant;
use crate::timeline::lock;
use crate::world::{Act, World};

/// Of so many computers of a thousand that were wiped something new is made.
const COME_BACK: u64 = 800;
/// That takes so long at most.
const LONGEST_GONE_MS: u64 = 60_000;
/// So long is a day that passes at one computer.
const DAY_MS: u64 = 25 * 3_600_000;
/// It is looked so often whether a computer waits for its day.
const LOOK_MS: u64 = 10_000;

/// How a computer waits of which no admin's computer agreed that it is wiped.
#[derive(Debug, Default)]
pub struct Wait {
    /// Its day passes in this run.
    pub is_due: bool,
    /// It has passed.
    pub is_over: bool,
    /// So long time went on there alone, in milliseconds.
    pub passed_ms: Arc<AtomicU64>,
    /// For how long it can have run at most when it learnt that it is out of service, in milliseconds.
    pub since_ms: Option<u64>,
}

/// Whether nothing may be left of a desktop at the end. Of two computers with one number the server hears one.
pub fn is_to_be_wiped(desk: &Desk, tenant: &Tenant) -> bool {
    let device = &tenant.devices[&desk.facts.device_id];
    let may_be_wiped = device.consent.is_some() || desk.wait.is_over;
    device.is_revoked && may_be_wiped && !desk.is_copied
}

impl World {
    /// Desktops that heard that they are out of service do nothing any more but hand over what they have. One that runs
    /// believes nothing but what is signed.
    pub(crate) fn look_at_revoked(&mut self) {
        let (told, now_ms) = (self.network.take_revoked(), self.time.now_ms());
        for desk in 0..self.desks.len() {
            let one = &mut self.desks[desk];
            if one.wait.since_ms.is_none() && one.standing.is_revoked() {
                one.wait.since_ms = Some(now_ms + one.wait.passed_ms.load(Ordering::SeqCst));
            }
            let is_running = one.station.is_some();
            let hears = if is_running { one.standing.is_revoked() } else { told.contains(&desk) };
            if hears && !one.is_leaving {
                self.time.note(&format!("desk {desk} hears that it is out of service"));
                self.desks[desk].is_leaving = true;
                if is_running {
                    self.leave(desk);
                } else {
                    self.tasks.retain(|task| task.desk != desk);
                    self.start(desk);
                }
            }
        }
    }

    pub(crate) fn leave(&mut self, desk: usize) {
        self.tasks.retain(|task| task.desk != desk);
        if let Some(leaving) = self.desks[desk].leave() {
            self.spawn(desk, leaving, true);
        }
    }

    /// A day passes at a computer out of service, once it waits for that; everywhere else it is the same day.
    pub(crate) fn let_day_pass(&mut self, desk: usize) {
        let one = &mut self.desks[desk];
        if one.wait.is_over || one.left.is_some() {
            return;
        }
        if one.wait.since_ms.is_none() || !one.is_leaving || one.station.is_none() {
            self.after(LOOK_MS, Act::DayPasses(desk));
            return;
        }
        one.skew_ms.fetch_add(DAY_MS as i64, Ordering::SeqCst);
        one.wait.passed_ms.fetch_add(DAY_MS, Ordering::SeqCst);
        one.wait.is_over = true;
        if let Err(error) = one.standing.tick() {
            self.wrong.push(format!("desk {desk} does not note the time: {error:?}"));
        }
        self.time.note(&format!("desk {desk} has waited for a day"));
        self.leave(desk);
    }

    /// Days that were to pass do so before the end. So do those of all computers, where the server was restored: what it lost
    /// of what they had handed over they find then.
    pub(crate) fn let_days_pass(&mut self) {
        for desk in 0..self.desks.len() {
            if self.desks[desk].wait.is_due || self.was_restored {
                self.after(1_000, Act::DayPasses(desk));
            }
        }
    }

    /// Desktops that signed what they leave behind destroy it.
    pub(crate) fn look_at_signed(&mut self) {
        for desk in 0..self.desks.len() {
            if self.desks[desk].station.is_some() && self.desks[desk].has_signed.swap(false, Ordering::SeqCst)
            {
                self.end(desk);
            }
        }
    }

    /// Goes on with destroying what is on a desktop, or with saying so, if that is what is left to do there.
    pub(crate) fn end(&mut self, desk: usize) -> bool {
        self.tasks.retain(|task| task.desk != desk);
        let (wire, dice) = self.line(desk);
        let was_there = self.desks[desk].left.is_none();
        match self.desks[desk].end(wire, &self.time, dice) {
            Ok(Some(says)) => {
                self.time.note(&format!("desk {desk} is wiped, and says so"));
                self.spawn(desk, says, true);
                if was_there {
                    self.look_at_wiped(desk);
                }
                true
            }
            Ok(None) => false,
            Err(error) => {
                self.wrong.push(format!("desk {desk} is not wiped: {error:?}"));
                true
            }
        }
    }

    /// Nothing is left of a clinic but what says that it is gone; and the computer may begin anew.
    fn look_at_wiped(&mut self, desk: usize) {
        let holds = self.desks[desk].computer().holds();
        if !matches!(&holds, Ok((names, 0)) if *names == ["leaving.json"]) {
            self.wrong.push(format!("desk {desk} was wiped, and there is still {holds:?}"));
        }
        let one = &self.desks[desk];
        let has_agreed = {
            let server = lock(&self.server);
            server.tenant(one.facts.tenant_id).devices[&one.facts.device_id].consent.is_some()
        };
        let now_ms = self.time.now_ms() + one.wait.passed_ms.load(Ordering::SeqCst);
        let waited_ms = one.wait.since_ms.map_or(0, |since_ms| now_ms - since_ms);
        // For how long a copy had run before nobody knows.
        if !has_agreed && !one.is_copied && u128::from(waited_ms) < WIPE_WAIT.unsigned_abs().as_millis() {
            self.wrong.push(format!("desk {desk} was wiped after {waited_ms} ms, and nobody had agreed"));
        }
        let ms = 1_000 + self.dice.below(LONGEST_GONE_MS);
        if self.dice.per_mille(COME_BACK) && !self.is_whole {
            self.after(ms, Act::ComesBack(desk));
        }
    }

    /// What was wiped is enrolled again, in a clinic on this server; it may still be saying that it was wiped.
    pub(crate) fn come_back(&mut self, desk: usize) {
        let in_service: Vec<usize> =
            (0..self.n_first).filter(|other| !self.desks[*other].is_leaving).collect();
        let Some(beside) = self.dice.pick(&in_service).copied() else { return };
        let computer = self.desks[desk].computer().clone();
        let is_back = self.enrol_at(beside, computer);
        self.time.note(&format!("the computer of desk {desk} is enrolled again: {is_back}"));
        self.counts.came_back += u64::from(is_back);
    }
}
