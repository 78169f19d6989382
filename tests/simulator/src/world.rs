//! A run: one thread, one clock that stands still while something is left to do, and tasks that are polled by hand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::BoxFuture;

use crate::clinic;
use crate::counts::Counts;
use crate::deeds::{self, Deed, Told};
use crate::desk::{Computer, Desk};
use crate::dice::Dice;
use crate::network::Network;
use crate::plan::{Plan, Step, What};
use crate::server::Server;
use crate::stations::TICK_MS;
use crate::timeline::{START, Timeline, lock};
use crate::wiping::is_to_be_wiped;

/// After the last step everything works again, and the desktops have so long to come to the same rows.
const CALM_MS: u64 = 200_000;
/// It is looked so often whether they have.
const LOOK_MS: u64 = 20_000;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(crate) struct Task {
    pub(crate) desk: usize,
    /// Of a computer out of service, what it does has an end.
    may_end: bool,
    future: BoxFuture<'static, ()>,
    woken: Arc<Woken>,
}

/// What the world itself does at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Step(Step),
    /// A desktop is switched on.
    Start(usize),
    /// A desktop that was switched on then looks at its clock.
    Tick(usize, u64),
    /// A disk has room again.
    Room(usize),
    /// The server comes back.
    ServerStarts,
    /// The operator has looked at the restored data.
    Released,
    /// An admin has a desktop come back that a restored server does not know.
    EnrolledAgain(usize),
    /// The computer of a desktop that was wiped is enrolled again, as another one.
    ComesBack(usize),
    /// A computer out of service has waited for a day.
    DayPasses(usize),
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
    /// What deeds left to be looked at.
    pub told: Told,
    /// What happened.
    pub counts: Counts,
    pub(crate) tasks: Vec<Task>,
    acts: BTreeMap<(u64, u64), Act>,
    next_act: u64,
    /// Whether the server was restored: tokens may be newer than what it knows.
    pub(crate) was_restored: bool,
    /// Desktops from this number on were enrolled in the middle of the run, or are copies.
    pub(crate) n_first: usize,
    /// Until then nobody is there.
    pub(crate) away_until_ms: u64,
    /// Everything works again: nothing more begins.
    pub(crate) is_whole: bool,
    pub(crate) dice: Dice,
}

impl World {
    /// The world of a plan, with all desktops switched on.
    pub fn new(plan: &Plan, time: Timeline) -> Self {
        let mut server = clinic::server(&plan.n_desks, plan.is_server_newer);
        server.offline_days = plan.offline_days;
        server.page = plan.page;
        server.mistake = plan.mistake;
        let server = Arc::new(Mutex::new(server));
        let network = Network::new(time.clone(), Arc::clone(&server), Dice::of(plan.seed, 2), plan.weather);
        let mut dice = Dice::of(plan.seed, 3);
        let places = plan.n_desks.iter().enumerate();
        let places = places.flat_map(|(tenant, n)| (0..*n).map(move |desk| clinic::place(tenant, desk)));
        let desks = places.enumerate().map(|(number, place)| {
            let device = (place.facts.tenant_id, place.facts.device_id);
            let leases = |at| lock(&server).lease(at, device, "");
            Desk::new(number, place, Computer::new(), leases, &time, &mut dice)
        });
        let desks: Vec<Desk> = desks.collect();
        let mut world = Self {
            time,
            server,
            network,
            desks,
            wrong: Vec::new(),
            told: Told::default(),
            counts: Counts::default(),
            tasks: Vec::new(),
            acts: BTreeMap::new(),
            next_act: 0,
            was_restored: false,
            n_first: 0,
            away_until_ms: 0,
            is_whole: false,
            dice,
        };
        world.n_first = world.desks.len();
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
        let steps = self.acts.iter().filter(|(_, act)| matches!(act, Act::Step(_)));
        let last = steps.map(|((ms, _), _)| *ms).max().unwrap_or(0);
        self.run_until(last + 1);
        self.make_whole();
        let (mut n_settled, mut has_opened) = (0, false);
        for look in 1..=CALM_MS / LOOK_MS {
            self.run_until(self.time.now_ms() + LOOK_MS);
            self.send_files_again();
            let is_settled = self.desks.iter().all(|desk| self.is_settled(desk));
            n_settled = if is_settled { n_settled + 1 } else { 0 };
            // That somebody looked is told in what is left of the time.
            if is_settled && !has_opened && look < CALM_MS / LOOK_MS {
                has_opened = true;
                if self.open_files() {
                    n_settled = 0;
                }
            }
            // Once more, so that no round is cut in two.
            if n_settled == 2 {
                break;
            }
        }
        self.count();
    }

    /// Whether nothing waits at a desktop, and it knows of no news; or whether nothing is left of it, where that was asked.
    fn is_settled(&self, desk: &Desk) -> bool {
        let server = lock(&self.server);
        let tenant = server.tenant(desk.facts.tenant_id);
        if desk.left.is_some() || is_to_be_wiped(desk, tenant) {
            return desk.is_gone();
        }
        let state = desk.station.as_ref().and_then(|station| station.store.sync_state().ok());
        let is_revoked = tenant.devices[&desk.facts.device_id].is_revoked;
        state.is_some_and(|state| {
            let is_in_step = state.head == Some(tenant.version) && state.compared.is_some();
            let is_sent = state.waiting == 0 && (state.files.waiting == 0 || !desk.sends_files(tenant));
            (is_sent || desk.is_copied) && (is_revoked || is_in_step)
        })
    }

    fn at(&mut self, ms: u64, act: Act) {
        self.acts.insert((ms, self.next_act), act);
        self.next_act += 1;
    }

    pub(crate) fn after(&mut self, ms: u64, act: Act) {
        self.at(self.time.now_ms() + ms, act);
    }

    /// From now on everything works.
    fn make_whole(&mut self) {
        self.time.note("everything works again");
        self.network.make_whole();
        self.is_whole = true;
        self.acts.clear();
        self.away_until_ms = 0;
        self.server_starts();
        {
            let mut server = lock(&self.server);
            (server.spoils, server.spoils_given) = (None, None);
        }
        lock(&self.server).release();
        self.update_all();
        for desk in 0..self.desks.len() {
            self.enrol_again(desk);
        }
        self.sign_in_anew();
        for desk in 0..self.desks.len() {
            self.room(desk);
            lock(&self.desks[desk].doom).at = None;
            self.start(desk);
            if let Some(station) = &self.desks[desk].station {
                station.sync_now();
            }
        }
        self.let_days_pass();
        self.send_files_again();
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
            self.look_at_sign_ins();
            self.look_at_revoked();
            self.look_at_signed();
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
                let task = self.tasks.remove(place);
                if task.may_end {
                    self.time.note(&format!("desk {} has done what it was to do", task.desk));
                } else {
                    self.wrong.push(format!("the engine of desk {} ended", task.desk));
                }
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

    pub(crate) fn spawn(&mut self, desk: usize, future: BoxFuture<'static, ()>, may_end: bool) {
        self.tasks.push(Task { desk, may_end, future, woken: Arc::new(Woken(AtomicBool::new(true))) });
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Step(Step { desk, what: What::Deed(deed), roll, .. }) => self.deed(desk, deed, roll),
            Act::Step(Step { desk, what: What::Fault(fault), roll, .. }) => {
                self.time.note(&format!("desk {desk}: {fault:?}"));
                let is_met = self.fault(desk, fault, roll);
                self.counts.faults[fault as usize] += u64::from(is_met);
            }
            Act::Start(desk) => self.start(desk),
            Act::Tick(desk, started_ms) => self.tick(desk, started_ms),
            Act::Room(desk) => self.room(desk),
            Act::ServerStarts => self.server_starts(),
            Act::Released => lock(&self.server).release(),
            Act::EnrolledAgain(desk) => self.enrol_again(desk),
            Act::ComesBack(desk) => self.come_back(desk),
            Act::DayPasses(desk) => self.let_day_pass(desk),
        }
    }

    /// Nobody works without contact for longer than the server allowed, by a clock that is right: as long as the desktop
    /// runs, whatever its own clock is set to, and as long as that was not set back.
    fn overdue(&self, number: usize) -> Option<String> {
        let desk = &self.desks[number];
        let lease = desk.standing.lease().filter(|_| desk.station.is_some() && !desk.is_leaving)?;
        let issued_ms = u64::try_from((lease.issued_at - START).whole_milliseconds()).unwrap_or(0);
        let is_known = desk.set_back_ms < issued_ms || desk.started_ms <= issued_ms;
        let late = self.time.now() - lease.not_after();
        let is_late = late > time::Duration::milliseconds(TICK_MS as i64);
        (is_known && is_late)
            .then(|| format!("desk {number} works {late} longer than it may without contact"))
    }

    fn deed(&mut self, number: usize, deed: Deed, roll: u64) {
        // People work at both of two computers with one disk.
        let copy = self
            .desks
            .iter()
            .rposition(|desk| desk.is_copied && desk.facts.device_id == self.desks[number].facts.device_id);
        let number = copy.filter(|_| roll.is_multiple_of(2)).unwrap_or(number);
        // And at those that were enrolled since.
        let tenant = self.desks[number].facts.tenant_id;
        let is_later =
            |desk: &usize| !self.desks[*desk].is_copied && self.desks[*desk].facts.tenant_id == tenant;
        let later: Vec<usize> = (self.n_first..self.desks.len()).filter(is_later).collect();
        let number = Dice::new(roll ^ 1).pick(&later).copied().filter(|_| roll % 4 == 1).unwrap_or(number);
        self.wrong.extend(self.overdue(number));
        let desk = &mut self.desks[number];
        if desk.station.is_none() || desk.is_leaving {
            return;
        }
        let last = |desk: &Desk| {
            let state = desk.station.as_ref().map(|station| station.store.sync_state());
            state.and_then(Result::ok).map_or(-1, |state| state.last_sequence)
        };
        let mut done = deeds::act(desk, &self.server, &mut self.told, deed, Dice::new(roll));
        // Where there was nothing to do it to, or it was refused, something else is done.
        if last(desk) == desk.said && !lock(&desk.doom).has_come && !matches!(deed, Deed::Look | Deed::Open) {
            done = deeds::act(desk, &self.server, &mut self.told, Deed::Edit, Dice::new(roll));
        }
        let last = last(desk);
        self.time.note(&format!("desk {number}: {deed:?} {done:?}"));
        match done {
            // Behind what was saved a visit ends as a change of its own: whether it did, nobody was told.
            Ok(()) if lock(&desk.doom).has_come && last > desk.said => {
                self.counts.deeds += 1;
                desk.said += 1;
                desk.is_unsure = true;
            }
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
        for opening in std::mem::take(&mut self.told.openings) {
            self.await_file(number, opening, false);
        }
    }
}
