//! A run: one thread, one clock that stands still while something is left to do, and tasks that are polled by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::BoxFuture;
use protocol::api::DeviceScope;
use protocol::permission::{Role, Roles};

use crate::clinic;
use crate::deeds::{self, Deed};
use crate::desk::Desk;
use crate::dice::Dice;
use crate::network::Network;
use crate::plan::{Fault, Plan, Step, What};
use crate::server::{Server, Stop};
use crate::timeline::{Timeline, lock};

/// After the last step everything works again, and the desktops have so long to come to the same rows.
const CALM_MS: u64 = 200_000;
/// It is looked so often whether they have.
const LOOK_MS: u64 = 20_000;
/// A desktop that lost its power comes back after so long at most.
const LONGEST_OFF_MS: u64 = 240_000;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Task {
    desk: usize,
    future: BoxFuture<'static, ()>,
    woken: Arc<Woken>,
}

/// What the world itself does at a time.
#[derive(Clone, Copy, Debug)]
enum Act {
    Step(Step),
    /// A desktop is switched on.
    Start(usize),
    /// A disk has room again.
    Room(usize),
    /// The server comes back.
    ServerStarts,
}

/// What happened in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Things that people did and that were said to be saved.
    pub deeds: u64,
    /// How many of them became what: applied, merged, in conflict, quarantined, blocked.
    pub fates: [u64; 5],
    /// Requests that desktops sent.
    pub requests: u64,
    /// Faults: those of the plan, and those of the network.
    pub faults: u64,
}

/// A run.
pub struct World {
    /// Its clock.
    pub time: Timeline,
    /// The server.
    pub server: Arc<Mutex<Server>>,
    /// The network between.
    pub network: Network,
    /// The desktops.
    pub desks: Vec<Desk>,
    /// What is wrong.
    pub wrong: Vec<String>,
    /// What happened.
    pub counts: Counts,
    tasks: Vec<Task>,
    acts: BTreeMap<(u64, u64), Act>,
    next_act: u64,
    dice: Dice,
}

impl World {
    /// The world of a plan, with all desktops switched on.
    pub fn new(plan: &Plan, time: Timeline) -> Self {
        let mut server = clinic::server(&plan.n_desks);
        server.page = plan.page;
        server.is_newer = plan.is_server_newer;
        server.mistake = plan.mistake;
        let server = Arc::new(Mutex::new(server));
        let network = Network::new(time.clone(), Arc::clone(&server), Dice::of(plan.seed, 2), plan.weather);
        let mut dice = Dice::of(plan.seed, 3);
        let places = plan.n_desks.iter().enumerate();
        let places = places.flat_map(|(tenant, n)| (0..*n).map(move |desk| clinic::place(tenant, desk)));
        let desks: Vec<Desk> =
            places.enumerate().map(|(number, place)| Desk::new(number, place, &time, &mut dice)).collect();
        let mut world = Self {
            time,
            server,
            network,
            desks,
            wrong: Vec::new(),
            counts: Counts::default(),
            tasks: Vec::new(),
            acts: BTreeMap::new(),
            next_act: 0,
            dice,
        };
        for desk in 0..world.desks.len() {
            world.start(desk);
        }
        for step in &plan.steps {
            world.at(step.at_ms, Act::Step(*step));
        }
        world
    }

    /// Plays it to its end: all steps, then a time in which nothing goes wrong any more.
    pub fn play(&mut self) {
        let last = self.acts.keys().next_back().map_or(0, |(ms, _)| *ms);
        self.run_until(last + 1);
        self.make_whole();
        for _ in 0..CALM_MS / LOOK_MS {
            self.run_until(self.time.now_ms() + LOOK_MS);
            if self.desks.iter().all(|desk| self.is_settled(desk)) {
                break;
            }
        }
        let server = lock(&self.server);
        for tenant in self.desks.iter().map(|desk| desk.facts.tenant_id).collect::<BTreeSet<_>>() {
            for entry in server.tenant(tenant).devices.values().flat_map(|device| &device.log) {
                self.counts.fates[entry.receipt.fate as usize] += 1;
            }
        }
        drop(server);
        self.counts.requests = self.network.counts().requests;
        self.counts.faults += self.network.counts().faults;
    }

    /// Whether nothing waits at a desktop, and it knows of no news.
    fn is_settled(&self, desk: &Desk) -> bool {
        let server = lock(&self.server);
        let tenant = server.tenant(desk.facts.tenant_id);
        let state = desk.station.as_ref().and_then(|station| station.store.sync_state().ok());
        tenant.devices[&desk.facts.device_id].is_revoked
            || state.is_some_and(|state| {
                state.head == Some(tenant.version) && (state.waiting == 0 || desk.is_copied)
            })
    }

    fn at(&mut self, ms: u64, act: Act) {
        self.acts.insert((ms, self.next_act), act);
        self.next_act += 1;
    }

    fn after(&mut self, ms: u64, act: Act) {
        self.at(self.time.now_ms() + ms, act);
    }

    /// From now on everything works.
    fn make_whole(&mut self) {
        self.time.note("everything works again");
        self.network.make_whole();
        self.acts.clear();
        self.server_starts();
        self.sign_in_anew();
        for desk in 0..self.desks.len() {
            self.room(desk);
            lock(&self.desks[desk].doom).at = None;
            self.start(desk);
            if let Some(station) = &self.desks[desk].station {
                station.sync_now();
            }
        }
    }

    fn run_until(&mut self, end_ms: u64) {
        loop {
            self.poll();
            let act = self.acts.keys().next().map(|(ms, _)| *ms);
            let event = self.time.next_ms();
            match (act, event) {
                (Some(act), _) if act <= end_ms && event.is_none_or(|event| act <= event) => {
                    self.time.advance(act);
                    if let Some((_, act)) = self.acts.pop_first() {
                        self.act(act);
                    }
                }
                (_, Some(event)) if event <= end_ms => self.time.step(),
                _ => break,
            }
            self.bury();
            self.look_at_server();
        }
        self.time.advance(end_ms);
    }

    /// Polls whatever was woken, in an order that dice choose.
    fn poll(&mut self) {
        loop {
            let woken = |task: &Task| task.woken.0.load(Ordering::SeqCst);
            let ready: Vec<usize> = (0..self.tasks.len()).filter(|task| woken(&self.tasks[*task])).collect();
            let Some(place) = self.dice.pick(&ready).copied() else { return };
            let task = &mut self.tasks[place];
            task.woken.0.store(false, Ordering::SeqCst);
            let waker = Waker::from(Arc::clone(&task.woken));
            if let Poll::Ready(()) = task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.wrong.push(format!("the engine of desk {} ended", self.tasks[place].desk));
                self.tasks.remove(place);
            }
        }
    }

    /// Desktops whose power failed in the middle of something.
    fn bury(&mut self) {
        for desk in 0..self.desks.len() {
            if lock(&self.desks[desk].doom).has_come {
                self.crash(desk);
            }
        }
    }

    fn look_at_server(&mut self) {
        let is_stopped = {
            let mut server = lock(&self.server);
            server.is_down && server.stops.take().is_some()
        };
        if is_stopped {
            self.time.note("the server stops");
            self.network.break_streams();
            let ms = self.dice.below(60_000);
            self.after(ms, Act::ServerStarts);
        }
    }

    fn server_starts(&mut self) {
        let mut server = lock(&self.server);
        server.is_down = false;
        server.stops = None;
    }

    fn start(&mut self, desk: usize) {
        if self.desks[desk].station.is_some() {
            return;
        }
        let is_front_desk = self.desks[desk].facts.scope == DeviceScope::FrontDesk;
        let wire = self.network.line(desk, is_front_desk);
        let dice = Dice::new(self.dice.roll());
        match self.desks[desk].start(wire, &self.time, dice) {
            Ok(tasks) => {
                self.time.note(&format!("desk {desk} starts"));
                let tasks = tasks.into_iter().map(|future| Task {
                    desk,
                    future,
                    woken: Arc::new(Woken(AtomicBool::new(true))),
                });
                self.tasks.extend(tasks);
                self.look_at_saved(desk);
            }
            Err(error) => self.wrong.push(format!("desk {desk} does not start: {error:?}")),
        }
    }

    fn crash(&mut self, desk: usize) {
        if self.desks[desk].station.is_none() {
            return;
        }
        self.time.note(&format!("desk {desk} loses its power"));
        self.tasks.retain(|task| task.desk != desk);
        self.desks[desk].stop();
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
            if dice.per_mille(500) {
                person.is_active = false;
            } else {
                person.staff.roles = Roles(vec![Role::Receptionist]);
                person.staff.doctor_id = None;
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
    fn sign_in_anew(&mut self) {
        for number in 0..self.desks.len() {
            let person = {
                let server = lock(&self.server);
                let people = &server.tenant(self.desks[number].facts.tenant_id).people;
                let works = |id| people.get(id).is_some_and(|person| person.is_active);
                let first = people.values().find(|person| person.is_active);
                if works(&self.desks[number].person.id) { None } else { first.map(|one| one.staff.clone()) }
            };
            let desk = &mut self.desks[number];
            // A computer of which two were seen gets no more tokens before someone signs in with their password.
            if person.is_some() || desk.is_copied {
                self.tasks.retain(|task| task.desk != number);
                desk.stop();
                desk.person = person.unwrap_or_else(|| desk.person.clone());
            }
        }
    }

    fn room(&mut self, desk: usize) {
        if let Some(station) = &self.desks[desk].station
            && let Err(error) = station.store.set_disk_full(false)
        {
            self.wrong.push(format!("desk {desk} does not get its disk back: {error:?}"));
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Step(Step { desk, what: What::Deed(deed), roll, .. }) => self.deed(desk, deed, roll),
            Act::Step(Step { desk, what: What::Fault(fault), roll, .. }) => {
                self.time.note(&format!("desk {desk}: {fault:?}"));
                self.counts.faults += 1;
                self.fault(desk, fault, &mut Dice::new(roll));
            }
            Act::Start(desk) => self.start(desk),
            Act::Room(desk) => self.room(desk),
            Act::ServerStarts => self.server_starts(),
        }
    }

    fn deed(&mut self, number: usize, deed: Deed, roll: u64) {
        // People work at both of two computers with one disk.
        let copy = self
            .desks
            .iter()
            .rposition(|desk| desk.is_copied && desk.facts.device_id == self.desks[number].facts.device_id);
        let number = copy.filter(|_| roll.is_multiple_of(2)).unwrap_or(number);
        let desk = &mut self.desks[number];
        if desk.station.is_none() {
            return;
        }
        let last = |desk: &Desk| {
            let state = desk.station.as_ref().map(|station| station.store.sync_state());
            state.and_then(Result::ok).map_or(-1, |state| state.last_sequence)
        };
        let mut done = deeds::act(desk, deed, Dice::new(roll));
        // Where there was nothing to do it to, or it was refused, something else is done.
        if last(desk) == desk.said && !lock(&desk.doom).has_come && deed != Deed::Look {
            done = deeds::act(desk, Deed::Edit, Dice::new(roll));
        }
        let last = last(desk);
        self.time.note(&format!("desk {number}: {deed:?} {done:?}"));
        match done {
            Ok(()) => {
                self.counts.deeds += u64::try_from(last - desk.said).unwrap_or(0);
                desk.said = last;
            }
            // After a power cut nobody was told whether it is saved.
            Err(_) if lock(&desk.doom).has_come => desk.is_unsure = true,
            Err(error) if last != desk.said => {
                self.wrong
                    .push(format!("desk {number} said that it did not save {deed:?}, and did: {error:?}"));
            }
            Err(_) => {}
        }
    }

    fn fault(&mut self, desk: usize, fault: Fault, dice: &mut Dice) {
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
        }
    }
}

impl Counts {
    /// Adds what happened in another run.
    pub fn add(&mut self, other: Self) {
        self.deeds += other.deeds;
        for (here, there) in self.fates.iter_mut().zip(other.fates) {
            *here += there;
        }
        self.requests += other.requests;
        self.faults += other.faults;
    }
}
