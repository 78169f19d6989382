//! A desktop of a run: a real encrypted file, the real replica and engine, in surroundings of the run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::api::{DeviceScope, Secret, StaffMember};
use protocol::id::DeviceId;
use protocol::signing;
use protocol::standing::{Consent, SignedOrder};
use replica::Keyring;
use replica::testing::{
    Clock, Commit, DatabaseKey, Facts, Gone, Ids, Kept, SignIn, Standing, Station, Store, Surroundings, Wire,
};
use tempfile::TempDir;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clinic::{PASSWORD, Place, UNLOCK_KEY};
use crate::dice::Dice;
use crate::power::{Doom, Left, OnDisk, all_on_disk};
use crate::room::{Room, ids, skewed};
use crate::server::{PROTOCOL, Tenant};
use crate::timeline::{Timeline, lock};
use crate::wiping::Wait;

/// A computer has known the admins' computers for so long when a run begins: when one of them agrees, it need not wait.
const KNOWN_FOR: time::Duration = time::Duration::hours(25);
/// The folder of a clinic in a computer's.
const HOME: &str = "clinic";
/// With what its keys are kept.
const SECRET: [u8; 32] = [5; 32];
/// A computer out of service tries again so often.
const LEAVING_PAUSE: Duration = Duration::from_secs(10);
/// One that has handed over looks so often whether it may be wiped.
const WAITING_PAUSE: Duration = Duration::from_secs(30);
/// The name of the file in a desktop's folder.
const FILE: &str = "clinic.db";
/// How it stands with the server.
const STANDING: &str = "standing.json";
/// Who opens it.
const SLOTS: &str = "slots.json";
/// Who finds no server tries again so often.
const SIGN_IN_PAUSE: Duration = Duration::from_secs(20);
/// The folder of attached files beside it.
const FILES: &str = "clinic.files";

fn key() -> DatabaseKey {
    DatabaseKey::of([7; 32])
}

/// A file with all tables and nothing in it: making them anew for each desktop would take most of a run's time.
static EMPTY: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = folder();
    let facts = crate::clinic::place(0, 0).facts;
    drop(Store::create(&folder.path().join(FILE), &key(), &facts).expect("BUG: an empty file"));
    folder
});

/// A folder in memory, where there is such a thing.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("BUG: no temporary folder")
}

/// A desktop, running or not.
pub struct Desk {
    /// Its place in the run.
    pub number: usize,
    /// Where it belongs.
    pub facts: Facts,
    /// Who sits there.
    pub person: StaffMember,
    /// While it runs.
    pub station: Option<Station>,
    /// How it stands with the server.
    pub standing: Standing,
    /// With this it starts once the server has opened it.
    pub signed_in: Arc<Mutex<Option<Secret>>>,
    /// When it was last switched on.
    pub started_ms: u64,
    /// When its clock was last set back.
    pub set_back_ms: u64,
    /// How far its clock is wrong, in milliseconds.
    pub skew_ms: Arc<AtomicI64>,
    /// How it ends next, if something is planned.
    pub doom: Arc<Mutex<Doom>>,
    /// The number of the last mutation that was said to be saved.
    pub said: i64,
    /// Something was written that nobody was told of: it may be there or not.
    pub is_unsure: bool,
    /// The version of the protocol that its program speaks.
    pub protocol: u32,
    /// It heard that it is out of service.
    pub is_leaving: bool,
    /// Its disk was copied: of the two computers the server goes on with one.
    pub is_copied: bool,
    /// How it waits until it destroys what is on it.
    pub wait: Wait,
    /// What it had saved when it destroyed what was on it.
    pub left: Option<Vec<Kept>>,
    /// It has signed what it leaves behind.
    pub has_signed: Arc<AtomicBool>,
    /// The server knows that its keys and files are gone.
    is_gone: Arc<AtomicBool>,
    device_key: SigningKey,
    installation: Uuid,
    /// How far the log of its file is on disk.
    on_disk: Arc<Mutex<OnDisk>>,
    computer: Computer,
    alive: Arc<AtomicBool>,
    ids: Ids,
}

/// What stands on the desk, whoever's data is on it.
#[derive(Clone)]
pub struct Computer {
    folder: Arc<TempDir>,
    keyring: Keyring,
}

impl Computer {
    /// A new one.
    pub fn new() -> Self {
        Self { folder: Arc::new(folder()), keyring: Keyring::in_memory() }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join(HOME)
    }

    /// What is on it: names of files, and how many keys.
    pub fn holds(&self) -> std::io::Result<(Vec<String>, usize)> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.folder.path())? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok((names, self.keyring.entries()))
    }
}

impl Desk {
    /// A desktop that was just enrolled, and is switched off. `leases` gives one of a moment.
    pub fn new(
        number: usize,
        place: Place,
        computer: Computer,
        leases: impl Fn(OffsetDateTime) -> Option<SignedOrder>,
        time: &Timeline,
        dice: &mut Dice,
    ) -> Self {
        let home = computer.home();
        std::fs::create_dir_all(&home).expect("BUG: room for a folder");
        let file = home.join(FILE);
        std::fs::copy(EMPTY.path().join(FILE), &file).expect("BUG: room for a file");
        let store = Store::open(&file, &key()).expect("BUG: a good file");
        store.set_facts(&place.facts).expect("BUG: a good file");
        store.put_staff(&place.person).expect("BUG: a good file");
        let skew_ms = Arc::new(AtomicI64::new(-KNOWN_FOR.whole_milliseconds() as i64));
        let wait = Wait::default();
        let standing = standing(&home, &place.facts, &place.key, time, (&skew_ms, &wait.passed_ms));
        let (now, installation) = (time.now(), Uuid::from_u128(number as u128 + 1));
        if let Some(lease) = leases(now - KNOWN_FOR) {
            standing.take(&lease, "").expect("BUG: a good lease");
        }
        skew_ms.store(0, Ordering::SeqCst);
        wait.passed_ms.store(KNOWN_FOR.whole_milliseconds() as u64, Ordering::SeqCst);
        if let Some(lease) = leases(now) {
            standing.take(&lease, "").expect("BUG: a good lease");
            store.remember(&lease).expect("BUG: a good file");
        }
        let unlock_key = Secret(UNLOCK_KEY.into());
        sign_in(&place.person, &place.key, &computer, installation, &standing)
            .enrol(&place.facts, &unlock_key, &key())
            .expect("BUG: room for slots");
        Self {
            number,
            facts: place.facts,
            person: place.person,
            station: None,
            standing,
            signed_in: Arc::default(),
            started_ms: 0,
            set_back_ms: 0,
            skew_ms,
            doom: Arc::default(),
            said: 0,
            is_unsure: false,
            protocol: PROTOCOL,
            is_leaving: false,
            is_copied: false,
            wait,
            left: None,
            has_signed: Arc::default(),
            is_gone: Arc::default(),
            device_key: place.key,
            installation,
            computer,
            on_disk: Arc::default(),
            alive: Arc::default(),
            ids: ids(time.clone(), dice.roll()),
        }
    }

    /// Another computer with a copy of this one's disk, switched off. This one is switched off, too.
    pub fn copy(&mut self, number: usize, time: &Timeline, dice: &mut Dice) -> Self {
        let computer = Computer::new();
        let (from, home) = (self.computer.home(), computer.home());
        std::fs::create_dir_all(&home).expect("BUG: room for a folder");
        std::fs::copy(self.file(), home.join(FILE)).expect("BUG: room for a file");
        // What was committed last may stand only here.
        let log = format!("{FILE}-wal");
        std::fs::copy(from.join(&log), home.join(&log)).ok();
        copy_folder(&from.join(FILES), &home.join(FILES)).expect("BUG: room for files");
        for name in [STANDING, SLOTS] {
            std::fs::copy(from.join(name), home.join(name)).ok();
        }
        self.is_copied = true;
        let (skew_ms, wait) = (Arc::default(), Wait::default());
        let clock = (&skew_ms, &wait.passed_ms);
        let standing = standing(&home, &self.facts, &self.device_key, time, clock);
        Self {
            number,
            facts: self.facts.clone(),
            person: self.person.clone(),
            station: None,
            standing,
            signed_in: Arc::default(),
            started_ms: 0,
            // What its clock is to the other one's nobody knows.
            set_back_ms: time.now_ms(),
            skew_ms,
            doom: Arc::default(),
            said: self.said,
            is_unsure: self.is_unsure,
            protocol: self.protocol,
            is_leaving: self.is_leaving,
            is_copied: true,
            wait,
            left: None,
            has_signed: Arc::default(),
            is_gone: Arc::default(),
            device_key: self.device_key.clone(),
            installation: self.installation,
            computer,
            on_disk: Arc::default(),
            alive: Arc::default(),
            ids: ids(time.clone(), dice.roll()),
        }
    }

    fn file(&self) -> PathBuf {
        self.computer.home().join(FILE)
    }

    /// It agrees, as an admin's computer, that another one destroys what is on it.
    pub fn consent(&self, device: DeviceId) -> Consent {
        let message = signing::consent_message(self.facts.tenant_id, device);
        Consent { device_id: self.facts.device_id, signature: signing::sign(&self.device_key, &message) }
    }

    /// Where it stands.
    pub fn computer(&self) -> &Computer {
        &self.computer
    }

    /// Switches it on: how it stands is read from its disk. Answers whether only the server opens it to whoever sits there.
    pub fn switch_on(&mut self, time: &Timeline) -> replica::Result<bool> {
        let clock = (&self.skew_ms, &self.wait.passed_ms);
        self.standing = standing(&self.computer.home(), &self.facts, &self.device_key, time, clock);
        self.started_ms = time.now_ms();
        Ok(self.standing.tick()? || !self.standing.opens_offline() || !self.opens_to(&self.person)?)
    }

    /// Whoever is there tries to sign in at the server, until it opens the computer.
    pub fn sign_in_online(
        &self,
        wire: Arc<dyn Wire>,
        time: &Timeline,
        dice: Dice,
    ) -> replica::Result<BoxFuture<'static, ()>> {
        let store = Store::open(&self.file(), &key())?;
        let (sign_in, signed_in) = (self.sign_in(), Arc::clone(&self.signed_in));
        let room = self.room(time, dice, Arc::new(AtomicBool::new(true)));
        Ok(async move {
            loop {
                match sign_in.online(&store, Arc::clone(&wire), &room).await {
                    Ok(token) => {
                        *lock(&signed_in) = Some(token);
                        return;
                    }
                    Err(_) => room.pause(SIGN_IN_PAUSE).await,
                }
            }
        }
        .boxed())
    }

    fn sign_in(&self) -> SignIn {
        sign_in(&self.person, &self.device_key, &self.computer, self.installation, &self.standing)
    }

    /// Whether it opens to this person without the server.
    pub fn opens_to(&self, person: &StaffMember) -> replica::Result<bool> {
        SignIn { person: person.clone(), ..self.sign_in() }.opens_offline()
    }

    fn room(&self, time: &Timeline, dice: Dice, alive: Arc<AtomicBool>) -> Room {
        Room::new(time, dice, Arc::clone(&self.skew_ms), alive)
    }

    /// Starts the program and signs someone in; the engine's tasks are given back.
    pub fn start(
        &mut self,
        wire: Arc<dyn Wire>,
        token: Option<Secret>,
        time: &Timeline,
        dice: Dice,
    ) -> replica::Result<[BoxFuture<'static, ()>; 2]> {
        let store = Arc::new(Store::open(&self.file(), &key())?);
        // What the server last said that this person is.
        self.person = store.staff(self.person.id)?.unwrap_or_else(|| self.person.clone());
        self.alive = Arc::new(AtomicBool::new(true));
        *lock(&self.doom) = Doom::default();
        let doom = Arc::clone(&self.doom);
        let (file, on_disk) = (self.file(), Arc::clone(&self.on_disk));
        *lock(&on_disk) = all_on_disk(&file);
        store.watch(Box::new(move |commit| {
            if commit == Commit::Done {
                *lock(&on_disk) = all_on_disk(&file);
            }
            if lock(&doom).meets(commit) {
                Err(replica::Error::internal("the power is gone"))
            } else {
                Ok(())
            }
        }));
        let surroundings = Arc::new(self.room(time, dice, Arc::clone(&self.alive)));
        let ids = self.ids.clone();
        let (station, tasks) = Station::sign_in(store, self.sign_in(), token, wire, surroundings, ids)?;
        self.station = Some(station);
        Ok(tasks)
    }

    /// What the program does once it is out of service: it hands over what waits, for as long as that takes, and signs what it
    /// leaves behind once an admin's computer agreed or its day is over.
    pub fn leave(&self) -> Option<BoxFuture<'static, ()>> {
        let station = self.station.as_ref()?;
        let (leaving, surroundings) = (station.leaving(), Arc::clone(&station.surroundings));
        let (folder, installation) = (Arc::clone(&self.computer.folder), self.installation);
        let has_signed = Arc::clone(&self.has_signed);
        Some(
            async move {
                loop {
                    match leaving.go_on(folder.path(), installation).await {
                        Ok(true) => return has_signed.store(true, Ordering::SeqCst),
                        Ok(false) => surroundings.pause(WAITING_PAUSE).await,
                        Err(_) => surroundings.pause(LEAVING_PAUSE).await,
                    }
                }
            }
            .boxed(),
        )
    }

    /// The power fails: what nobody waited for is gone.
    pub fn lose_power(&mut self) {
        let left = Left::of(&self.file(), *lock(&self.on_disk));
        self.stop();
        left.put_back();
    }

    /// Goes on with destroying what is on it, if that was signed, and then with saying so. Answers with what says it.
    pub fn end(
        &mut self,
        wire: Arc<dyn Wire>,
        time: &Timeline,
        dice: Dice,
    ) -> replica::Result<Option<BoxFuture<'static, ()>>> {
        let Some(mut gone) = Gone::find(self.computer.folder.path())? else { return Ok(None) };
        if !gone.is_destroyed() {
            self.left = Some(self.store()?.kept()?);
            self.stop();
            gone = gone.destroy(&self.computer.keyring)?;
        }
        let room = self.room(time, dice, Arc::new(AtomicBool::new(true)));
        let is_gone = Arc::clone(&self.is_gone);
        Ok(Some(
            async move {
                while gone.say_so(Arc::clone(&wire)).await.is_err() {
                    room.pause(LEAVING_PAUSE).await;
                }
                is_gone.store(true, Ordering::SeqCst);
            }
            .boxed(),
        ))
    }

    /// Whether the server knows that its keys and files are gone.
    pub fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::SeqCst)
    }

    /// Ends the program at once. What it had handed to others and not begun is never done.
    pub fn stop(&mut self) {
        self.alive.store(false, Ordering::SeqCst);
        self.station = None;
    }

    /// Whether the server takes files from whoever sits there, by the roles that they have there now.
    pub fn sends_files(&self, tenant: &Tenant) -> bool {
        let person = tenant.people.get(&self.person.id);
        self.facts.scope == DeviceScope::Clinical && person.is_some_and(|one| one.staff.roles.is_clinician())
    }

    /// The disk gives back another byte of a file that is kept here than it was given.
    pub fn spoil_file(&self, sha256: &str, at: u64) -> std::io::Result<()> {
        let path = self.computer.home().join(FILES).join(sha256);
        let mut bytes = std::fs::read(&path)?;
        let place = usize::try_from(at).unwrap_or(0) % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= 0x55;
        }
        std::fs::write(path, bytes)
    }

    /// Its file, open: that of the running program, or opened to look at it.
    pub fn store(&self) -> replica::Result<Arc<Store>> {
        match &self.station {
            Some(station) => Ok(Arc::clone(&station.store)),
            None => Ok(Arc::new(Store::open(&self.file(), &key())?)),
        }
    }
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// How the computer of this folder stands.
fn standing(
    folder: &Path,
    facts: &Facts,
    key: &SigningKey,
    time: &Timeline,
    (skew_ms, passed_ms): (&Arc<AtomicI64>, &Arc<AtomicU64>),
) -> Standing {
    let (clock, skew_ms) = (time.clone(), Arc::clone(skew_ms));
    let (running, passed_ms) = (time.clone(), Arc::clone(passed_ms));
    let now = move || skewed(&clock, &skew_ms);
    let ran = move || Duration::from_millis(running.now_ms() + passed_ms.load(Ordering::SeqCst));
    let clock = Clock::new(now, ran);
    Standing::open(folder, (facts.tenant_id, facts.device_id), SECRET, key, clock)
}

fn sign_in(
    person: &StaffMember,
    key: &SigningKey,
    computer: &Computer,
    installation: Uuid,
    standing: &Standing,
) -> SignIn {
    SignIn {
        person: person.clone(),
        password: PASSWORD.into(),
        device_key: key.clone(),
        secret: SECRET,
        home: computer.home(),
        keyring: computer.keyring.clone(),
        installation,
        standing: standing.clone(),
    }
}
