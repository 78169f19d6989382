//! What goes wrong in a run, and how it is mended at its end.

use std::sync::atomic::Ordering;

use protocol::permission::{Role, Roles};

use crate::clinic;
use crate::dice::Dice;
use crate::plan::Fault;
use crate::server::{PROTOCOL, Stop};
use crate::timeline::lock;
use crate::world::{Act, LONGEST_OFF_MS, World};

impl World {
    pub(crate) fn fault(&mut self, desk: usize, fault: Fault, dice: &mut Dice) {
        match fault {
            Fault::Outage => self.network.take_line(desk, dice.between(1_000, 900_000)),
            Fault::Crash => self.crash(desk),
            Fault::CrashAtCommit => {
                lock(&self.desks[desk].doom).at = Some((dice.below(6) as u32, dice.per_mille(500)));
            }
            Fault::DiskFull => {
                if let Some(station) = &self.desks[desk].station {
                    station.store.set_disk_full(true).ok();
                    self.after(dice.below(300_000), Act::Room(desk));
                }
            }
            Fault::Clock => {
                let days = 172_800_000;
                let skew = dice.below(2 * days) as i64 - days as i64;
                self.desks[desk].skew_ms.store(skew, Ordering::SeqCst);
            }
            Fault::ServerStops => {
                let stop = if dice.per_mille(500) { Stop::BeforeCommit } else { Stop::AfterCommit };
                lock(&self.server).stops = Some(stop);
            }
            Fault::TokensEnd => lock(&self.server).forget_tokens(),
            Fault::Revoked => self.revoke(desk, dice),
            Fault::StaffChanges => self.change_staff(desk, dice),
            Fault::Copied => self.copy(desk),
            Fault::BackedUp => lock(&self.server).back_up(),
            Fault::Restored => {
                lock(&self.server).restore(self.time.now());
                self.network.break_streams();
                self.was_restored = true;
                self.after(dice.below(300_000), Act::Released);
            }
            Fault::Outdated => lock(&self.server).oldest_protocol = PROTOCOL + 1,
            Fault::Updated => self.update(desk, dice.below(60_000)),
        }
    }

    /// The first desktop of each tenant stays in service, and its people stay.
    fn is_first(&self, desk: usize) -> bool {
        let facts = &self.desks[desk].facts;
        self.desks.iter().position(|other| other.facts.tenant_id == facts.tenant_id) == Some(desk)
            || facts.device_id == self.desks[0].facts.device_id
    }

    fn revoke(&mut self, desk: usize, dice: &mut Dice) {
        if self.is_first(desk) {
            return;
        }
        let facts = &self.desks[desk].facts;
        let mut server = lock(&self.server);
        match dice.below(3) {
            0 => {
                let tenant = server.tenant_mut(facts.tenant_id);
                if let Some(device) = tenant.devices.get_mut(&facts.device_id) {
                    device.is_revoked = true;
                }
            }
            1 => server.revokes = Some((facts.device_id, Stop::BeforeCommit)),
            _ => server.revokes = Some((facts.device_id, Stop::AfterCommit)),
        }
    }

    fn change_staff(&mut self, desk: usize, dice: &mut Dice) {
        if self.is_first(desk) {
            return;
        }
        let desk = &self.desks[desk];
        let mut server = lock(&self.server);
        let tenant = server.tenant_mut(desk.facts.tenant_id);
        if let Some(person) = tenant.people.get_mut(&desk.person.id) {
            let hired = clinic::person(&desk.facts);
            let is_as_hired =
                person.is_active && Some(&person.staff.roles) == hired.as_ref().map(|one| &one.roles);
            match hired.filter(|_| !is_as_hired && dice.per_mille(500)) {
                // What was refused meanwhile can be tried again.
                Some(hired) => (person.staff, person.is_active) = (hired, true),
                None if dice.per_mille(500) => person.is_active = false,
                None => {
                    person.staff.roles = Roles(vec![Role::Receptionist]);
                    person.staff.doctor_id = None;
                }
            }
        }
    }

    /// A computer without power has its disk copied, and both go on. Once: a third would show nothing new.
    fn copy(&mut self, desk: usize) {
        if self.desks[desk].is_copied {
            return;
        }
        self.crash(desk);
        let number = self.desks.len();
        let copy = self.desks[desk].copy(number, &self.time, &mut self.dice);
        self.desks.push(copy);
        let ms = self.dice.below(LONGEST_OFF_MS);
        self.after(ms, Act::Start(number));
    }

    /// People sign in anew where that is needed: where someone sits who does not work here any more, the first of the
    /// tenant's people.
    pub(crate) fn sign_in_anew(&mut self) {
        for number in 0..self.desks.len() {
            let person = {
                let server = lock(&self.server);
                let people = &server.tenant(self.desks[number].facts.tenant_id).people;
                let works = |id| people.get(id).is_some_and(|person| person.is_active);
                let first = people.values().find(|person| person.is_active);
                if works(&self.desks[number].person.id) { None } else { first.map(|one| one.staff.clone()) }
            };
            let desk = &mut self.desks[number];
            // A computer of which two were seen gets no more tokens before someone signs in with their password, nor does
            // one whose tokens are newer than the backup.
            if person.is_some() || desk.is_copied || self.was_restored {
                desk.person = person.unwrap_or_else(|| desk.person.clone());
                self.stop(number);
            }
        }
    }

    /// Someone installs the later version of the program.
    fn update(&mut self, desk: usize, ms: u64) {
        self.stop(desk);
        self.desks[desk].protocol = PROTOCOL + 1;
        self.after(ms, Act::Start(desk));
    }

    /// Nothing is left that the server does not talk to.
    pub(crate) fn update_all(&mut self) {
        let oldest = lock(&self.server).oldest_protocol;
        for desk in 0..self.desks.len() {
            if self.desks[desk].protocol < oldest {
                self.stop(desk);
                self.desks[desk].protocol = oldest;
            }
        }
    }

    pub(crate) fn room(&mut self, desk: usize) {
        if let Some(station) = &self.desks[desk].station
            && let Err(error) = station.store.set_disk_full(false)
        {
            self.wrong.push(format!("desk {desk} does not get its disk back: {error:?}"));
        }
    }
}
