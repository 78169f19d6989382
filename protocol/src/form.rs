//! The form of a mutation's text, before anybody looks at what it says: how deep, how wide, how long, and that everybody
//! reads the same in it.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use time::OffsetDateTime;

use crate::api::{MAX_MUTATION_BYTES, MAX_MUTATION_CHANGES};
use crate::error::{Refusal, RefusalCode};
use crate::mutation::Mutation;

/// At most so many objects and lists lie within each other.
pub const MAX_DEPTH: usize = 32;
/// At most so many keys stand in one object.
pub const MAX_KEYS: usize = 200;
/// The longest text, in bytes: a chapter of a case study. Most columns hold less, see [`crate::table::Kind`].
pub const MAX_TEXT_BYTES: usize = 256 * 1024;
/// The longest name of what was done, in bytes.
pub const MAX_KIND_BYTES: usize = 100;
/// No clock is wrong by more, in milliseconds: two hundred years.
const MAX_OFFSET_MS: u64 = 200 * 366 * 24 * 3_600_000;

/// Reads a mutation, if it has the form of one that a person made.
///
/// # Errors
///
/// [`RefusalCode::BadValue`] for a text that no desktop writes; [`RefusalCode::Unknown`] for one that a newer desktop
/// may have written.
pub fn read(text: &str) -> Result<Mutation, Refusal> {
    const LARGE: &str = "A change is larger than any that a person makes.";
    let bad = |why: &str| Refusal::new(RefusalCode::BadValue, why);
    if text.len() > MAX_MUTATION_BYTES {
        return Err(bad(LARGE));
    }
    check(text)?;
    let mutation: Mutation = serde_json::from_str(text).map_err(|_| {
        let detail = "This server does not know this kind of change; it needs an update.";
        Refusal::new(RefusalCode::Unknown, detail)
    })?;
    if mutation.changes.len() > MAX_MUTATION_CHANGES {
        return Err(bad(LARGE));
    }
    if mutation.kind.len() > MAX_KIND_BYTES {
        return Err(bad("A change has a name that is too long."));
    }
    if !is_moment(mutation.recorded_at) || mutation.clock_offset_ms.unsigned_abs() > MAX_OFFSET_MS {
        return Err(bad("A change does not say when it was done."));
    }
    Ok(mutation)
}

/// Whether a moment lies in the years 1 to 9999, also once it is told in UTC.
pub fn is_moment(moment: OffsetDateTime) -> bool {
    (-62_135_596_800..253_402_300_800).contains(&moment.unix_timestamp())
}

/// Checks the form of a JSON text. It is read once, with no more memory than the keys of the objects that are open.
///
/// # Errors
///
/// [`RefusalCode::BadValue`], naming what is wrong and never a value.
pub fn check(text: &str) -> Result<(), Refusal> {
    let wrong = Cell::new("A change holds a text or a number that cannot be read.");
    let mut json = serde_json::Deserializer::from_str(text);
    let part = Part { depth: 0, wrong: &wrong };
    let read = part.deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|_| Refusal::new(RefusalCode::BadValue, wrong.get()))
}

/// A part of the text so deep within it.
#[derive(Clone, Copy)]
struct Part<'a> {
    depth: usize,
    /// What is said if the text cannot be read on.
    wrong: &'a Cell<&'static str>,
}

impl Part<'_> {
    fn within<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse("A change is built deeper than any that a person makes."));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn refuse<E: Error>(self, why: &'static str) -> E {
        self.wrong.set(why);
        E::custom(why)
    }

    fn text<E: Error>(self, text: &str) -> Result<(), E> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(self.refuse("A change holds a text that is longer than any that a person writes."));
        }
        if text.contains('\0') {
            return Err(self.refuse("A change holds a character that no text has."));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let within = self.within()?;
        while list.next_element_seed(within)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let within = self.within()?;
        let mut keys: HashSet<String> = HashSet::new();
        while let Some(key) = object.next_key::<String>()? {
            self.text(&key)?;
            if keys.len() == MAX_KEYS {
                return Err(self.refuse("A change has more parts than any that a person makes."));
            }
            if !keys.insert(key) {
                return Err(self.refuse("A change says one thing twice."));
            }
            object.next_value_seed(within)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        check(text).expect_err(text).detail
    }

    #[test]
    fn what_a_desktop_writes_has_the_form() {
        for text in [
            r#"{"kind":"register_patient","changes":[{"set":{"age_years":{"base":null,"value":54}}}]}"#,
            r#"{"a":"सुनीता 😀 \ud83d\ude00","b":[1.5,-3,18446744073709551615,true,null,{}]}"#,
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        let deep = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert_eq!(check(&deep), Ok(()));
        let wide: Vec<String> = (0..MAX_KEYS).map(|key| format!("\"{key}\":1")).collect();
        assert_eq!(check(&format!("{{{}}}", wide.join(","))), Ok(()));
        assert_eq!(check(&format!("\"{}\"", "x".repeat(MAX_TEXT_BYTES))), Ok(()));
    }

    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        assert!(said(r#"{"a":1,"a":1}"#).contains("twice"));
        assert!(said(r#"{"a":{"b":1,"\u0062":2}}"#).contains("twice"), "also where one is escaped");
        for text in [r#"{"a":"\u0000"}"#, r#"{"a\u0000":1}"#] {
            assert!(said(text).contains("no text has"), "{text}");
        }
        for text in
            [r#""\ud800""#, r#""\udc00""#, r#""\ud800\u0041""#, "1e400", "-1e400", "{\"a\":1}{", "NaN", ""]
        {
            assert!(said(text).contains("cannot be read"), "{text}");
        }
    }

    #[test]
    fn what_no_person_makes_is_refused_in_words() {
        for depth in [MAX_DEPTH + 1, 100_000] {
            assert!(said(&"[".repeat(depth)).contains("deeper"), "{depth}");
            assert!(said(&"{\"a\":".repeat(depth)).contains("deeper"), "{depth}");
        }
        let wide: Vec<String> = (0..=MAX_KEYS).map(|key| format!("\"{key}\":1")).collect();
        assert!(said(&format!("{{{}}}", wide.join(","))).contains("more parts"));
        assert!(said(&format!("[\"{}\"]", "x".repeat(MAX_TEXT_BYTES + 1))).contains("longer"));
    }

    #[test]
    fn a_moment_is_one_in_every_time_zone() {
        use time::macros::datetime;
        assert!(is_moment(datetime!(1970-01-01 0:00 UTC)), "a clock whose battery is empty");
        assert!(is_moment(datetime!(9999-12-31 23:59:59 UTC)));
        assert!(!is_moment(datetime!(9999-12-31 23:59:59 -5:30)), "the year 10000 of UTC");
        assert!(!is_moment(datetime!(0001-01-01 0:00 +5:30)));
    }
}
