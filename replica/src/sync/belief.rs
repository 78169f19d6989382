//! What no server of ours says. Where an answer holds such a thing, nothing of it is taken.

use std::collections::HashSet;

use protocol::api::{MAX_PULL_ROWS, MAX_VERSION, Notice, Position, PushResponse, Receipt, ReceiptsAnswer};
use protocol::digest::{RowsAnswer, RowsRequest};
use protocol::id::TenantId;
use protocol::mutation::SignedMutation;
use protocol::table::{Row, TableName, UnknownRow, Values};
use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::error::{Error, Result};

/// Within an epoch no clinic writes so often while one of its computers is away.
const MOST_AHEAD: i64 = 1_000_000_000;
/// The shared medicines in one answer.
const MOST_MEDICINES: i64 = 1_000_000;
/// No clock is wrong by more.
const MOST_WRONG: Duration = Duration::days(200 * 365);
/// What people are told at once.
const MOST_NOTICES: usize = 20;
/// A sentence for people, in signs.
const MOST_SIGNS: usize = 1_000;

/// What must be added to this computer's clock for the server's, in milliseconds; none for a time that no clock shows.
pub(super) fn offset_ms(server_time: OffsetDateTime, now: OffsetDateTime) -> Option<i64> {
    let offset = server_time - now;
    (offset.abs() < MOST_WRONG).then(|| i64::try_from(offset.whole_milliseconds()).ok()).flatten()
}

/// As many notices as people read, and no longer than they read.
pub(super) fn notices(mut notices: Vec<Notice>) -> Vec<Notice> {
    notices.truncate(MOST_NOTICES);
    notices.into_iter().map(|notice| Notice { detail: sentence(notice.detail), ..notice }).collect()
}

/// A sentence of the server, no longer than people read.
pub(super) fn sentence(text: String) -> String {
    if text.len() <= MOST_SIGNS { text } else { text.chars().take(MOST_SIGNS).collect() }
}

/// Versions that a server may have come to, of the tenant and of the shared medicines, as far as the tenant's is known.
pub(super) fn head(version: i64, catalogue: i64, known: Option<i64>) -> Result<()> {
    let most = known.map_or(MAX_VERSION, |known| known.saturating_add(MOST_AHEAD));
    if (0..=most.min(MAX_VERSION)).contains(&version) && (0..=MAX_VERSION).contains(&catalogue) {
        Ok(())
    } else {
        Err(Error::BadAnswer("it is at a version that no clinic comes to"))
    }
}

/// A page of a pull as it comes.
pub(crate) struct Page {
    tenant: TenantId,
    /// The tenant's version and the catalogue's, once they were said.
    head: Option<(i64, i64)>,
    /// Behind this row the next one stands, or only this version, where the last row's table is not known here.
    after: (i64, Option<Position>),
    n_rows: i64,
    n_medicines: i64,
}

impl Page {
    /// The page that was asked for with this [`protocol::api::PullQuery::after`].
    pub(crate) fn after(tenant: TenantId, after: Option<&str>) -> Self {
        let position: Option<Position> = after.and_then(|after| after.parse().ok());
        let version = after.and_then(|after| after.split('.').next()?.parse().ok()).unwrap_or(0);
        Self { tenant, head: None, after: (version, position), n_rows: 0, n_medicines: 0 }
    }

    /// The versions of the page. `known` is the version that this computer is at.
    pub(crate) fn head(&mut self, version: i64, catalogue: i64, known: Option<i64>) -> Result<()> {
        head(version, catalogue, known)?;
        if self.head.replace((version, catalogue)).is_some() {
            return Err(Error::BadAnswer("it says twice how far it has come"));
        }
        Ok(())
    }

    /// A row of the page.
    pub(crate) fn row(&mut self, row: &Row) -> Result<()> {
        let (version, catalogue) = self.begun()?;
        must_be_of(self.tenant, &row.values)?;
        if row.table.table().is_shared() {
            self.n_medicines += 1;
            return must_be_within(row.version, catalogue, self.n_medicines <= MOST_MEDICINES);
        }
        let at = Position { version: row.version, table: row.table, id: row.id };
        let (known, last) = self.after;
        let is_behind = last.map_or(at.version >= known, |last| at > last);
        if !is_behind {
            return Err(Error::BadAnswer("its rows are not in their order"));
        }
        self.after = (at.version, Some(at));
        self.n_rows += 1;
        must_be_within(row.version, version, self.n_rows <= MAX_PULL_ROWS)
    }

    /// A row of a table that is not known here, whose place among the others is not known either.
    pub(crate) fn unknown(&mut self, row: &UnknownRow) -> Result<()> {
        let (version, _) = self.begun()?;
        if let Some(values) = row.row.get("values").and_then(Value::as_object) {
            must_be_of_id(self.tenant, values.get("tenant_id"))?;
        }
        let (known, last) = self.after;
        if row.version < known {
            return Err(Error::BadAnswer("its rows are not in their order"));
        }
        // Of the version that goes on, the last known row stays the one behind which the known ones stand.
        self.after = (row.version, last.filter(|last| last.version == row.version));
        self.n_rows += 1;
        must_be_within(row.version, version, self.n_rows <= MAX_PULL_ROWS)
    }

    /// The end of the page, and whether more remains.
    pub(crate) fn end(&self, more: bool) -> Result<()> {
        self.begun()?;
        if more && self.n_rows == 0 {
            return Err(Error::BadAnswer("it says that more rows remain, and sends none"));
        }
        Ok(())
    }

    fn begun(&self) -> Result<(i64, i64)> {
        // What does not begin with a head is no page at all.
        self.head.ok_or(Error::ServerUnreachable)
    }
}

/// The answer to a push of these mutations: it names each of them, and rows as they are at its version.
pub(super) fn pushed(
    tenant: TenantId,
    sent: &[SignedMutation],
    answer: &PushResponse,
    known: Option<i64>,
) -> Result<()> {
    head(answer.head, 0, known)?;
    if answer.head < answer.head_before {
        return Err(Error::BadAnswer("it is at a version that no clinic comes to"));
    }
    receipts(sent, &answer.receipts)?;
    rows(tenant, &answer.rows, answer.head)
}

/// The receipts of these mutations: one for each, in their order.
pub(crate) fn receipts(sent: &[SignedMutation], receipts: &[Receipt]) -> Result<()> {
    #[derive(Deserialize)]
    struct Numbered {
        sequence: i64,
    }
    let is_of = |(sent, receipt): (&SignedMutation, &Receipt)| {
        let number = serde_json::from_str(&sent.body).map(|Numbered { sequence }| sequence);
        sent.hash == receipt.hash && number.is_ok_and(|sequence| sequence == receipt.sequence)
    };
    if sent.len() == receipts.len() && sent.iter().zip(receipts).all(is_of) {
        Ok(())
    } else {
        Err(Error::BadAnswer("it does not say what became of what was sent"))
    }
}

/// What became of changes that waited for a person, asked for at this version.
pub(super) fn settled(tenant: TenantId, answer: &ReceiptsAnswer, known: Option<i64>) -> Result<()> {
    rows(tenant, &answer.rows, known.map_or(MAX_VERSION, |known| known.saturating_add(MOST_AHEAD)))
}

/// The answer to a request for rows: of those that were asked for, and each at most once.
pub(super) fn fetched(
    tenant: TenantId,
    request: &RowsRequest,
    answer: &RowsAnswer,
    catalogue: i64,
) -> Result<()> {
    let ids: HashSet<Uuid> = request.ids.iter().copied().collect();
    let is_asked = |row: &Row| row.table.as_str() == request.table && ids.contains(&row.id);
    if answer.rows.len() > request.ids.len() || !answer.rows.iter().all(is_asked) {
        return Err(Error::BadAnswer("it sends rows that nobody asked for"));
    }
    let is_shared = answer.rows.first().is_some_and(|row| row.table.table().is_shared());
    let most = if is_shared { catalogue } else { answer.version };
    for row in &answer.rows {
        must_be_of(tenant, &row.values)?;
        must_be_within(row.version, most, true)?;
    }
    Ok(())
}

fn rows(tenant: TenantId, rows: &[Row], most: i64) -> Result<()> {
    for row in rows {
        must_be_of(tenant, &row.values)?;
        // No desktop writes the shared medicines.
        must_be_within(row.version, most, row.table != TableName::Medicines)?;
    }
    Ok(())
}

fn must_be_within(version: i64, most: i64, is_allowed: bool) -> Result<()> {
    if is_allowed && (1..=most).contains(&version) {
        Ok(())
    } else {
        Err(Error::BadAnswer("it sends rows that it cannot have, or more than were asked for"))
    }
}

fn must_be_of(tenant: TenantId, values: &Values) -> Result<()> {
    must_be_of_id(tenant, values.get("tenant_id"))
}

/// Rows do not say whose they are; one that does must not say another's.
fn must_be_of_id(tenant: TenantId, said: Option<&Value>) -> Result<()> {
    match said {
        Some(said) if said.as_str() != Some(&tenant.to_string()) => {
            Err(Error::BadAnswer("it sends rows of another clinic"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use protocol::api::{Fate, NoticeCode};
    use protocol::id::{DeviceId, Epoch, UserId};
    use protocol::mutation::{Hash, Mutation};
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 05:11:08 UTC);
    const TENANT: TenantId = TenantId(Uuid::from_u128(1));

    fn row(table: TableName, id: u128, version: i64) -> Row {
        Row { table, id: Uuid::from_u128(id), version, deleted: false, values: Values::new() }
    }

    fn unknown(id: u128, version: i64) -> UnknownRow {
        let row =
            json!({ "table": "vaccinations", "id": Uuid::from_u128(id), "version": version, "values": {} });
        UnknownRow::parse(row).expect("BUG: unknown")
    }

    /// A page at version 42 behind version 40.
    fn page() -> Page {
        let mut page = Page::after(TENANT, Some(&Position::after_version(40).to_string()));
        page.head(42, 3, Some(40)).expect("BUG: a good head");
        page
    }

    fn is_bad<T: std::fmt::Debug>(taken: Result<T>) -> bool {
        matches!(taken, Err(Error::BadAnswer(_)))
    }

    #[test]
    fn a_page_of_rows_in_their_order_is_believed() {
        let mut page = page();
        for (table, id, version) in [
            (TableName::Medicines, 9, 2),
            (TableName::Medicines, 1, 3),
            (TableName::Patients, 7, 41),
            (TableName::Patients, 8, 41),
            (TableName::Prescriptions, 1, 41),
            (TableName::Clinics, 1, 42),
        ] {
            page.row(&row(table, id, version)).expect("BUG: believed");
        }
        page.unknown(&unknown(1, 42)).expect("BUG: believed");
        page.row(&row(TableName::Doctors, 1, 42)).expect("BUG: believed");
        page.end(true).expect("BUG: believed");
    }

    #[test]
    fn rows_that_the_server_cannot_have_are_not_believed() {
        for (table, id, version) in [
            (TableName::Patients, 7, 43),
            (TableName::Patients, 7, 40),
            (TableName::Patients, 7, 0),
            (TableName::Patients, 7, -1),
            (TableName::Patients, 7, i64::MAX),
            (TableName::Medicines, 7, 4),
            (TableName::Medicines, 7, 0),
        ] {
            assert!(is_bad(page().row(&row(table, id, version))), "{table:?} {version}");
        }
        for version in [39, 43] {
            assert!(is_bad(page().unknown(&unknown(1, version))), "{version}");
        }
    }

    #[test]
    fn rows_that_come_again_or_backwards_are_not_believed() {
        let mut page = page();
        page.row(&row(TableName::Prescriptions, 7, 41)).expect("BUG: believed");
        for (table, id, version) in [
            (TableName::Prescriptions, 7, 41),
            (TableName::Prescriptions, 6, 41),
            (TableName::Patients, 8, 41),
        ] {
            assert!(is_bad(page.row(&row(table, id, version))));
        }
        page.unknown(&unknown(1, 41)).expect("BUG: believed");
        assert!(is_bad(page.row(&row(TableName::Prescriptions, 7, 41))), "also behind one that is not known");
        page.unknown(&unknown(1, 42)).expect("BUG: believed");
        assert!(is_bad(page.unknown(&unknown(1, 41))));
    }

    #[test]
    fn a_page_without_measure_is_not_believed() {
        let mut page = page();
        for id in 0..5_000 {
            page.row(&row(TableName::Patients, id, 41)).expect("BUG: believed");
        }
        assert!(is_bad(page.row(&row(TableName::Patients, 5_000, 41))));
        assert!(is_bad(page.unknown(&unknown(1, 42))));
    }

    #[test]
    fn more_that_never_comes_is_not_believed() {
        assert!(is_bad(page().end(true)));
        assert!(page().end(false).is_ok());
    }

    #[test]
    fn absurd_versions_are_not_believed() {
        for (version, catalogue, known) in [
            (i64::MAX, 0, None),
            (MAX_VERSION + 1, 0, None),
            (-1, 0, None),
            (42, i64::MAX, None),
            (42, -1, None),
            (1_000_000_100, 0, Some(42)),
        ] {
            assert!(is_bad(head(version, catalogue, known)), "{version} {catalogue} {known:?}");
        }
        assert!(head(1_795_924_869_000, 3, None).is_ok() && head(1_000_000, 3, Some(42)).is_ok());
        let mut page = page();
        assert!(is_bad(page.head(43, 3, Some(40))), "said twice");
        let mut headless = Page::after(TENANT, None);
        assert!(headless.row(&row(TableName::Patients, 1, 1)).is_err() && headless.end(false).is_err());
    }

    #[test]
    fn rows_of_another_tenant_are_not_believed() {
        let said = |tenant: TenantId| {
            let mut said = row(TableName::Patients, 7, 41);
            said.values.insert("tenant_id".into(), json!(tenant));
            said
        };
        assert!(page().row(&said(TENANT)).is_ok());
        assert!(is_bad(page().row(&said(TenantId(Uuid::from_u128(2))))));
        let mut theirs = unknown(1, 41);
        theirs.row["values"]["tenant_id"] = json!(TenantId(Uuid::from_u128(2)));
        assert!(is_bad(page().unknown(&theirs)));
    }

    fn sent(sequence: i64) -> SignedMutation {
        let mutation = Mutation {
            device_id: DeviceId(Uuid::from_u128(2)),
            sequence,
            actor_user_id: UserId(Uuid::from_u128(5)),
            recorded_at: NOW,
            clock_offset_ms: 0,
            schema: 1,
            kind: "register_patient".into(),
            changes: vec![],
            settles: None,
        };
        let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
        SignedMutation::sign(&mutation, Hash::ZERO, &key).expect("BUG: signed")
    }

    fn answer(sent: &[SignedMutation]) -> PushResponse {
        let receipt = |(place, sent): (usize, &SignedMutation)| Receipt {
            sequence: place as i64 + 1,
            hash: sent.hash,
            fate: Fate::Applied,
            code: None,
            detail: None,
            blocked_by: None,
            review: vec![],
        };
        PushResponse {
            head_before: 41,
            head: 42,
            receipts: sent.iter().enumerate().map(receipt).collect(),
            rows: vec![row(TableName::Patients, 7, 42)],
            server_time: NOW,
            notices: vec![],
        }
    }

    /// How a server may spoil its answer to a push.
    type Spoil = fn(&mut PushResponse);

    #[test]
    fn an_answer_to_a_push_names_each_change_and_rows_that_there_can_be() {
        let sent = [sent(1), sent(2)];
        assert!(pushed(TENANT, &sent, &answer(&sent), Some(41)).is_ok());
        let spoilt: [(&str, Spoil); 8] = [
            ("no receipts", |answer| answer.receipts.clear()),
            ("one is missing", |answer| drop(answer.receipts.pop())),
            ("another number", |answer| answer.receipts[1].sequence = 9),
            ("another change", |answer| answer.receipts[1].hash = Hash::ZERO),
            ("an absurd version", |answer| answer.head = i64::MAX),
            ("a version that goes back", |answer| answer.head_before = 43),
            ("a row of later", |answer| answer.rows[0].version = 43),
            ("a shared row", |answer| answer.rows[0].table = TableName::Medicines),
        ];
        for (what, spoil) in spoilt {
            let mut answer = answer(&sent);
            spoil(&mut answer);
            assert!(is_bad(pushed(TENANT, &sent, &answer, Some(41))), "{what}");
        }
    }

    #[test]
    fn only_rows_that_were_asked_for_are_taken() {
        let request = RowsRequest {
            epoch: Epoch(Uuid::from_u128(4)),
            table: "patients".into(),
            ids: vec![Uuid::from_u128(7), Uuid::from_u128(8)],
        };
        let take = |rows: Vec<Row>| fetched(TENANT, &request, &RowsAnswer { version: 42, rows }, 3);
        assert!(take(vec![row(TableName::Patients, 7, 42)]).is_ok() && take(vec![]).is_ok());
        let seven = row(TableName::Patients, 7, 42);
        for bad in [
            vec![row(TableName::Patients, 9, 42)],
            vec![row(TableName::Doctors, 7, 42)],
            vec![row(TableName::Patients, 7, 43)],
            vec![seven.clone(), seven.clone(), seven],
        ] {
            assert!(is_bad(take(bad)));
        }
    }

    #[test]
    fn a_time_that_no_clock_shows_is_not_taken() {
        assert_eq!(offset_ms(NOW + Duration::seconds(2), NOW), Some(2_000));
        assert_eq!(offset_ms(datetime!(9999-12-31 23:59:59 UTC), NOW), None);
        assert_eq!(offset_ms(datetime!(0001-01-01 00:00:00 UTC), NOW), None);
    }

    #[test]
    fn people_are_told_no_more_than_they_read() {
        let notice = Notice { code: NoticeCode::NearLimit, detail: "ह".repeat(10_000) };
        let told = notices(vec![notice; 500]);
        assert_eq!(told.len(), MOST_NOTICES);
        assert!(told.iter().all(|notice| notice.detail.chars().count() == MOST_SIGNS));
    }
}
