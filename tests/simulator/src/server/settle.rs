//! What a person makes of a mutation that was set aside, and what goes on behind it: in one transaction.

use std::mem;

use protocol::api::{Fate, Receipt};
use protocol::conflict::{Item, Kind, Source};
use protocol::error::{Refusal, RefusalCode};
use protocol::id::DeviceId;
use protocol::mutation::{Hash, Mutation};
use protocol::settlement::{Settlement, Settler, Way, check_replacement, item_id};
use protocol::table::TableName;
use protocol::validate::moment_text;
use serde_json::{Value, json};
use uuid::Uuid;

use super::items;
use super::opened::{blocked, nobody_here, refused, unknown_form};
use super::push::{Done, Origin, Writing};
use super::quarantine::{End, Found};
use super::{Caller, Person};

/// Who settles, with which mutation.
struct By<'a> {
    origin: &'a Origin<'a>,
    device: DeviceId,
    settlement: &'a Settlement,
}

impl Writing {
    /// Applies a settlement. The answer to it comes with the place where it stands: that of what it corrects.
    pub(super) fn settle(
        &mut self,
        mutation: &Mutation,
        hash: Hash,
        settlement: &Settlement,
    ) -> (Receipt, Option<i64>) {
        let sequence = mutation.sequence;
        let Some(person) = self.person(mutation.actor_user_id) else {
            return (refused(sequence, hash, nobody_here()), None);
        };
        let Some(found) = self.tenant.found(settlement.device_id, settlement.sequence) else {
            let refusal = Refusal::new(RefusalCode::MissingRow, "No such change was set aside.");
            return (refused(sequence, hash, refusal), None);
        };
        let is_there = found.device == self.caller.device;
        let is_author = found.author == mutation.actor_user_id;
        let is_lost = self.tenant.devices.get(&found.device).is_some_and(|device| device.is_revoked);
        let settler = Settler { roles: &person.staff.roles, is_author, is_there, is_lost };
        let checked = settlement.check(settler, &mutation.changes).and_then(|()| match &found.mutation {
            Some(refused) if settlement.way == Way::Replace => check_replacement(refused, &mutation.changes),
            _ => Ok(()),
        });
        if let Err(refusal) = checked {
            return (refused(sequence, hash, refusal), None);
        }
        if found.is_settled {
            // Somebody was first. A correction is still what a person made of the record.
            return match settlement.way {
                Way::Replace => (self.attempt(mutation, hash, sequence), None),
                _ => (Done { met_others: true, ..Done::default() }.receipt(sequence, hash), None),
            };
        }
        let origin = Origin::of(mutation, &person);
        let by = By { origin: &origin, device: self.caller.device, settlement };
        match settlement.way {
            Way::HandOver => {
                let from = self.source(&origin);
                self.bring_before_admins(&found, from, settlement.reason.as_deref());
                (Done::default().receipt(sequence, hash), None)
            }
            Way::Replace if !is_there => {
                let instead = self.attempt(mutation, hash, sequence);
                // Refused, it waits by itself, and what it was to correct goes on waiting.
                if !instead.fate.is_aside() {
                    self.instead.insert(sequence, mutation.changes.clone());
                    self.on_behalf(found.device, |theirs| {
                        theirs.end(&found, &by, Fate::Replaced, None);
                        theirs.go_on(&found, &by);
                    });
                }
                (instead, None)
            }
            Way::Replace => {
                self.end(&found, &by, Fate::Replaced, None);
                self.instead.insert(sequence, mutation.changes.clone());
                let instead = self.attempt(mutation, hash, found.place);
                if instead.fate.is_aside() {
                    // What waited behind it waits behind what took its place.
                    let first = instead.blocked_by.unwrap_or(sequence);
                    for next in self.device().behind(found.sequence) {
                        self.tenant.note(found.device, &blocked(next, Hash::ZERO, first));
                    }
                } else {
                    self.go_on(&found, &by);
                }
                (instead, Some(found.place))
            }
            Way::Retry | Way::Discard => {
                let detail = self.on_behalf(found.device, |theirs| theirs.decide(&found, &by));
                (Receipt { detail, ..Done::default().receipt(sequence, hash) }, None)
            }
        }
    }

    fn on_behalf<T>(&mut self, device: DeviceId, work: impl FnOnce(&mut Self) -> T) -> T {
        let scope = self.tenant.devices.get(&device).map_or(self.caller.scope, |device| device.scope);
        let theirs = Caller { device, scope, ..self.caller };
        let own = mem::replace(&mut self.caller, theirs);
        let done = work(self);
        self.caller = own;
        done
    }

    /// Tries it again or discards it. The answer says so if it is refused again.
    fn decide(&mut self, found: &Found, by: &By<'_>) -> Option<String> {
        if by.settlement.way == Way::Discard {
            self.end(found, by, Fate::Discarded, None);
        } else {
            let again = self.again(found);
            if again.fate.is_aside() {
                self.tenant.note(found.device, &again);
                self.tell(found, by, &again);
                let why = again.detail;
                let why = why.unwrap_or_else(|| "It builds on another change that is set aside.".to_owned());
                return Some(format!("It was refused again. {why}"));
            }
            self.went_in(found);
            self.end(found, by, again.fate, Some(&again));
        }
        self.go_on(found, by);
        None
    }

    fn again(&mut self, found: &Found) -> Receipt {
        match &found.mutation {
            Some(mutation) => self.attempt(mutation, found.hash, found.place),
            None => refused(found.sequence, found.hash, unknown_form()),
        }
    }

    /// Tries in their order what waited behind a mutation that does so no more.
    fn go_on(&mut self, found: &Found, by: &By<'_>) {
        for next in self.device().behind(found.sequence) {
            let Some(next) = self.tenant.found(found.device, next) else { continue };
            let receipt = self.again(&next);
            if receipt.fate.is_aside() {
                self.tenant.note(next.device, &receipt);
                continue;
            }
            self.went_in(&next);
            self.end(&next, by, receipt.fate, Some(&receipt));
        }
    }

    /// Remembers a mutation that had waited for a person and went in, and the rows that it names.
    fn went_in(&mut self, found: &Found) {
        let Some(mutation) = &found.mutation else { return };
        self.written.extend(mutation.changes.iter().map(|change| (change.table, change.id)));
        self.went_on.push(mutation.clone());
    }

    fn end(&mut self, found: &Found, by: &By<'_>, fate: Fate, receipt: Option<&Receipt>) {
        let reason = by.settlement.reason.as_deref().map(|reason| reason.trim().to_owned());
        let detail = match fate {
            Fate::Discarded => reason.clone(),
            Fate::Replaced => Some(format!("Corrected as change {}.", by.origin.sequence)),
            _ => receipt.and_then(|receipt| receipt.detail.clone()),
        };
        let review = receipt.map(|receipt| receipt.review.clone()).unwrap_or_default();
        let end = End { fate, detail, review, by: (by.device, by.origin.sequence) };
        let device = self.tenant.devices.get_mut(&found.device);
        if let Some(aside) = device.and_then(|device| device.aside.get_mut(&found.sequence)) {
            aside.detail = None;
            aside.end = Some(end);
        }
        let choice = match fate {
            Fate::Discarded => "theirs",
            Fate::Replaced => "other",
            _ => "ours",
        };
        self.change_item(found, by.origin, |item| {
            item.insert("state".to_owned(), json!("resolved"));
            item.insert("choice".to_owned(), json!(choice));
            item.insert("reason".to_owned(), json!(reason));
            items::sign(item, by.origin);
        });
    }

    /// Writes into the item, if there is one, that it was refused again and why.
    fn tell(&mut self, found: &Found, by: &By<'_>, again: &Receipt) {
        let at = moment_text(by.origin.recorded_at);
        self.change_item(found, by.origin, |item| {
            if let Some(ours) = item.get_mut("ours").and_then(Value::as_object_mut) {
                ours.insert("code".to_owned(), json!(again.code));
                ours.insert("detail".to_owned(), json!(again.detail));
                ours.insert("tried_at".to_owned(), json!(at));
            }
        });
    }

    fn change_item(
        &mut self,
        found: &Found,
        origin: &Origin<'_>,
        change: impl FnOnce(&mut protocol::table::Values),
    ) {
        let key = (TableName::SyncConflicts, item_id(found.device, found.sequence));
        let Some(held) = self.tenant.rows.get(&key) else { return };
        let mut row = held.row.clone();
        change(&mut row.values);
        self.put(origin, key, row);
    }

    /// Brings before the admins whatever waits of computers that are out of service.
    pub(super) fn bring_lost(&mut self) {
        let of_lost = self.tenant.devices.iter().filter(|(_, device)| device.is_revoked);
        let waiting: Vec<_> =
            of_lost.flat_map(|(id, device)| device.waiting().map(move |sequence| (*id, sequence))).collect();
        for (device, sequence) in waiting {
            let key = (TableName::SyncConflicts, item_id(device, sequence));
            if let Some(found) = self.tenant.found(device, sequence)
                && !self.tenant.rows.contains_key(&key)
            {
                self.bring_before_admins(&found, Source::default(), None);
            }
        }
    }

    /// Brings one before the tenant's admins.
    pub(super) fn bring_before_admins(&mut self, found: &Found, from: Source, why: Option<&str>) {
        let Some(mutation) = &found.mutation else { return };
        let Some(first) = mutation.changes.first() else { return };
        let patient = mutation.changes.iter().find_map(|change| {
            let held = self.tenant.rows.get(&(change.table, change.id));
            let values = held.map_or_else(|| change.values(), |held| held.row.values.clone());
            self.patient_of((change.table, change.id), &values)
        });
        // One whose registration itself was refused is nobody here.
        let is_here = |id: &Uuid| self.tenant.rows.contains_key(&(TableName::Patients, *id));
        let ours_from = self.author(found, mutation);
        let item = Item {
            id: item_id(found.device, found.sequence),
            kind: Kind::Refused,
            table: first.table,
            row: first.id,
            column: None,
            patient: patient.filter(is_here),
            rule: None,
            base: Value::Null,
            theirs: json!({ "why": why.map(str::trim) }),
            ours: json!({ "device_id": found.device, "sequence": found.sequence, "kind": mutation.kind,
                "code": found.code, "detail": found.detail }),
            theirs_from: from,
            ours_from,
        };
        self.open(&item);
    }

    /// Who made a refused mutation, on whichever device.
    fn author(&self, found: &Found, mutation: &Mutation) -> Source {
        let device = self.tenant.devices.get(&found.device);
        let person: Option<&Person> =
            self.tenant.people.get(&found.author).filter(|person| {
                person.is_active && device.is_some_and(|one| one.known.contains(&found.author))
            });
        Source {
            by: Some(found.author),
            name: person.map(|person| person.staff.full_name.clone()),
            device_id: Some(found.device),
            device: device.map(|device| device.name.clone()),
            at: Some(moment_text(mutation.recorded_at)),
        }
    }
}
