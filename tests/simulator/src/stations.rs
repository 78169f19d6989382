//! Desktops of a run that are switched on, opened and switched off, and whose power fails.

use std::sync::Arc;

use protocol::api::{DeviceScope, Secret};
use replica::testing::Wire;

use crate::dice::Dice;
use crate::timeline::lock;
use crate::world::{Act, World};

/// A desktop looks at its clock so often.
pub(crate) const TICK_MS: u64 = 300_000;
/// A desktop that lost its power comes back after so long at most.
pub(crate) const LONGEST_OFF_MS: u64 = 240_000;

impl World {
    pub(crate) fn start(&mut self, desk: usize) {
        if self.desks[desk].station.is_some() || self.desks[desk].is_gone() {
            return;
        }
        if let Some(ms) = self.away_until_ms.checked_sub(self.time.now_ms()).filter(|ms| *ms > 0) {
            self.after(ms, Act::Start(desk));
            return;
        }
        if self.desks[desk].is_leaving && self.end(desk) {
            return;
        }
        // Out of service, it is opened once more, to hand over.
        match self.desks[desk].switch_on(&self.time) {
            Ok(needs_server) if needs_server && !self.desks[desk].is_leaving => self.sign_in_online(desk),
            Ok(_) => self.start_with(desk, None),
            Err(error) => self.wrong.push(format!("desk {desk} does not know how it stands: {error:?}")),
        }
    }

    pub(crate) fn line(&mut self, desk: usize) -> (Arc<dyn Wire>, Dice) {
        let is_front_desk = self.desks[desk].facts.scope == DeviceScope::FrontDesk;
        let wire = self.network.line(desk, is_front_desk);
        self.network.update(desk, self.desks[desk].protocol);
        (wire, Dice::new(self.dice.roll()))
    }

    /// Nobody opens it without the server.
    fn sign_in_online(&mut self, desk: usize) {
        self.tasks.retain(|task| task.desk != desk);
        let (wire, dice) = self.line(desk);
        self.time.note(&format!("desk {desk} is opened by the server alone"));
        match self.desks[desk].sign_in_online(wire, &self.time, dice) {
            Ok(future) => self.spawn(desk, future, true),
            Err(error) => self.wrong.push(format!("desk {desk} does not open: {error:?}")),
        }
    }

    /// Starts whatever the server has opened.
    pub(crate) fn look_at_sign_ins(&mut self) {
        for desk in 0..self.desks.len() {
            let token = lock(&self.desks[desk].signed_in).take();
            if let Some(token) = token
                && self.desks[desk].station.is_none()
            {
                self.start_with(desk, Some(token));
            }
        }
    }

    /// What is due by a desktop's own clock.
    pub(crate) fn tick(&mut self, desk: usize, started_ms: u64) {
        if self.desks[desk].station.is_none() || self.desks[desk].started_ms != started_ms {
            return;
        }
        self.after(TICK_MS, Act::Tick(desk, started_ms));
        match self.desks[desk].standing.tick() {
            Ok(true) if !self.desks[desk].is_leaving => {
                self.time.note(&format!("desk {desk} was without contact for too long"));
                self.stop(desk);
                self.start(desk);
            }
            Ok(_) => {}
            Err(error) => self.wrong.push(format!("desk {desk} does not note the time: {error:?}")),
        }
    }

    fn start_with(&mut self, desk: usize, token: Option<Secret>) {
        let (wire, dice) = self.line(desk);
        let started_ms = self.desks[desk].started_ms;
        self.after(TICK_MS, Act::Tick(desk, started_ms));
        match self.desks[desk].start(wire, token, &self.time, dice) {
            Ok(tasks) => {
                self.time.note(&format!("desk {desk} starts"));
                if self.desks[desk].is_leaving {
                    self.leave(desk);
                } else {
                    for future in tasks {
                        self.spawn(desk, future, false);
                    }
                }
                self.look_at_saved(desk);
            }
            Err(error) => self.wrong.push(format!("desk {desk} does not start: {error:?}")),
        }
    }

    /// Desktops whose power failed in the middle of something.
    pub(crate) fn bury(&mut self) {
        for desk in 0..self.desks.len() {
            if lock(&self.desks[desk].doom).has_come {
                self.crash(desk);
            }
        }
    }

    /// Ends the program of a desktop.
    pub(crate) fn stop(&mut self, desk: usize) {
        self.tasks.retain(|task| task.desk != desk);
        self.desks[desk].stop();
    }

    pub(crate) fn crash(&mut self, desk: usize) {
        if self.desks[desk].station.is_none() {
            return;
        }
        self.time.note(&format!("desk {desk} loses its power"));
        self.tasks.retain(|task| task.desk != desk);
        self.desks[desk].lose_power();
        lock(&self.desks[desk].doom).has_come = false;
        let ms = self.dice.below(LONGEST_OFF_MS);
        self.after(ms, Act::Start(desk));
    }

    /// What was said to be saved is there, and nothing else but what nobody was told of.
    fn look_at_saved(&mut self, number: usize) {
        let desk = &mut self.desks[number];
        let Some(station) = &desk.station else { return };
        let last = station.store.sync_state().map_or(-1, |state| state.last_sequence);
        let is_right = last == desk.said || desk.is_unsure && last == desk.said + 1;
        if !is_right {
            let said = desk.said;
            self.wrong.push(format!("desk {number} said that {said} changes are saved, and has {last}"));
        }
        desk.said = last;
        desk.is_unsure = false;
    }
}
