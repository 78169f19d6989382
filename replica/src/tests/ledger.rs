//! The ledger: searched, counted, paged, and written out.

use protocol::api::Fate;
use protocol::permission::Role;
use serde_json::Value;
use uuid::Uuid;

use super::{Fixture, NOW, answer, fixture};
use crate::ledger::{self, CHOICES};
use crate::store::{LAST, NEEDS_SOMEONE, UNKNOWN, WAITING};
use crate::view::{LedgerFilter, LedgerFormat, LedgerPage, LedgerState};

fn page(fixture: &Fixture, filter: LedgerFilter) -> LedgerPage {
    fixture.replica.ledger_page(&filter, None, 100).expect("BUG: a page")
}

fn found(fixture: &Fixture, filter: LedgerFilter) -> Vec<u32> {
    page(fixture, filter).entries.iter().map(|entry| entry.sequence).collect()
}

fn query(text: &str) -> LedgerFilter {
    LedgerFilter { query: text.into(), ..LedgerFilter::default() }
}

fn written(fixture: &Fixture, filter: &LedgerFilter, format: LedgerFormat) -> String {
    let mut bytes = Vec::new();
    fixture.replica.export_ledger(filter, format, &mut bytes).expect("BUG: written");
    String::from_utf8(bytes).expect("BUG: text")
}

#[test]
fn entries_are_found_by_name_number_kind_state_day_and_author() {
    let fixture = fixture(Role::Doctor);
    fixture.register("Sunita", "98204 41276");
    fixture.register("Ramesh", "98190 00001");
    let mut sent = answer(&fixture.store, 2, vec![]);
    sent.receipts.truncate(1);
    sent.receipts[0].fate = Fate::Merged;
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    fixture.register("Sunanda", "98190 00002");
    assert_eq!(found(&fixture, query("sunita")), [1]);
    assert_eq!(found(&fixture, query("98190")), [3, 2]);
    assert_eq!(found(&fixture, query("#2")), [2]);
    assert!(found(&fixture, query("nobody")).is_empty());
    let of = |state| LedgerFilter { state: Some(state), ..LedgerFilter::default() };
    assert_eq!(found(&fixture, of(LedgerState::Waiting)), [3, 2]);
    assert_eq!(found(&fixture, of(LedgerState::Merged)), [1]);
    let kind = |kind: &str| LedgerFilter { kind: Some(kind.into()), ..LedgerFilter::default() };
    assert_eq!(found(&fixture, kind("register_patient")).len(), 3);
    assert!(found(&fixture, kind("sign_prescription")).is_empty());
    // 05:11 UTC is the 23rd of November in India, and so is 18:29; the day after begins at 18:30.
    let on =
        |day: &str| LedgerFilter { from: Some(day.into()), to: Some(day.into()), ..LedgerFilter::default() };
    assert_eq!(found(&fixture, on("2026-11-23")).len(), 3);
    assert!(found(&fixture, on("2026-11-24")).is_empty() && found(&fixture, on("2026-11-22")).is_empty());
    let author = LedgerFilter { author: Some(fixture.replica.person.id), ..LedgerFilter::default() };
    assert_eq!(found(&fixture, author).len(), 3);
    let choices = fixture.replica.ledger_choices().expect("BUG: choices");
    assert_eq!(choices.counts, [(LedgerState::Merged, 1), (LedgerState::Waiting, 2)]);
    assert_eq!((choices.kinds[0].title.as_str(), choices.people.len()), ("Patient registered", 1));
}

#[test]
fn pages_follow_each_other_without_a_gap() {
    let fixture = fixture(Role::Doctor);
    for n in 0..7 {
        fixture.register("Sunita", &format!("98204 4127{n}"));
    }
    let (mut before, mut all) = (None, Vec::new());
    loop {
        let page = fixture.replica.ledger_page(&LedgerFilter::default(), before, 3).expect("BUG: a page");
        assert_eq!(page.total, 7);
        all.extend(page.entries.iter().map(|entry| entry.sequence));
        before = page.entries.last().map(|entry| entry.sequence);
        if page.entries.len() < 3 {
            break;
        }
    }
    assert_eq!(all, [7, 6, 5, 4, 3, 2, 1]);
}

/// How SQLite goes about a statement.
fn plan(fixture: &Fixture, sql: &str) -> Vec<String> {
    let steps = fixture.store.read(|tx| {
        let mut statement = tx.prepare(&format!("explain query plan {sql}"))?;
        let (mut rows, mut steps) = (statement.raw_query(), Vec::new());
        while let Some(row) = rows.next()? {
            steps.push(row.get(3)?);
        }
        Ok(steps)
    });
    steps.expect("BUG: a plan")
}

/// Of this length.
const LONG: u32 = 100_000;

/// What everybody's change of this number is, in a ledger that is that long: its kind and its fate.
fn of(number: u32) -> (&'static str, Option<&'static str>) {
    let kind = if number.is_multiple_of(4) { "sign_prescription" } else { "update_patient" };
    let fate = match number {
        number if number > LONG - 10 => None,
        number if number % 1_000 == 7 => Some("quarantined"),
        number if number % 1_000 == 8 => Some("blocked"),
        _ => Some("applied"),
    };
    (kind, fate)
}

/// A ledger of a hundred thousand changes of two people: the first three register Sunita, Ramesh and Farida, the others are
/// about one after the other of them.
fn long() -> Fixture {
    let fixture = fixture(Role::Doctor);
    for (name, number) in [("Sunita", "98204 41276"), ("Ramesh", "98190 00001"), ("Farida", "98190 00002")] {
        fixture.register(name, number);
    }
    let sent = answer(&fixture.store, 2, vec![]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let filled = fixture.store.write(|tx| {
        let of_first = "select body, previous_hash, hash, signature, actor_user_id, patient_id from mutations where sequence";
        let sql = format!(
            "insert into mutations (sequence, kind, body, previous_hash, hash, signature, recorded_at, actor_user_id, \
                                    actor_name, patient_id, fate, blocked_by) \
             select ?1, ?2, body, previous_hash, hash, signature, strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', ?3), \
                    case when ?1 % 2 then actor_user_id else ?4 end, ?5, patient_id, ?6, \
                    case when ?6 = 'blocked' then ?1 - 1 end \
             from ({of_first} = ?1 % 3 + 1)"
        );
        let mut statement = tx.prepare(&sql)?;
        for number in 4..=LONG {
            let (kind, fate) = of(number);
            let name = if number % 2 == 1 { "Anjali Kulkarni" } else { "Vikram Shah" };
            let colleague = Uuid::from_u128(77).to_string();
            statement.execute((number, kind, format!("+{number} minutes"), colleague, name, fate))?;
        }
        Ok(())
    });
    filled.expect("BUG: filled");
    fixture
}

#[test]
fn a_ledger_of_a_hundred_thousand_changes_is_searched_paged_and_counted_right() {
    let fixture = long();
    let expected =
        |fits: &dyn Fn(u32) -> bool| -> Vec<u32> { (4..=LONG).rev().filter(|n| fits(*n)).collect() };
    // The numbers of the pill, and those beside the filters.
    let state = fixture.store.sync_state().expect("BUG: readable");
    assert_eq!((state.waiting, state.set_aside, state.last_sequence), (10, 100, i64::from(LONG)));
    let choices = fixture.replica.ledger_choices().expect("BUG: choices");
    let counts = [
        (LedgerState::Applied, LONG - 210),
        (LedgerState::Blocked, 100),
        (LedgerState::Quarantined, 100),
        (LedgerState::Waiting, 10),
    ];
    assert_eq!(choices.counts, counts);
    assert_eq!(choices.kinds.len(), 3);
    let people: Vec<&str> = choices.people.iter().map(|person| person.full_name.as_str()).collect();
    assert_eq!(people, ["Anjali Kulkarni", "Vikram Shah"]);
    // Every page of a filter follows the one before without a gap.
    let pages = |filter: &LedgerFilter| -> Vec<u32> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = fixture.replica.ledger_page(filter, before, 500).expect("BUG: a page");
            all.extend(page.entries.iter().map(|entry| entry.sequence));
            before = page.entries.last().map(|entry| entry.sequence);
            if page.entries.len() < 500 {
                assert_eq!(page.total as usize, all.len());
                return all;
            }
        }
    };
    let refused = LedgerFilter { state: Some(LedgerState::Quarantined), ..LedgerFilter::default() };
    assert_eq!(pages(&refused), expected(&|n| of(n).1 == Some("quarantined")));
    let waiting = LedgerFilter { state: Some(LedgerState::Waiting), ..LedgerFilter::default() };
    assert_eq!(pages(&waiting), expected(&|n| of(n).1.is_none()));
    // Sunita's are those that three divides; 2026-02-01 in India begins 44,310 minutes after the first of January in UTC.
    let narrow = LedgerFilter {
        query: "sunita".into(),
        kind: Some("sign_prescription".into()),
        from: Some("2026-02-01".into()),
        to: Some("2026-02-03".into()),
        ..LedgerFilter::default()
    };
    let days = 44_310..44_310 + 3 * 1_440;
    let fits = |n: u32| n.is_multiple_of(3) && of(n).0 == "sign_prescription" && days.contains(&n);
    assert_eq!(pages(&narrow), expected(&fits));
    assert_eq!(found(&fixture, query("#54321")), [54_321]);
    let whole = fixture.replica.ledger_page(&LedgerFilter::default(), Some(1_001), 500).expect("BUG: a page");
    assert_eq!((whole.total, whole.entries.len()), (LONG, 500));
    assert_eq!((whole.entries[0].sequence, whole.entries[499].sequence), (1_000, 501));
}

#[test]
fn nothing_that_is_shown_of_a_long_ledger_reads_more_bodies_than_a_page_has() {
    let fixture = fixture(Role::Doctor);
    let pill = [WAITING, LAST, NEEDS_SOMEONE, UNKNOWN].map(str::to_owned);
    for sql in ledger::page().into_iter().chain(CHOICES.map(str::to_owned)).chain(pill) {
        let plan = plan(&fixture, &sql);
        let reads = |step: &&String| {
            ["SCAN m", "SEARCH m", "SCAN s", "SEARCH s"].iter().any(|start| step.starts_with(start))
        };
        assert!(plan.iter().any(|step| reads(&step)), "{plan:?}");
        for step in plan.iter().filter(reads) {
            let is_narrow = ["COVERING INDEX", "INTEGER PRIMARY KEY", "mutations_settles_sequence_idx"];
            assert!(is_narrow.iter().any(|way| step.contains(way)) || sql == LAST, "{sql}: {plan:?}");
        }
    }
    let [_, page] = ledger::page();
    let steps = plan(&fixture, &page);
    assert!(steps.iter().any(|step| step.contains("COVERING INDEX mutations_ledger_idx")), "{steps:?}");
}

#[test]
fn what_fits_is_written_out_oldest_first_and_a_spreadsheet_takes_no_name_for_a_formula() {
    let fixture = fixture(Role::Doctor);
    fixture.register("=cmd()", "98204 41276");
    fixture.register("Ramesh", "98190 00001");
    fixture.register("'=cmd()", "98190 00002");
    let csv = written(&fixture, &LedgerFilter::default(), LedgerFormat::Csv);
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("number,what,patient,who,done_at,fate"));
    assert!(
        lines[1].starts_with("1,Patient registered,'=cmd() Deshmukh,Anjali Kulkarni,2026-11-23T"),
        "{csv}"
    );
    // Also who takes one mark away before they calculate finds no formula.
    assert!(lines[3].starts_with("3,Patient registered,''=cmd() Deshmukh,"), "{csv}");
    let ndjson = written(&fixture, &query("ramesh"), LedgerFormat::Ndjson);
    let line: Value = serde_json::from_str(ndjson.trim()).expect("BUG: one line of JSON");
    assert_eq!((&line["sequence"], &line["patientName"]), (&Value::from(2), &Value::from("Ramesh Deshmukh")));
    assert!(line["hash"].as_str().is_some_and(|hash| hash.len() == 64));
}

#[test]
fn no_change_is_said_to_be_acknowledged_before_the_server_named_it() {
    let fixture = fixture(Role::Doctor);
    fixture.register("Sunita", "98204 41276");
    let entry = page(&fixture, LedgerFilter::default()).entries.remove(0);
    assert_eq!((entry.fate, entry.acknowledged_at), (None, None));
    let sent = answer(&fixture.store, 2, vec![]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let entry = page(&fixture, LedgerFilter::default()).entries.remove(0);
    assert!(entry.fate == Some(Fate::Applied) && entry.acknowledged_at.is_some());
}
