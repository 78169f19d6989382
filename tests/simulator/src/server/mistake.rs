//! What the server does wrong on purpose, and when it stops.

/// When the server stops in a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Everything is worked out and nothing is stored.
    BeforeCommit,
    /// Everything is stored, and nobody was told.
    AfterCommit,
}

/// A mistake that the server makes on purpose, to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It acknowledges a push and does not store it.
    Forgets,
    /// Some rows come with no pull.
    SkipsRows,
    /// Clinical columns go to the front desk.
    Leaks,
    /// It decides conflicts by itself.
    AsksNobody,
    /// It changes what was signed.
    ChangesSigned,
    /// The rules are not asked after the merge.
    LooksAway,
    /// It says that it has an attached file, and does not.
    LosesFiles,
    /// It refuses that a prescription is made void.
    KeepsAll,
    /// It gives back other files than it was given.
    GivesOthers,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Forgets,
        Self::SkipsRows,
        Self::Leaks,
        Self::AsksNobody,
        Self::ChangesSigned,
        Self::LooksAway,
        Self::LosesFiles,
        Self::KeepsAll,
        Self::GivesOthers,
    ];
}
