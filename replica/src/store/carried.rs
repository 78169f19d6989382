//! What a newer server sends and this program does not know: kept as it came, and taken in by the program that does.

use protocol::table::{Row, TableName, UnknownRow};
use rusqlite::Transaction;

use super::{Store, confirmed, meta, set_meta, staged};
use crate::error::Result;

/// So many rows of tables that this program does not know are kept. Of more a later program finds out that they are missing
/// when it compares this computer with the server, and asks for them then.
const MOST_UNKNOWN: i64 = 100_000;

impl Store {
    /// Keeps rows of tables that this program does not know. `is_pulled` says that they came in the order of a pull,
    /// which goes on behind them.
    pub fn carry(&self, rows: &[UnknownRow], is_pulled: bool) -> Result<()> {
        let Some(last) = rows.last() else { return Ok(()) };
        self.write_later(|tx| {
            keep_unknown(tx, rows)?;
            if is_pulled {
                set_meta(tx, "staged_after", &last.position())?;
            }
            Ok(())
        })
    }
}

/// Keeps rows of tables that this program does not know.
pub(super) fn keep_unknown(tx: &Transaction<'_>, rows: &[UnknownRow]) -> Result<()> {
    for row in rows {
        put_unknown(tx, &row.table, &row.id.to_string(), &row.row.to_string())?;
    }
    Ok(())
}

/// Keeps a row that has columns which this program does not know.
pub(super) fn keep(tx: &Transaction<'_>, row: &Row) -> Result<()> {
    put(tx, row.table.as_str(), &row.id.to_string(), &serde_json::to_string(row)?)
}

/// Keeps the text of a row of a table that this program does not know, if there is room.
pub(super) fn put_unknown(tx: &Transaction<'_>, table: &str, id: &str, row: &str) -> Result<()> {
    let kept: i64 = meta(tx, "unknown_rows")?.unwrap_or(0);
    let sql = "select 1 from carried_rows where table_name = ?1 and id = ?2";
    if !tx.prepare_cached(sql)?.exists((table, id))? {
        if kept >= MOST_UNKNOWN {
            return Ok(());
        }
        set_meta(tx, "unknown_rows", &(kept + 1))?;
    }
    put(tx, table, id, row)
}

/// Keeps the text of a row.
fn put(tx: &Transaction<'_>, table: &str, id: &str, row: &str) -> Result<()> {
    let sql = "insert into carried_rows (table_name, id, row) values (?1, ?2, ?3) \
               on conflict (table_name, id) do update set row = excluded.row";
    tx.prepare_cached(sql)?.execute((table, id, row))?;
    Ok(())
}

/// Takes in what this program knows by now; the rest is carried on.
pub(super) fn take_in(tx: &Transaction<'_>) -> Result<()> {
    let mut statement = tx.prepare("select table_name, id, row from carried_rows")?;
    let carried: Vec<(String, String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<std::result::Result<_, _>>()?;
    let mut n_unknown: i64 = 0;
    for (table, id, text) in carried {
        let Ok(row) = serde_json::from_str::<Row>(&text) else {
            n_unknown += 1;
            continue;
        };
        tx.execute("delete from carried_rows where table_name = ?1 and id = ?2", (table, id))?;
        // What is still unknown of it is carried again.
        if row.table == TableName::Medicines {
            staged::put_shared(tx, row)?;
        } else {
            confirmed::take_in(tx, &row)?;
        }
    }
    set_meta(tx, "unknown_rows", &n_unknown)
}

#[cfg(test)]
mod tests {
    use protocol::permission::Role;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::store::rows::get_row;
    use crate::tests::{NOW, fixture};

    fn count(store: &Store) -> u32 {
        let sql = "select count(*) from carried_rows";
        store.read(|tx| Ok(tx.query_row(sql, [], |row| row.get(0))?)).expect("BUG: readable")
    }

    #[test]
    fn only_so_many_rows_of_unknown_tables_are_kept_and_those_that_are_go_on_changing() {
        let store = fixture(Role::Doctor).store;
        let row = |id: u128, dose: i64| {
            let row = json!({ "table": "vaccinations", "id": Uuid::from_u128(id), "version": 9, "values": { "dose": dose } });
            UnknownRow::parse(row).expect("BUG: unknown")
        };
        store.write(|tx| set_meta(tx, "unknown_rows", &(MOST_UNKNOWN - 1))).expect("BUG: written");
        store.carry(&[row(1, 1), row(2, 1), row(1, 2)], false).expect("BUG: carried");
        assert_eq!(count(&store), 1);
        let sql = "select row ->> '$.values.dose' from carried_rows";
        let kept = store.read(|tx| Ok(tx.query_row(sql, [], |row| row.get::<_, i64>(0))?));
        assert_eq!(kept.expect("BUG: readable"), 2, "the newest of the one that is kept");
        store.write(take_in).expect("BUG: counted anew");
        store.carry(&[row(2, 1)], false).expect("BUG: carried");
        assert_eq!(count(&store), 2, "there is room again");
    }

    #[test]
    fn what_only_a_newer_program_knows_is_kept_until_it_does() {
        let store = fixture(Role::Doctor).store;
        let row = |id: u128, table: &str, values: Value| json!({ "table": table, "id": Uuid::from_u128(id), "version": 9, "values": values });
        let unknown = UnknownRow::parse(row(1, "vaccinations", json!({ "dose": 1 }))).expect("BUG: unknown");
        store.carry(std::slice::from_ref(&unknown), true).expect("BUG: kept");
        let state = store.sync_state().expect("BUG: readable");
        assert_eq!((state.after, state.after_version), (Some(unknown.position()), Some(9)));
        let clinic = json!({ "clinic_name": "Asha", "clinic_code": "B", "time_zone": "Asia/Kolkata", "letterhead": {},
            "working_hours": {}, "is_primary": false, "is_active": true, "has_parking": true });
        let known: Row = serde_json::from_value(row(2, "clinics", clinic)).expect("BUG: a row");
        store.stage(&[known]).expect("BUG: staged");
        store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
        assert_eq!(count(&store), 2, "the row of the unknown table, and the one with an unknown column");
        // A later program knows the table: here one whose rows another program left.
        let later = row(
            3,
            "short_keys",
            json!({ "key": "fever", "title": "Fever", "kind": "advice",
            "scope": "tenant", "body": {}, "is_active": true, "contraindicated_classes": [], "version": 1 }),
        );
        store
            .write(|tx| {
                put(tx, "short_keys", &Uuid::from_u128(3).to_string(), &later.to_string())?;
                take_in(tx)
            })
            .expect("BUG: taken in");
        let found =
            store.read(|tx| get_row(tx, TableName::ShortKeys, Uuid::from_u128(3))).expect("BUG: readable");
        assert_eq!(found.map(|row| row.values["title"].clone()), Some(json!("Fever")));
        assert_eq!(count(&store), 2, "what is still not known is carried on");
    }
}
