//! Finding a patient by fragments: digits of the mobile number, beginnings of names, the code; in any order, and names
//! in other spellings too.

use protocol::id::PatientId;
use protocol::patient::{normalise_name, parse_mobile};
use rusqlite::Transaction;

use crate::error::Result;
use crate::one_patient::each_once;
use crate::patients::summary_of;
use crate::replica::Replica;
use crate::spelling::spellings;
use crate::view::{PatientSummary, PatientsFound};

/// At most this many are shown: the window draws them anew at every key.
const SHOWN: usize = 12;
/// So many of them are kept for names that are spelt otherwise, where there are such.
const KEPT: usize = 4;
/// At most this many are looked at; the most recently registered first.
const CONSIDERED: i64 = 200;

impl Replica {
    /// Who fits the query best: first those whose number ends with the digits, then by name; behind all of them who is
    /// found by how a name is written too, and says so: Laxmi finds Lakshmi. And whether more people fit.
    pub fn find_patients(&self, query: &str) -> Result<PatientsFound> {
        let fragments = fragments(query);
        if fragments.is_empty() {
            return Ok(PatientsFound::default());
        }
        self.store.read(|tx| {
            let today = self.day(tx)?;
            let mut typed: Vec<PatientId> = Vec::new();
            if fragments.iter().any(|fragment| is_digits(fragment)) {
                typed = candidates(tx, &fragments, &match_text(&fragments, Digits::AtTheEnd))?;
            }
            if typed.len() <= SHOWN {
                typed.extend(candidates(tx, &fragments, &match_text(&fragments, Digits::Anywhere))?);
            }
            let spelt: Vec<Vec<String>> = fragments.iter().map(|fragment| spellings(fragment)).collect();
            let otherwise = match match_otherwise(&fragments, &spelt) {
                Some(wanted) => candidates(tx, &spelt.concat(), &wanted)?,
                None => vec![],
            };
            // Under whatever name or number someone is found, they are one person.
            let mut typed = each_once(tx, typed, SHOWN + 1)?;
            let mut otherwise = each_once(tx, otherwise, SHOWN + 1)?;
            otherwise.retain(|id| !typed.contains(id));
            let has_more = typed.len() + otherwise.len() > SHOWN;
            typed.truncate(SHOWN - otherwise.len().min(KEPT));
            otherwise.truncate(SHOWN - typed.len());
            let as_typed = typed.into_iter().map(|id| (id, false));
            let people = as_typed
                .chain(otherwise.into_iter().map(|id| (id, true)))
                .map(|(id, spelt_otherwise)| {
                    Ok(PatientSummary { spelt_otherwise, ..summary_of(tx, id, today)? })
                })
                .collect::<Result<Vec<_>>>()?;
            Ok(PatientsFound { people, has_more })
        })
    }
}

/// All patients who fit a query, whichever registration it is that fits.
pub(crate) fn matching(tx: &Transaction<'_>, query: &str) -> Result<Vec<PatientId>> {
    let fragments = fragments(query);
    if fragments.is_empty() {
        return Ok(vec![]);
    }
    each_once(tx, candidates(tx, &fragments, &match_text(&fragments, Digits::Anywhere))?, usize::MAX)
}

/// Where digits must stand in a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digits {
    AtTheEnd,
    Anywhere,
}

/// Those who fit, whose first name begins with a fragment first, then by first name.
fn candidates(tx: &Transaction<'_>, fragments: &[String], wanted: &str) -> Result<Vec<PatientId>> {
    let sql = "select p.id, p.first_name_norm from finder f join patients p on p.rowid = f.rowid \
               where f.finder match ?1 order by f.rowid desc limit ?2";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement
        .query_map((wanted, CONSIDERED), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut found = rows.collect::<std::result::Result<Vec<_>, _>>()?;
    found.sort_by_cached_key(|(_, first_name)| {
        let begins = fragments.iter().any(|fragment| first_name.starts_with(fragment.as_str()));
        (!begins, first_name.clone())
    });
    Ok(found.into_iter().filter_map(|(id, _)| id.parse().ok()).collect())
}

/// The parts of a query. A whole number in any spelling is one part.
fn fragments(query: &str) -> Vec<String> {
    if let Some(mobile) = parse_mobile(query) {
        return vec![mobile.trim_start_matches("+91").trim_start_matches('+').to_owned()];
    }
    normalise_name(query)
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '-' | '/' | '.'))
        .map(|word| word.trim_start_matches("+91").trim_start_matches('+'))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(str::to_owned)
        .collect()
}

fn is_digits(fragment: &str) -> bool {
    fragment.chars().all(|c| c.is_ascii_digit())
}

/// Each fragment as the beginning of a word, all of them needed; quoted, so that no sign has a meaning. Every
/// ending of a number is a word of its own, so digits as a whole word are the number's last ones.
pub(crate) fn match_text(fragments: &[String], digits: Digits) -> String {
    let quoted: Vec<String> = fragments
        .iter()
        .map(|fragment| {
            let is_whole = digits == Digits::AtTheEnd && is_digits(fragment);
            format!("\"{}\"{}", fragment.replace('"', ""), if is_whole { "" } else { "*" })
        })
        .collect();
    quoted.join(" ")
}

/// Each fragment in any of its spellings, all of them needed, but not all as they were typed; nothing where none has
/// another one.
fn match_otherwise(fragments: &[String], spelt: &[Vec<String>]) -> Option<String> {
    if spelt.iter().all(|spellings| spellings.len() == 1) {
        return None;
    }
    let either = |spellings: &Vec<String>| {
        let quoted: Vec<String> =
            spellings.iter().map(|one| format!("\"{}\"*", one.replace('"', ""))).collect();
        format!("({})", quoted.join(" OR "))
    };
    let either = spelt.iter().map(either).collect::<Vec<_>>().join(" AND ");
    Some(format!("({either}) NOT ({})", match_text(fragments, Digits::Anywhere)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_taken_apart_as_people_mean_it() {
        assert_eq!(fragments("98204 41276"), ["9820441276"]);
        assert_eq!(fragments("+91 98204"), ["98204"]);
        assert_eq!(fragments("  Desh  SUN 1276"), ["desh", "sun", "1276"]);
        assert_eq!(fragments("\"* - +"), Vec::<String>::new());
    }
}
