//! Values as old programs wrote them, made into what a column holds.

use protocol::table::{Column, Kind};
use protocol::validate::MAX_JSON_BYTES;
use serde_json::{Value, json};

use super::calendar::Calendar;
use super::words;

/// What became of an old value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fit {
    /// It says what it said.
    Same(Value),
    /// It says less, or something that was concluded; why.
    Adapted(Value, &'static str),
    /// There was none.
    Blank,
    /// The column cannot hold it; why.
    Unfit(&'static str),
}

/// What people write where there is nothing to write.
const NOTHING: &[&str] = &[
    "na",
    "n/a",
    "n.a.",
    "n.a",
    "nil",
    "none",
    "null",
    "-",
    "--",
    "---",
    ".",
    "?",
    "unknown",
    "not known",
    "not available",
    "not given",
    "#n/a",
    "नहीं",
];

impl Calendar {
    /// Makes a value fit its column.
    pub(super) fn fit(&self, column: &Column, old: &Value) -> Fit {
        if is_blank(old) {
            return Fit::Blank;
        }
        match column.kind {
            Kind::Text(max) => coded(column.name, old).unwrap_or_else(|| text(old, max)),
            Kind::Choice(choices) => choice(column.name, choices, old),
            Kind::Uuid => Fit::Unfit("an id that points at no row"),
            Kind::Int(min, max) => int(old, min, max),
            Kind::Decimal => decimal(old),
            Kind::Bool => boolean(old),
            Kind::Date => self.date(old),
            Kind::Timestamp => self.moment(old),
            Kind::Json => json_of(column, old),
        }
    }
}

/// What stands in a column of a new row that gives nothing.
pub(super) fn empty(column: &Column) -> Option<Value> {
    match column.default {
        Some(default) => Some(serde_json::from_str(default).expect("BUG: a default is JSON")),
        None => column.nullable.then_some(Value::Null),
    }
}

/// Whether it only says that there is nothing.
pub(super) fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || NOTHING.contains(&text.to_lowercase().as_str())
}

/// The text with its digits as computers write them, whatever the script: `९८` is `98`.
pub(super) fn latin(text: &str) -> String {
    const ZEROS: &[char] = &['०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '۰', '٠', '０'];
    let latin = |c: char| {
        let zero = ZEROS.iter().find(|zero| (0..10).contains(&(c as u32).wrapping_sub(**zero as u32)));
        zero.and_then(|zero| char::from_digit(c as u32 - *zero as u32, 10)).unwrap_or(c)
    };
    text.chars().map(|c| if c.is_ascii() { c } else { latin(c) }).collect()
}

/// Whether nothing stands there.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The value as people would write it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        Value::Array(entries) => entries.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(_) | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A text of at most so many characters, without those that a name cannot be printed with.
pub(super) fn text(old: &Value, max: usize) -> Fit {
    let written = plain(old);
    let mut why = None;
    let mut kept: String = written.replace("\r\n", "\n").replace('\r', "\n");
    if kept.chars().any(is_forbidden) {
        kept.retain(|c| !is_forbidden(c));
        kept = kept.trim().to_owned();
        why = Some("characters that cannot be printed were left out");
    }
    if kept.chars().count() > max {
        kept = kept.chars().take(max).collect::<String>().trim_end().to_owned();
        why = Some("longer than the column; the beginning was taken");
    }
    match why {
        _ if kept.is_empty() => Fit::Blank,
        Some(why) => Fit::Adapted(json!(kept), why),
        None => Fit::Same(json!(kept)),
    }
}

/// A column whose text has a form of its own.
fn coded(column: &str, old: &Value) -> Option<Fit> {
    let written = latin(&plain(old));
    let (fit, why) = match column {
        "state_code" => (words::state(&written).map(str::to_owned), "not a state of India"),
        "preferred_language" => {
            (words::language(&written).map(str::to_owned), "not a language that is known")
        }
        "pincode" => {
            // A spreadsheet may take it for a number.
            let code: String = written.trim_end_matches(".0").chars().filter(char::is_ascii_digit).collect();
            (Some(code).filter(|code| code.len() == 6 && !code.starts_with('0')), "not a PIN code")
        }
        "abha_number" => {
            let number = written.replace([' ', '-'], "");
            let is_number = number.len() == 14 && number.bytes().all(|digit| digit.is_ascii_digit());
            (Some(number).filter(|_| is_number), "not an ABHA number, which has 14 digits")
        }
        "email" => {
            (Some(written.to_lowercase()).filter(|address| is_address(address)), "not an e-mail address")
        }
        _ => return None,
    };
    Some(match fit {
        Some(fit) => Fit::Same(json!(fit)),
        None if is_nothing(&written) => Fit::Blank,
        None => Fit::Unfit(why),
    })
}

fn is_address(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    text.chars().count() <= 254
        && !text.chars().any(|c| c.is_whitespace() || is_forbidden(c))
        && matches!(parts.as_slice(), [name, host] if !name.is_empty() && host.contains('.') && !host.starts_with('.'))
}

/// What no text of ours holds (`protocol::validate`).
fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn choice(column: &str, choices: &[&str], old: &Value) -> Fit {
    let written = plain(old);
    match words::choice(column, choices, &written) {
        Some(choice) => Fit::Same(json!(choice)),
        None => Fit::Unfit("a word that is none of those which the column knows"),
    }
}

/// A whole number, with a word behind it or without.
pub(super) fn number(old: &Value) -> Option<f64> {
    match old {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let text = text.trim().trim_start_matches(['₹', '$']).trim_start_matches("Rs.").trim();
            let end = text.find(|c: char| !(c.is_ascii_digit() || ".,-".contains(c))).unwrap_or(text.len());
            text[..end].replace(',', "").parse().ok()
        }
        _ => None,
    }
}

fn int(old: &Value, min: i64, max: i64) -> Fit {
    let Some(number) = number(old) else { return Fit::Unfit("not a number") };
    let whole = number.round();
    if whole < min as f64 || whole > max as f64 {
        return Fit::Unfit("a number beyond what the column takes");
    }
    let fit = json!(whole as i64);
    if whole == number { Fit::Same(fit) } else { Fit::Adapted(fit, "rounded to a whole number") }
}

fn decimal(old: &Value) -> Fit {
    let Some(number) = number(old) else { return Fit::Unfit("not a number") };
    if number.abs() >= 1e8 {
        return Fit::Unfit("a number beyond what the column takes");
    }
    let rounded = (number * 100.0).round() / 100.0;
    if (rounded - number).abs() < 1e-9 {
        Fit::Same(json!(rounded))
    } else {
        Fit::Adapted(json!(rounded), "rounded to two decimals")
    }
}

/// Yes or no, in the spellings of old programs.
pub(super) fn truth(old: &Value) -> Option<bool> {
    match plain(old).to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "active" | "on" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "inactive" | "off" | "disabled" => Some(false),
        _ => None,
    }
}

fn boolean(old: &Value) -> Fit {
    truth(old).map_or(Fit::Unfit("neither yes nor no"), |truth| Fit::Same(json!(truth)))
}

/// The entries of a list, of a text with commas or lines, or of JSON in a text.
pub(super) fn entries(old: &Value) -> Vec<Value> {
    match old {
        Value::Array(entries) => entries.iter().filter(|entry| !is_blank(entry)).cloned().collect(),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(entries)) => self::entries(&Value::Array(entries)),
            Ok(entry @ Value::Object(_)) => vec![entry],
            _ => {
                // A text with lines has its commas within them.
                let separators: &[char] = if text.contains('\n') { &['\n', '\r'] } else { &[',', ';'] };
                let pieces = text.split(separators).map(str::trim).filter(|piece| !piece.is_empty());
                pieces.map(|piece| json!(piece)).collect()
            }
        },
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    }
}

fn json_of(column: &Column, old: &Value) -> Fit {
    let fit = if column.default == Some("[]") {
        Value::Array(entries(old))
    } else {
        match old {
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(value @ Value::Object(_)) => value,
                _ => json!({ "text": text.trim() }),
            },
            Value::Object(_) => old.clone(),
            other => json!({ "text": plain(other) }),
        }
    };
    let written = fit.to_string();
    if written.len() > MAX_JSON_BYTES {
        return Fit::Unfit("more than the column takes");
    }
    if written.contains("\\u0000") {
        return Fit::Unfit("it holds a character that cannot be stored");
    }
    Fit::Same(fit)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use protocol::table::TableName;
    use time::macros::date;

    use super::*;

    #[test]
    fn a_text_that_is_cut_or_cleaned_says_so() {
        assert_eq!(text(&json!("  Asha "), 10), Fit::Same(json!("Asha")));
        assert!(matches!(text(&json!("a\u{7}b"), 10), Fit::Adapted(value, _) if value == json!("ab")));
        assert!(matches!(text(&json!("x".repeat(11)), 10), Fit::Adapted(..)));
        assert_eq!(text(&json!(" \u{202E} "), 10), Fit::Blank);
    }

    #[test]
    fn lists_come_out_of_arrays_texts_and_json() {
        for list in [
            json!(["fever", "cough"]),
            json!("fever, cough"),
            json!("fever\ncough"),
            json!(r#"["fever","cough"]"#),
        ] {
            assert_eq!(entries(&list), [json!("fever"), json!("cough")], "{list}");
        }
    }

    #[test]
    fn numbers_and_truths_are_read_with_what_surrounds_them() {
        let calendar = Calendar { zone: TimeZone::UTC, month_first: false, today: date!(2026 - 11 - 23) };
        let fee = TableName::Doctors.table().column("consultation_fee").expect("a column");
        assert_eq!(calendar.fit(fee, &json!("Rs. 1,200.50")), Fit::Same(json!(1200.5)));
        assert_eq!(calendar.fit(fee, &json!(99.999)), Fit::Adapted(json!(100.0), "rounded to two decimals"));
        assert_eq!(
            (truth(&json!("Y")), truth(&json!(0)), truth(&json!("maybe"))),
            (Some(true), Some(false), None)
        );
    }
}
