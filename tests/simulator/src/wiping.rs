//! Computers that were taken out of service, and destroy what is on them when an admin's computer agreed; and what stands
//! there afterwards.

use std::sync::atomic::Ordering;

use crate::desk::Desk;
use crate::server::Tenant;
use crate::timeline::lock;
use crate::world::{Act, World};

/// Of so many computers of a thousand that were wiped something new is made.
const COME_BACK: u64 = 800;
/// That takes so long at most.
const LONGEST_GONE_MS: u64 = 60_000;

/// Whether nothing may be left of a desktop at the end. Of two computers with one number the server hears one.
pub fn is_to_be_wiped(desk: &Desk, tenant: &Tenant) -> bool {
    let device = &tenant.devices[&desk.facts.device_id];
    device.is_revoked && device.consent.is_some() && !desk.is_copied
}

impl World {
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

    /// Whether a computer is, or will be, wiped of which the server alone has what it handed over.
    pub(crate) fn is_any_wiped(&self) -> bool {
        let server = lock(&self.server);
        let has_agreed = |desk: &Desk| {
            let tenant = server.tenant(desk.facts.tenant_id);
            tenant.devices.get(&desk.facts.device_id).is_some_and(|device| device.consent.is_some())
        };
        self.desks.iter().any(|desk| desk.is_leaving && has_agreed(desk))
    }
}
