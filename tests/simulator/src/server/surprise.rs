//! What a desktop lets people do, and the server then refuses: it should have said so at once.

use protocol::api::{Fate, Receipt};
use protocol::error::RefusalCode;
use protocol::mutation::{Change, Mutation, Op};

use super::push::Writing;

/// What people do by commands of the window that look at the server's rules before they save.
const COMMANDS: &[&str] = &[
    "register_patient",
    "update_patient",
    "sign_prescription",
    "void_prescription",
    "give_draft",
    "take_back_draft",
    "book_visit",
    "confirm_visit",
    "patient_arrived",
    "call_patient",
    "start_visit",
    "next_patient",
    "finish_visit",
    "reopen_visit",
    "patient_left",
    "patient_missed",
    "cancel_visit",
    "move_visit",
    "mistaken_visit",
    "attach_file",
    "remove_attachment",
];

impl Writing {
    /// Notes what was refused on its content, although the desktop had let it be done by the same rules: it had the rows that
    /// it changes as they are here, nothing of it was refused before, and the person may what they might then.
    pub(super) fn note_surprise(&mut self, mutation: &Mutation, receipt: &Receipt) {
        let is_current = |change: &Change| match self.tenant.rows.get(&(change.table, change.id)) {
            Some(held) => held.version <= change.base_version,
            None => change.op == Op::Insert,
        };
        let person = self.tenant.people.get(&mutation.actor_user_id);
        let is_surprise = receipt.fate == Fate::Quarantined
            && matches!(
                receipt.code,
                Some(RefusalCode::NotAllowed | RefusalCode::BadValue | RefusalCode::Fixed)
            )
            && COMMANDS.contains(&mutation.kind.as_str())
            && self.device().aside.is_empty()
            && person.is_some_and(|person| !person.has_changed)
            && mutation.changes.iter().all(is_current);
        if is_surprise {
            let (kind, device) = (&mutation.kind, &self.device().name);
            let detail = receipt.detail.as_deref().unwrap_or_default();
            let what = format!("{kind} of {device} was refused, and was let be done there: {detail}");
            self.tenant.surprises.push(what);
        }
    }
}
