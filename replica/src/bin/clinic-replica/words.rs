//! Answers for people.

use replica::view::{
    AppState, AuditList, ComputerCode, Conflict, LedgerPage, LedgerState, RecoveryPage, RefusedChange,
    SyncStatus,
};
use replica::{OwnSignature, PaperReport};

pub fn state(state: &AppState) -> String {
    match state {
        AppState::NotEnrolled => "This computer belongs to no clinic yet.".into(),
        AppState::Locked { tenant_name, clinic_name, people, lease, waiting, files_waiting, .. } => {
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
        AppState::Revoked { waiting, needs_password, wipes_at, problem, .. } => format!(
            "This computer was taken out of service. {waiting} changes wait to be handed over{}. Its data is destroyed \
             at {}, if the program runs until then.{}",
            if *needs_password { "; `sync` with someone's password does it" } else { "" },
            wipes_at.as_deref().unwrap_or("a time that is not known yet"),
            problem.as_ref().map(|problem| format!(" {problem}")).unwrap_or_default(),
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

/// A code with which a computer comes in.
pub fn computer_code(made: &ComputerCode) -> String {
    format!(
        "{}\n\nIt works once, until {}, with the server {}. It is not shown again.",
        made.code, made.expires_at, made.server
    )
}

pub fn status(status: &SyncStatus) -> String {
    let mut words = format!(
        "{} waiting, {} files to send, {} need a person, last in step {}",
        status.waiting,
        status.files_waiting,
        status.attention,
        status.last_synced_at.as_deref().unwrap_or("never"),
    );
    // What makes less of "in step" is said only where there is some.
    let rare = [
        (status.files_refused, "files the server will not take"),
        (status.only_here, "records are only here: the server lost them"),
    ];
    for (count, what) in rare.into_iter().filter(|(count, _)| *count > 0) {
        words.push_str(&format!(", {count} {what}"));
    }
    if let Some(problem) = &status.problem {
        words.push_str(&format!(". {}", problem.detail));
    }
    words
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

pub fn audit(list: &AuditList) -> String {
    let lines = list.entries.iter().map(|entry| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            format!("{} {}", entry.at.day, entry.at.time),
            entry.who.clone(),
            entry.what.clone(),
            text(&entry.record),
            text(&entry.name),
            text(&entry.computer),
        ]
        .join("\t")
    });
    let end = match &list.older {
        Some(older) => format!("Older ones: --older {older}"),
        None => "There is nothing older.".to_owned(),
    };
    lines.chain([end]).collect::<Vec<_>>().join("\n")
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

/// What the record says of a paper's code, as far as it is good: what is wrong with it is said as a failure.
pub fn paper(report: &PaperReport) -> String {
    let key = match report.own_signature {
        OwnSignature::Good => "with their own key",
        OwnSignature::None => "when they had no key of their own yet",
        OwnSignature::Unknown => "with a key of which this computer has not heard yet",
        OwnSignature::Wrong => "with a key that is not theirs",
    };
    let holds = report.is_genuine && report.status == "finalised";
    let verdict = if holds {
        "\nThe code is genuine, and the prescription holds. A code can be copied onto another paper: compare the paper with \
         what stands here."
    } else {
        ""
    };
    let number = report.number.as_deref().unwrap_or("unknown");
    let at = report.signed_at.as_deref().unwrap_or("at an unknown time");
    let PaperReport { doctor, patient, date, .. } = report;
    let lines = report.lines.join("\n  ");
    format!("No. {number} of {date}, for {patient}:\n  {lines}\nSigned by {doctor}, {at}, {key}.{verdict}")
}

/// A computer on which all is well.
#[cfg(test)]
pub fn well() -> SyncStatus {
    SyncStatus { connection: replica::view::Connection::Online, ..SyncStatus::unknown() }
}

#[cfg(test)]
mod tests {
    use protocol::error::ErrorCode;
    use replica::view::SyncProblem;

    use super::*;

    #[test]
    fn a_genuine_code_is_not_said_to_be_a_genuine_paper_and_what_was_signed_is_there_to_compare() {
        let report = PaperReport {
            number: Some("ASHA-A-261123-1".into()),
            patient: "Sunita Deshmukh, 54 y, F".into(),
            date: "23 Nov 2026".into(),
            lines: vec!["TAB. PARACETAMOL 650 MG: 1 tablet at bedtime, for 3 days (3 tablets)".into()],
            doctor: "Dr. Anjali Kulkarni".into(),
            signed_at: Some("2026-11-23T05:11:08.000Z".into()),
            status: "finalised".into(),
            own_signature: OwnSignature::Good,
            is_genuine: true,
        };
        let said = paper(&report);
        let parts =
            [report.patient.as_str(), report.date.as_str(), report.lines[0].as_str(), "compare the paper"];
        for part in parts {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(!said.contains("paper is what was signed"), "{said}");
        let void = paper(&PaperReport { status: "voided".into(), ..report });
        assert!(!void.contains("holds") && void.contains("Sunita Deshmukh"), "{void}");
    }

    #[test]
    fn what_makes_less_of_being_in_step_is_said() {
        let said = status(&SyncStatus { files_waiting: 1, ..well() });
        assert_eq!(said, "0 waiting, 1 files to send, 0 need a person, last in step never");
        let problem = SyncProblem { code: ErrorCode::Forbidden, detail: "Not now.".into() };
        let ill = SyncStatus { only_here: 3, files_refused: 2, problem: Some(problem), ..well() };
        let said = status(&ill);
        assert!(said.contains(", 2 files the server will not take, 3 records are only here"), "{said}");
        assert!(said.ends_with(". Not now."), "{said}");
    }
}
