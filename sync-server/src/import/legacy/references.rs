//! By which columns the rows of an old table are known: by those that other tables name them with. A primary key may be
//! another one, such as a mobile number and a first name.

use std::collections::BTreeMap;

use anyhow::bail;

use super::statements::Shape;
use super::tables::OldTable;

/// To which table each column of a table refers, where the old database says so.
pub(super) type Parents = BTreeMap<OldTable, BTreeMap<String, OldTable>>;

/// Types of which no two values read the same.
const EXACT: &[&str] = &["uuid", "smallint", "integer", "bigint"];

/// A foreign key, without the tenant's column.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) child: OldTable,
    pub(super) parent: OldTable,
    /// The columns of the child, each with that of the parent.
    pub(super) columns: Vec<(String, String)>,
}

/// A primary key or a unique index of a table, without the tenant's column.
#[derive(Clone, Debug)]
pub(super) struct Unique {
    pub(super) columns: Vec<String>,
    pub(super) is_primary: bool,
    /// Whether none of its columns can be empty.
    pub(super) is_whole: bool,
}

/// Settles the key of each table.
///
/// # Errors
///
/// A table that others refer to by more than one key, of which only one can be followed.
pub(super) fn settle(
    tables: &mut BTreeMap<OldTable, Shape>,
    uniques: &BTreeMap<OldTable, Vec<Unique>>,
    references: &[Reference],
) -> anyhow::Result<Parents> {
    let of = |table: OldTable| uniques.get(&table).map(Vec::as_slice).unwrap_or_default();
    for (table, shape) in &mut *tables {
        let named = named_by(*table, of(*table), references)?;
        shape.key = named.map_or_else(|| own_key(shape, of(*table)), |column| vec![column]);
        // Texts that are two to the database may be one when they are read.
        let is_exact = shape.key.iter().all(|column| EXACT.contains(&shape.kinds[column].as_str()));
        let is_kept = |unique: &Unique| {
            unique.is_whole && unique.columns.iter().all(|column| shape.key.contains(column))
        };
        shape.is_unique = is_exact && of(*table).iter().any(is_kept);
    }
    let mut parents = Parents::new();
    for reference in references {
        let Some(parent) = tables.get(&reference.parent) else { continue };
        for (column, there) in &reference.columns {
            if parent.key == [there.as_str()] {
                parents.entry(reference.child).or_default().insert(column.clone(), reference.parent);
            }
        }
    }
    Ok(parents)
}

/// The column by which other tables name the rows of this one, as far as an import follows them.
fn named_by(table: OldTable, uniques: &[Unique], references: &[Reference]) -> anyhow::Result<Option<String>> {
    let mut named: Option<(&str, OldTable)> = None;
    for reference in references.iter().filter(|reference| reference.parent == table) {
        let followed: Vec<&str> =
            reference.child.references().into_iter().flat_map(|(names, _)| names).collect();
        for (column, there) in &reference.columns {
            if !followed.contains(&column.as_str()) {
                continue;
            }
            let is_enough = reference.columns.len() == 1
                || uniques.iter().any(|unique| unique.columns == [there.as_str()]);
            let (first, child) = *named.get_or_insert((there, reference.child));
            if first != there || !is_enough {
                bail!(
                    "The old database refers to {} in more than one way: {} by {first}, {} by {}. Only one can be \
                     followed. Make a schema of views in which all refer to it by one column, and name that with \
                     --schema.",
                    table.name(),
                    child.name(),
                    reference.child.name(),
                    reference.columns.iter().map(|(_, there)| there.as_str()).collect::<Vec<_>>().join(", ")
                );
            }
        }
    }
    Ok(named.map(|(column, _)| column.to_owned()))
}

/// Its own key where no foreign key says more: `id`, unless that is only a part of the primary key.
fn own_key(shape: &Shape, uniques: &[Unique]) -> Vec<String> {
    let primary = uniques.iter().find(|unique| unique.is_primary).map(|unique| unique.columns.clone());
    let has_id = shape.columns.iter().any(|column| column == "id");
    let is_key = |primary: &Vec<String>| {
        uniques.iter().any(|unique| unique.columns == ["id"])
            || shape.kinds["id"] == "uuid" && !primary.iter().any(|column| column == "id")
    };
    match primary {
        Some(primary) if !(has_id && is_key(&primary)) => primary,
        _ if has_id => vec!["id".to_owned()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(columns: &[(&str, &str)]) -> Shape {
        let mut shape = Shape::new("public", "a_table");
        shape.columns = columns.iter().map(|(column, _)| (*column).to_owned()).collect();
        shape.kinds =
            columns.iter().map(|(column, kind)| ((*column).to_owned(), (*kind).to_owned())).collect();
        shape
    }

    fn unique(columns: &[&str], is_primary: bool) -> Unique {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Unique { columns, is_primary, is_whole: true }
    }

    fn reference(child: OldTable, parent: OldTable, columns: &[(&str, &str)]) -> Reference {
        let columns = columns.iter().map(|(here, there)| ((*here).to_owned(), (*there).to_owned())).collect();
        Reference { child, parent, columns }
    }

    fn key_of_patients(
        uniques: &[Unique],
        references: &[Reference],
    ) -> anyhow::Result<(Vec<String>, bool, Parents)> {
        let mut tables = BTreeMap::from([(
            OldTable::Patients,
            shape(&[
                ("mobile_number", "text"),
                ("first_name", "text"),
                ("id", "uuid"),
                ("file_no", "integer"),
            ]),
        )]);
        let uniques = BTreeMap::from([(OldTable::Patients, uniques.to_vec())]);
        let parents = settle(&mut tables, &uniques, references)?;
        let shape = &tables[&OldTable::Patients];
        Ok((shape.key.clone(), shape.is_unique, parents))
    }

    #[test]
    fn a_row_is_known_by_what_others_name_it_with() {
        let patients = OldTable::Patients;
        let natural = unique(&["mobile_number", "first_name"], true);
        let id = unique(&["id"], false);
        // No foreign key: a UUID beside another primary key, unique by an index or not.
        for uniques in [vec![natural.clone(), id.clone()], vec![natural.clone()]] {
            let (key, is_unique, _) = key_of_patients(&uniques, &[]).expect("a key");
            assert_eq!((key, is_unique), (vec!["id".to_owned()], uniques.len() == 2));
        }
        let by_file = reference(OldTable::Appointments, patients, &[("patient_id", "file_no")]);
        let file = unique(&["file_no"], false);
        let (key, is_unique, parents) =
            key_of_patients(&[natural.clone(), id.clone(), file], std::slice::from_ref(&by_file))
                .expect("a key");
        assert_eq!((key, is_unique), (vec!["file_no".to_owned()], true));
        assert_eq!(parents[&OldTable::Appointments]["patient_id"], patients);
        // What an import does not follow says nothing.
        let by_whom = reference(OldTable::Appointments, patients, &[("written_by", "file_no")]);
        let by_id = reference(OldTable::Prescriptions, patients, &[("patient_id", "id")]);
        let (key, ..) = key_of_patients(&[natural.clone(), id], &[by_whom, by_id.clone()]).expect("a key");
        assert_eq!(key, ["id"]);
        let refused =
            key_of_patients(std::slice::from_ref(&natural), &[by_id, by_file]).expect_err("two keys");
        assert!(refused.to_string().contains("prescriptions by id, appointments by file_no"), "{refused}");
        let by_both =
            reference(OldTable::Appointments, patients, &[("clinic_id", "file_no"), ("patient_id", "id")]);
        let refused = key_of_patients(&[natural], &[by_both]).expect_err("a key of two columns");
        assert!(refused.to_string().contains("in more than one way"), "{refused}");
    }

    #[test]
    fn a_number_within_a_primary_key_is_no_key() {
        let shape = shape(&[("prescription_id", "integer"), ("id", "integer")]);
        assert_eq!(own_key(&shape, &[unique(&["prescription_id", "id"], true)]), ["prescription_id", "id"]);
        assert_eq!(own_key(&shape, &[unique(&["id"], true)]), ["id"]);
        assert_eq!(own_key(&shape, &[]), ["id"]);
    }
}
