//! Answers for people.

use replica::view::{AppState, Conflict, LedgerPage, LedgerState, RecoveryPage, RefusedChange, SyncStatus};

pub fn state(state: &AppState) -> String {
    match state {
        AppState::NotEnrolled => "This computer belongs to no clinic yet.".into(),
        AppState::Locked { tenant_name, clinic_name, people, lease, waiting, files_waiting } => {
            let contact = match lease {
                Some(lease) if lease.has_ended => {
                    format!("{} days without contact: only the server opens it.", lease.days_without)
                }
                Some(lease) => format!("It opens without the server for {} hours more.", lease.hours_left),
                None => "Only the server opens it.".to_owned(),
            };
            format!(
                "{tenant_name}, {clinic_name}: {} people have signed in here, {waiting} changes and {files_waiting} attached files wait. {contact}",
                people.len()
            )
        }
        AppState::Revoked { waiting, needs_password, wipes_at, .. } => format!(
            "This computer was taken out of service. {waiting} changes wait to be handed over{}. Its data is destroyed \
             at {}.",
            if *needs_password { "; `sync` with someone's password does it" } else { "" },
            wipes_at.as_deref().unwrap_or("a time that is not known yet"),
        ),
        AppState::Wiping => "This computer was taken out of service; its data is being destroyed.".into(),
        AppState::Unlocked { session, .. } => format!("{} is signed in.", session.person.full_name),
        AppState::Broken { detail, recovery: Some(fingerprint), .. } => {
            format!("{detail} The recovery code with the fingerprint {fingerprint} opens it: `recover`.")
        }
        AppState::Broken { detail, recovery: None, .. } => detail.clone(),
    }
}

/// A recovery code with what was done.
pub fn recovery(done: &str, page: Option<&RecoveryPage>) -> String {
    let Some(page) = page else { return done.to_owned() };
    format!(
        "{done}\nRecovery code of {} ({}), made on {}, fingerprint {}:\n\n    {}\n\nWrite it down now and keep it away \
         from this computer: it is not shown again, and opens what is on this computer if its keyring is lost.",
        page.device_name, page.clinic_name, page.made_at, page.fingerprint, page.code
    )
}

pub fn status(status: &SyncStatus) -> String {
    format!(
        "{} waiting, {} files to send, {} need a person, last in step {}",
        status.waiting,
        status.files_waiting,
        status.attention,
        status.last_synced_at.as_deref().unwrap_or("never"),
    )
}

pub fn ledger(page: &LedgerPage) -> String {
    let lines = page.entries.iter().map(|entry| {
        [
            entry.sequence.to_string(),
            entry.recorded_at.clone(),
            entry.fate.map_or("waiting", LedgerState::fate_text).to_owned(),
            entry.title.clone(),
            entry.patient_name.clone().unwrap_or_default(),
            entry.actor_name.clone().unwrap_or_default(),
            entry.detail.clone().unwrap_or_default(),
        ]
        .join("\t")
    });
    lines.chain([format!("{} of {} entries", page.entries.len(), page.total)]).collect::<Vec<_>>().join("\n")
}

pub fn conflicts(conflicts: &[Conflict], refused: &[RefusedChange]) -> String {
    let differs = conflicts.iter().map(|conflict| {
        let about = conflict.patient.as_ref().map_or("", |patient| patient.full_name.as_str());
        let column = conflict.column.as_deref().unwrap_or(conflict.kind.as_str());
        format!("{}\t{column}\t{about}\t{}", conflict.opened_at, conflict.id)
    });
    let refused = refused.iter().map(|change| {
        let detail = change.detail.as_deref().unwrap_or("refused");
        format!("{}\tset aside, no. {}\t{}\t{detail}", change.recorded_at, change.sequence, change.title)
    });
    let lines: Vec<String> = differs.chain(refused).collect();
    if lines.is_empty() { "Nothing waits for a person.".into() } else { lines.join("\n") }
}
