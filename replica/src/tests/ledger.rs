//! The ledger: searched, counted, paged, and written out.

use protocol::api::Fate;
use protocol::permission::Role;
use serde_json::Value;

use super::{Fixture, NOW, answer, fixture, form};
use crate::view::{LedgerFilter, LedgerFormat, LedgerPage, LedgerState};

fn register(fixture: &Fixture, name: &str, number: &str) {
    fixture.replica.register_patient(&form(name, number)).expect("BUG: registered");
}

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
    register(&fixture, "Sunita", "98204 41276");
    register(&fixture, "Ramesh", "98190 00001");
    let mut sent = answer(&fixture.store, 2, vec![]);
    sent.receipts.truncate(1);
    sent.receipts[0].fate = Fate::Merged;
    fixture.store.acknowledge(&sent, NOW).expect("BUG: acknowledged");
    register(&fixture, "Sunanda", "98190 00002");
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
        register(&fixture, "Sunita", &format!("98204 4127{n}"));
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

#[test]
fn a_page_of_a_long_ledger_reads_the_bodies_of_its_own_entries_only() {
    let fixture = fixture(Role::Doctor);
    let plan: Vec<String> = fixture
        .store
        .read(|tx| {
            let sql = "explain query plan select m.sequence from mutations m indexed by mutations_ledger_idx \
                       where (?1 is null or m.kind = ?1) and m.sequence < ?2 order by m.sequence desc limit 200";
            let mut statement = tx.prepare(sql)?;
            let steps = statement.query_map([None::<i64>, Some(9)], |row| row.get(3))?;
            Ok(steps.collect::<Result<_, _>>()?)
        })
        .expect("BUG: a plan");
    assert!(plan.iter().any(|step| step.contains("COVERING INDEX mutations_ledger_idx")), "{plan:?}");
    assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}");
}

#[test]
fn what_fits_is_written_out_oldest_first_and_a_spreadsheet_takes_no_name_for_a_formula() {
    let fixture = fixture(Role::Doctor);
    register(&fixture, "=cmd()", "98204 41276");
    register(&fixture, "Ramesh", "98190 00001");
    let csv = written(&fixture, &LedgerFilter::default(), LedgerFormat::Csv);
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("number,what,patient,who,done_at,fate"));
    assert!(
        lines[1].starts_with("1,Patient registered,'=cmd() Deshmukh,Anjali Kulkarni,2026-11-23T"),
        "{csv}"
    );
    let ndjson = written(&fixture, &query("ramesh"), LedgerFormat::Ndjson);
    let line: Value = serde_json::from_str(ndjson.trim()).expect("BUG: one line of JSON");
    assert_eq!((&line["sequence"], &line["patientName"]), (&Value::from(2), &Value::from("Ramesh Deshmukh")));
    assert!(line["hash"].as_str().is_some_and(|hash| hash.len() == 64));
}

#[test]
fn no_change_is_said_to_be_acknowledged_before_the_server_named_it() {
    let fixture = fixture(Role::Doctor);
    register(&fixture, "Sunita", "98204 41276");
    let entry = page(&fixture, LedgerFilter::default()).entries.remove(0);
    assert_eq!((entry.fate, entry.acknowledged_at), (None, None));
    let sent = answer(&fixture.store, 2, vec![]);
    fixture.store.acknowledge(&sent, NOW).expect("BUG: acknowledged");
    let entry = page(&fixture, LedgerFilter::default()).entries.remove(0);
    assert!(entry.fate == Some(Fate::Applied) && entry.acknowledged_at.is_some());
}
