//! Which column of a sheet is read as which field.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use csv::StringRecord;
use protocol::sheet::unguard;
use protocol::table::TableName;

use super::fields::{FIELDS, SERIALS};
use crate::import::words::{self, squeeze};

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Read as this field.
    Field(&'static str),
    /// Counts lines, and is not needed.
    Serial,
    /// Not read; why.
    Ignored(String),
}

/// Every column of a sheet.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    /// In their order: heading and use.
    pub(super) columns: Vec<(String, Use)>,
    places: BTreeMap<&'static str, usize>,
}

impl Mapping {
    /// What these headings mean, by themselves and as `--map` says.
    pub(super) fn of(headings: Vec<String>, maps: &[String]) -> Self {
        let told: Vec<Option<Use>> = headings.iter().map(|heading| told(heading, maps)).collect();
        let mut places: BTreeMap<&'static str, usize> = BTreeMap::new();
        for (place, told) in told.iter().enumerate() {
            if let Some(Use::Field(field)) = told {
                places.entry(field).or_insert(place);
            }
        }
        let found: Vec<Option<(&'static str, usize)>> =
            headings.iter().map(|heading| find(heading)).collect();
        for (field, _) in FIELDS {
            if !places.contains_key(field) {
                let of_field = found.iter().enumerate().filter(|(place, _)| told[*place].is_none());
                let best = of_field
                    .filter_map(|(place, found)| {
                        found.filter(|found| found.0 == *field).map(|found| (found.1, place))
                    })
                    .min();
                if let Some((_, place)) = best {
                    places.insert(field, place);
                }
            }
        }
        // A second column of numbers has the second number.
        if !places.contains_key("alternate_mobile") {
            let second = found.iter().enumerate().find(|(place, found)| {
                found.is_some_and(|found| found.0 == "mobile_number")
                    && told[*place].is_none()
                    && places.get("mobile_number") != Some(place)
            });
            if let Some((place, _)) = second {
                places.insert("alternate_mobile", place);
            }
        }
        let another = |field: &str| Use::Ignored(format!("another column is read as {field}"));
        let columns = headings
            .into_iter()
            .enumerate()
            .map(|(place, heading)| {
                let read_as = places.iter().find(|(_, other)| **other == place).map(|(field, _)| *field);
                let used = match (read_as, &told[place], found[place]) {
                    (Some(field), ..) => Use::Field(field),
                    (None, Some(Use::Field(field)), _) => another(field),
                    (None, None, Some((field, _))) => another(field),
                    (None, Some(told), _) => told.clone(),
                    (None, None, None) if is_serial(&heading) => Use::Serial,
                    (None, None, None) => Use::Ignored("it is none of the fields".to_owned()),
                };
                (heading, used)
            })
            .collect();
        Self { columns, places }
    }

    /// How many columns are read.
    pub(super) fn known(&self) -> usize {
        self.places.len()
    }

    /// Whether a column is read as this field.
    pub(super) fn has(&self, field: &str) -> bool {
        self.places.contains_key(field)
    }

    /// The heading over a field.
    pub(super) fn heading<'a>(&'a self, field: &'a str) -> &'a str {
        self.places.get(field).map_or(field, |place| self.columns[*place].0.as_str())
    }

    /// What stands in the column of a field; none where that is blank.
    pub(super) fn cell<'r>(&self, record: &'r StringRecord, field: &str) -> Option<&'r str> {
        let cell = record.get(*self.places.get(field)?)?;
        Some(unguard(cell).trim()).filter(|cell| !cell.is_empty())
    }

    /// The names of all fields.
    pub(super) fn fields() -> String {
        FIELDS.iter().map(|(field, _)| *field).collect::<Vec<_>>().join(", ")
    }

    /// Refuses what `--map` says of columns or fields that are not there, and a sheet of nobody.
    ///
    /// # Errors
    ///
    /// Sentences that name headings.
    pub(super) fn must_be_whole(&self, maps: &[String]) -> anyhow::Result<()> {
        for map in maps {
            let Some((heading, field)) = split(map) else {
                bail!("Say --map \"heading=field\"; {map:?} has no = in it.");
            };
            ensure!(
                field_of(field).is_some(),
                "There is no field {field:?}. The fields are: {}, and ignore.",
                Self::fields()
            );
            ensure!(
                self.columns.iter().any(|(other, _)| is_same(other, heading)),
                "There is no column {heading:?}. The headings are: {}.",
                self.columns.iter().map(|(heading, _)| heading.as_str()).collect::<Vec<_>>().join(", ")
            );
        }
        ensure!(
            self.has("full_name") || self.has("first_name"),
            "No column is known to be the patient's name; say which with --map \"its heading=full_name\"."
        );
        ensure!(
            self.has("mobile_number"),
            "No column is known to be the mobile number; say which with --map \"its heading=mobile_number\". Where none is \
             known the cells stay empty."
        );
        Ok(())
    }
}

fn split(map: &str) -> Option<(&str, &str)> {
    map.rsplit_once('=').map(|(heading, field)| (heading.trim(), field.trim()))
}

fn is_same(heading: &str, other: &str) -> bool {
    heading == other || !squeeze(other).is_empty() && squeeze(heading) == squeeze(other)
}

fn told(heading: &str, maps: &[String]) -> Option<Use> {
    let (_, field) = maps.iter().filter_map(|map| split(map)).find(|(other, _)| is_same(heading, other))?;
    field_of(field)
}

fn field_of(name: &str) -> Option<Use> {
    if name == "ignore" {
        return Some(Use::Ignored("as --map says".to_owned()));
    }
    FIELDS.iter().find(|(field, _)| *field == name).map(|(field, _)| Use::Field(field))
}

/// The field that a heading names, and how usual it is for that.
fn find(heading: &str) -> Option<(&'static str, usize)> {
    let word = squeeze(heading);
    if word.is_empty() {
        return None;
    }
    let ours = FIELDS.iter().find_map(|(field, headings)| {
        let mut all = std::iter::once(field).chain(*headings);
        all.position(|heading| squeeze(heading) == word).map(|rank| (*field, rank))
    });
    ours.or_else(|| {
        let (field, _) = FIELDS.iter().find(|(field, _)| {
            words::names(TableName::Patients, field).iter().any(|heading| squeeze(heading) == word)
        })?;
        Some((field, usize::MAX))
    })
}

fn is_serial(heading: &str) -> bool {
    let word = squeeze(heading);
    word.is_empty() && heading.starts_with('#') || SERIALS.iter().any(|serial| squeeze(serial) == word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn mapping(headings: &[&str], maps: &[&str]) -> Mapping {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Mapping::of(owned(headings), &owned(maps))
    }

    fn uses(headings: &[&str], maps: &[&str]) -> Vec<String> {
        let uses = mapping(headings, maps).columns.into_iter().map(|(_, used)| match used {
            Use::Field(field) => field.to_owned(),
            Use::Serial => "#".to_owned(),
            Use::Ignored(why) => why,
        });
        uses.collect()
    }

    #[test]
    fn usual_headings_are_known_in_english_and_hindi() {
        for (heading, field) in [
            ("Patient's Name", "full_name"),
            ("MOBILE NO.", "mobile_number"),
            ("Ph. No", "mobile_number"),
            ("Age/Sex", "age_and_sex"),
            ("Age (Yrs)", "age"),
            ("D.O.B.", "date_of_birth"),
            ("Gender", "sex"),
            ("S/o, D/o, W/o", "guardian_name"),
            ("Father's Name", "father_name"),
            ("UHID", "patient_code"),
            ("Pin Code", "pincode"),
            ("नाम", "full_name"),
            ("मोबाइल नं.", "mobile_number"),
            ("उम्र", "age"),
            ("लिंग", "sex"),
            ("जन्म तिथि", "date_of_birth"),
            ("पता", "address_line"),
            ("mobile_number", "mobile_number"),
            ("first_name", "first_name"),
        ] {
            assert_eq!(uses(&[heading], &[]), [field], "{heading}");
        }
        assert_eq!(
            uses(&["S.No", "#", "क्र.", "Shoe size"], &[]),
            ["#", "#", "#", "it is none of the fields"]
        );
    }

    #[test]
    fn of_two_columns_for_one_field_the_more_usual_is_read() {
        assert_eq!(
            uses(&["Telephone", "Mobile", "Name"], &[]),
            ["alternate_mobile", "mobile_number", "full_name"]
        );
        let twice = uses(&["Name", "Patient Name", "Mobile"], &[]);
        assert_eq!(twice, ["another column is read as full_name", "full_name", "mobile_number"]);
    }

    #[test]
    fn what_is_told_goes_before_what_is_known() {
        let told =
            uses(&["Who", "Mobile", "Phone"], &["Who=full_name", "phone=mobile_number", "Mobile=ignore"]);
        assert_eq!(told, ["full_name", "as --map says", "mobile_number"]);
        for (headings, maps, why) in [
            (
                ["Name", "Mobile"],
                "Nmae=full_name",
                "There is no column \"Nmae\". The headings are: Name, Mobile.",
            ),
            (["Name", "Mobile"], "Name=nickname", "There is no field \"nickname\""),
            (["Name", "Mobile"], "Name", "has no = in it"),
            (["Name", "Mobile"], "Mobile=ignore", "known to be the mobile number"),
            (["Name", "Mobile"], "Name=ignore", "known to be the patient's name"),
        ] {
            let refused = mapping(&headings, &[maps]).must_be_whole(&[maps.to_owned()]).expect_err(why);
            assert!(refused.to_string().contains(why), "{refused}");
        }
    }

    #[test]
    fn no_heading_stands_for_two_fields() {
        let mut seen: BTreeSet<String> = SERIALS.iter().map(|serial| squeeze(serial)).collect();
        for (field, headings) in FIELDS {
            let of_field: BTreeSet<String> =
                std::iter::once(field).chain(*headings).map(|heading| squeeze(heading)).collect();
            for heading in of_field {
                assert!(seen.insert(heading.clone()), "{field}: {heading}");
            }
        }
    }
}
