//! What is going to happen in a run: all of it follows from the seed, and each step stands for itself, so that a run
//! can be played again with fewer of them.

use protocol::standing::MAX_OFFLINE_DAYS;
use serde::{Deserialize, Serialize};

use crate::deeds::Deed;
use crate::dice::Dice;
use crate::network::Weather;
use crate::server::Mistake;

/// A step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When, in milliseconds since the beginning.
    pub at_ms: u64,
    /// At which desktop.
    pub desk: usize,
    /// What.
    pub what: What,
    /// With these dice.
    pub roll: u64,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A person does something.
    Deed(Deed),
    /// Something goes wrong.
    Fault(Fault),
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// A desktop has no line for some minutes.
    Outage,
    /// A desktop's power fails, between two things that it does.
    Crash,
    /// A desktop's power fails right before or right after one of its next commits.
    CrashAtCommit,
    /// A desktop's disk takes nothing more for some minutes.
    DiskFull,
    /// A desktop's clock jumps, by up to two days in either direction.
    Clock,
    /// Everybody goes home for some days: all desktops are switched off.
    Away,
    /// The server's process stops in its next push, before or after the commit, and comes back a little later.
    ServerStops,
    /// No access token is good any more.
    TokensEnd,
    /// A desktop is taken out of service: at once, or within its next push, before or after the commit.
    Revoked,
    /// Whoever sits at a desktop is no more what they were, or does not work here any more.
    StaffChanges,
    /// A desktop's disk is copied, and both computers go on.
    Copied,
    /// A backup of the server is made: nothing goes wrong yet.
    BackedUp,
    /// The server is restored from the last backup, begins a new epoch, and is held for some minutes.
    Restored,
    /// One more desktop is enrolled beside this one: nothing goes wrong yet.
    Enrolled,
    /// The server's disk gives back other bytes of the next file that is on its way than it was given.
    FileSpoilt,
    /// The server gives nothing any more to desktops of the earlier version, and takes what they have.
    Outdated,
    /// A desktop is switched off, and comes back with a program of the later version.
    Updated,
    /// The server's disk gives back other bytes of the next file that somebody opens than it was given.
    FetchSpoilt,
}

impl Fault {
    /// How many kinds there are.
    pub const COUNT: usize = Self::FetchSpoilt as usize + 1;

    /// Those that a run made from a seed can have.
    pub(crate) fn of_seeds() -> impl Iterator<Item = Self> {
        FAULTS.iter().map(|(_, fault)| *fault)
    }
}

/// A run before it is played.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// From which number it was made.
    pub seed: u64,
    /// How many desktops each tenant has.
    pub n_desks: Vec<usize>,
    /// How bad the network is.
    pub weather: Weather,
    /// At most this many rows on a page of a pull.
    pub page: usize,
    /// Whether the server is of a later version: it sends a table and a column that the desktops do not know.
    pub is_server_newer: bool,
    /// For how many days desktops work without contact.
    #[serde(default = "most_days")]
    pub offline_days: u8,
    /// What the server does wrong, if a test wants that to be found.
    #[serde(skip)]
    pub mistake: Option<Mistake>,
    /// The steps, in order of time.
    pub steps: Vec<Step>,
}

fn most_days() -> u8 {
    MAX_OFFLINE_DAYS
}

/// How long everybody is away.
pub(crate) fn away_ms(roll: u64) -> u64 {
    Dice::new(roll).between(12, 16 * 24) * 3_600_000
}

const DEEDS: &[(u64, Deed)] = &[
    (8, Deed::Register),
    (22, Deed::Edit),
    (9, Deed::Allergy),
    (9, Deed::Sign),
    (4, Deed::Void),
    (4, Deed::Amend),
    (10, Deed::Draft),
    (4, Deed::SignDraft),
    (7, Deed::Book),
    (9, Deed::Move),
    (6, Deed::Delete),
    (5, Deed::Merge),
    (9, Deed::Decide),
    (6, Deed::Stray),
    (14, Deed::Settle),
    (7, Deed::Attach),
    (3, Deed::Look),
    (8, Deed::Prepare),
    (6, Deed::TakeUp),
    (2, Deed::TakeBack),
    (7, Deed::Open),
];

const FAULTS: &[(u64, Fault)] = &[
    (80, Fault::Outage),
    (10, Fault::Crash),
    (20, Fault::CrashAtCommit),
    (8, Fault::DiskFull),
    (8, Fault::Clock),
    (8, Fault::ServerStops),
    (6, Fault::TokensEnd),
    (8, Fault::Revoked),
    (6, Fault::StaffChanges),
    (4, Fault::Copied),
    (8, Fault::BackedUp),
    (5, Fault::Restored),
    (5, Fault::Enrolled),
    (6, Fault::FileSpoilt),
    (4, Fault::Outdated),
    (6, Fault::Updated),
    (8, Fault::FetchSpoilt),
];

fn weighted<T: Copy>(dice: &mut Dice, of: &[(u64, T)]) -> Option<T> {
    let mut place = dice.below(of.iter().map(|(weight, _)| weight).sum());
    of.iter().find_map(|(weight, what)| match place.checked_sub(*weight) {
        Some(rest) => {
            place = rest;
            None
        }
        None => Some(*what),
    })
}

impl Plan {
    /// The run of this seed.
    pub fn of(seed: u64) -> Self {
        let dice = &mut Dice::of(seed, 1);
        let n_desks = 2 + dice.below(3) as usize;
        // Now and then another tenant works on the same server.
        let n_desks = if dice.per_mille(150) { vec![n_desks, 1] } else { vec![n_desks] };
        let is_bad = dice.per_mille(600);
        let weather = Weather {
            lost: if is_bad { dice.below(200) } else { 0 },
            repeated: if is_bad { dice.below(200) } else { 0 },
            cut: if is_bad { dice.below(200) } else { 0 },
            stale: if is_bad { dice.below(60) } else { 0 },
            delay_ms: 1 + dice.below(400),
        };
        let page = if dice.per_mille(500) { 2 + dice.below(12) as usize } else { 5_000 };
        let n_all: usize = n_desks.iter().sum();
        let (n_steps, faults) = (dice.between(15, 36), dice.below(450));
        let mut at_ms = 2_000;
        let mut steps = Vec::new();
        for _ in 0..n_steps {
            // Some follow at once, some after the tokens have ended.
            at_ms += match dice.below(10) {
                0..=5 => dice.below(2_000),
                6..=8 => dice.below(20_000),
                _ => dice.below(200_000),
            };
            let mut next_ms = at_ms;
            let what = if dice.per_mille(faults) {
                weighted(dice, FAULTS).map(What::Fault)
            } else {
                weighted(dice, DEEDS).map(What::Deed)
            };
            let (desk, roll) = (dice.below(n_all as u64) as usize, dice.roll());
            if what == Some(What::Fault(Fault::Away)) {
                // What comes after it is done once people are back.
                next_ms += away_ms(roll);
            }
            steps.extend(what.map(|what| Step { at_ms, desk, what, roll }));
            at_ms = next_ms;
        }
        let is_server_newer = dice.per_mille(250);
        let offline_days = [0, 1, 3, most_days()][dice.below(4) as usize];
        Self { seed, n_desks, weather, page, is_server_newer, offline_days, mistake: None, steps }
    }
}
