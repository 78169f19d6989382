//! What goes wrong in a run, and how it is mended at its end.

use std::sync::atomic::Ordering;

use protocol::permission::{Role, Roles};

use crate::clinic;
use crate::desk::{Computer, Desk};
use crate::dice::Dice;
use crate::plan::{Fault, away_ms};
use crate::server::{Device, PROTOCOL, Stop};
use crate::stations::LONGEST_OFF_MS;
use crate::timeline::lock;
use crate::world::{Act, World};

/// At most so many desktops are enrolled in the middle of a run.
const MOST_ENROLLED: usize = 2;
/// At so many computers out of service of a thousand a day passes …
const DAY_PASSES: u64 = 600;
/// … after so long at most.
const LONGEST_TO_DAY_MS: u64 = 60_000;

impl World {
    /// Lets something go wrong. Answers whether there was anything that it could harm.
    pub(crate) fn fault(&mut self, desk: usize, fault: Fault, roll: u64) -> bool {
        let dice = &mut Dice::new(roll);
        let is_running = self.desks[desk].station.is_some();
        match fault {
            Fault::Outage => self.network.take_line(desk, dice.between(1_000, 900_000)),
            Fault::Crash => {
                self.crash(desk);
                return is_running;
            }
            Fault::CrashAtCommit => {
                lock(&self.desks[desk].doom).at = Some((dice.below(6) as u32, dice.per_mille(500)));
            }
            Fault::DiskFull => {
                if let Some(station) = &self.desks[desk].station {
                    station.store.set_disk_full(true).ok();
                    self.after(dice.below(300_000), Act::Room(desk));
                }
                return is_running;
            }
            Fault::Clock => {
                let days = 172_800_000;
                let skew = dice.below(2 * days) as i64 - days as i64;
                let one = &mut self.desks[desk];
                let before = one.skew_ms.swap(skew, Ordering::SeqCst);
                if before > skew {
                    one.set_back_ms = self.time.now_ms();
                }
            }
            Fault::Away => {
                self.away_until_ms = self.time.now_ms() + away_ms(roll);
                for desk in 0..self.desks.len() {
                    self.stop(desk);
                    self.start(desk);
                }
            }
            Fault::ServerStops => {
                let stop = if dice.per_mille(500) { Stop::BeforeCommit } else { Stop::AfterCommit };
                lock(&self.server).stops = Some(stop);
            }
            Fault::TokensEnd => lock(&self.server).forget_tokens(),
            Fault::Revoked => return self.revoke(desk, dice),
            Fault::StaffChanges => return self.change_staff(desk, dice),
            Fault::Copied => return self.copy(desk),
            Fault::BackedUp => lock(&self.server).back_up(),
            Fault::Restored => {
                lock(&self.server).restore(self.time.now());
                self.network.break_streams();
                self.was_restored = true;
                self.after(dice.below(300_000), Act::Released);
                for desk in self.n_first..self.desks.len() {
                    self.after(dice.below(600_000), Act::EnrolledAgain(desk));
                }
            }
            Fault::Enrolled => return self.enrol(desk),
            Fault::FileSpoilt => {
                // Files are on their way only for moments: it meets the next one, and is counted there.
                lock(&self.server).spoils = Some(dice.roll());
                return false;
            }
            Fault::FetchSpoilt => {
                let mut server = lock(&self.server);
                server.spoils_given = Some(dice.roll());
                return !server.tenant(self.desks[desk].facts.tenant_id).files.is_empty();
            }
            Fault::Outdated => lock(&self.server).oldest_protocol = PROTOCOL + 1,
            Fault::Updated => self.update(desk, dice.below(60_000)),
        }
        true
    }

    /// The first desktop of each tenant stays in service, and its people stay.
    fn is_first(&self, desk: usize) -> bool {
        let facts = &self.desks[desk].facts;
        self.desks.iter().position(|other| other.facts.tenant_id == facts.tenant_id) == Some(desk)
            || facts.device_id == self.desks[0].facts.device_id
    }

    /// One more computer in a clinic. It is not copied and stays in service.
    fn enrol(&mut self, beside: usize) -> bool {
        let is_enough = self.desks.len() >= self.n_first + MOST_ENROLLED;
        !is_enough && self.enrol_at(beside, Computer::new())
    }

    /// The same, with this computer.
    pub(crate) fn enrol_at(&mut self, beside: usize, computer: Computer) -> bool {
        if self.desks[beside].is_leaving {
            return false;
        }
        let number = self.desks.len();
        let (facts, person) = (&self.desks[beside].facts, &self.desks[beside].person);
        let mut place = clinic::later_place(facts, person, number);
        {
            let mut server = lock(&self.server);
            let tenant = server.tenant_mut(place.facts.tenant_id);
            if tenant.people.get(&person.id).is_none_or(|person| !person.is_active) {
                return false;
            }
            place.facts.epoch = tenant.epoch;
            let known = std::collections::BTreeSet::from([person.id]);
            let device = Device::new(&place.facts, place.key.verifying_key(), known);
            tenant.devices.insert(place.facts.device_id, device);
        }
        let device = (place.facts.tenant_id, place.facts.device_id);
        let leases = |at| lock(&self.server).lease(at, device, "");
        let desk = Desk::new(number, place, computer, leases, &self.time, &mut self.dice);
        self.desks.push(desk);
        self.start(number);
        true
    }

    /// With an admin's code a computer that the server does not know any more is what it was.
    pub(crate) fn enrol_again(&mut self, desk: usize) {
        let (facts, by) = (&self.desks[desk].facts, self.desks[desk].person.id);
        if lock(&self.server).take_again(facts.tenant_id, facts.device_id, by) {
            self.time.note(&format!("desk {desk} is enrolled again"));
            self.stop(desk);
            self.start(desk);
        }
    }

    fn revoke(&mut self, desk: usize, dice: &mut Dice) -> bool {
        if self.is_first(desk) || desk >= self.n_first {
            return false;
        }
        let facts = &self.desks[desk].facts;
        let admin = self.desks.iter().find(|other| other.facts.tenant_id == facts.tenant_id);
        let mut server = lock(&self.server);
        let when = dice.below(3);
        let agreed = admin.map(|admin| admin.consent(facts.device_id)).filter(|_| dice.per_mille(700));
        let device = server.tenant_mut(facts.tenant_id).devices.get_mut(&facts.device_id);
        // Once it has heard that it is out of service, it would ask for an admin's word no more in a run.
        if let Some(device) = device.filter(|device| !device.is_revoked) {
            device.consent = device.consent.take().or(agreed);
        }
        match when {
            0 => server.revoke(self.time.now(), facts.tenant_id, facts.device_id),
            1 => server.revokes = Some((facts.device_id, Stop::BeforeCommit)),
            _ => server.revokes = Some((facts.device_id, Stop::AfterCommit)),
        }
        drop(server);
        if dice.per_mille(DAY_PASSES) {
            self.desks[desk].wait.is_due = true;
            self.after(dice.below(LONGEST_TO_DAY_MS), Act::DayPasses(desk));
        }
        true
    }

    fn change_staff(&mut self, desk: usize, dice: &mut Dice) -> bool {
        if self.is_first(desk) || desk >= self.n_first {
            return false;
        }
        let desk = &self.desks[desk];
        let mut server = lock(&self.server);
        let tenant = server.tenant_mut(desk.facts.tenant_id);
        if let Some(person) = tenant.people.get_mut(&desk.person.id) {
            let hired = clinic::person(&desk.facts);
            let is_as_hired =
                person.is_active && Some(&person.staff.roles) == hired.as_ref().map(|one| &one.roles);
            person.has_changed = true;
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
        true
    }

    /// A computer without power has its disk copied, and both go on. Once: a third would show nothing new.
    fn copy(&mut self, desk: usize) -> bool {
        if self.desks[desk].is_copied || self.desks[desk].left.is_some() || desk >= self.n_first {
            return false;
        }
        self.crash(desk);
        let number = self.desks.len();
        let copy = self.desks[desk].copy(number, &self.time, &mut self.dice);
        self.desks.push(copy);
        let ms = self.dice.below(LONGEST_OFF_MS);
        self.after(ms, Act::Start(number));
        true
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

    /// People have sent again what the server would not take.
    pub(crate) fn send_files_again(&mut self) {
        let was_spoilt = lock(&self.server).n_spoilt > 0;
        for desk in &self.desks {
            let Some(station) = &desk.station else { continue };
            let refused = station.status().files_refused;
            if refused > 0 && !was_spoilt {
                self.wrong.push(format!("desk {}: {refused} good files were refused", desk.number));
            }
            for file in station.replica.unsent_attachments().unwrap_or_default() {
                station.replica.send_attachment_again(file.id).ok();
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
