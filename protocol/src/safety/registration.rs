//! Rules between patients: who may be registered twice, and who comes at one time.

use crate::appointment::minutes_of;

/// At most so many letters make the difference between two spellings of one name.
const MOST_LETTERS: usize = 2;

/// Whether two first names under one number, as they are compared, may be one person's of the same age: they differ
/// by two letters at most. Equal names are found without this.
pub fn are_similar(one: &str, other: &str, ages: Option<(i32, i32)>) -> bool {
    one != other && ages.is_some_and(|(one, other)| one == other) && distance(one, other) <= MOST_LETTERS
}

/// Whether two appointments of one doctor on one day, each with its beginning as `09:30` and its length in minutes,
/// are at one time.
pub fn are_at_once(one: (&str, Option<i64>), other: (&str, Option<i64>)) -> bool {
    time_taken(one).zip(time_taken(other)).is_some_and(|((a, end_a), (b, end_b))| a < end_b && b < end_a)
}

/// From which minute of its day until which a visit takes its doctor's time: one at least.
pub fn time_taken((start, minutes): (&str, Option<i64>)) -> Option<(i64, i64)> {
    let start = minutes_of(start)?;
    Some((start, start + minutes.unwrap_or(1).max(1)))
}

/// How many letters must be put in, taken out or changed.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut costs: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.chars().enumerate() {
        let mut diagonal = costs[0];
        costs[0] = row + 1;
        for (column, wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *wanted);
            diagonal = costs[column + 1];
            costs[column + 1] = changed.min(diagonal + 1).min(costs[column] + 1);
        }
    }
    costs[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_similar_at_one_age_only() {
        let same_age = Some((54, 54));
        for (one, other) in
            [("sunita", "suneeta"), ("sunita", "sunitha"), ("mohammed", "mohamed"), ("सुनीता", "सुनिता")]
        {
            assert!(are_similar(one, other, same_age), "{one} {other}");
            assert!(!are_similar(one, other, Some((54, 21))), "{one} {other}");
            assert!(!are_similar(one, other, None), "{one} {other}");
        }
        assert!(!are_similar("sunita", "sunita", same_age), "that is no other spelling");
        assert!(!are_similar("sunita", "prakash", same_age));
        assert!(!are_similar("sunita", "suneetha", same_age), "three letters");
    }

    #[test]
    fn appointments_are_at_one_time_if_they_overlap() {
        assert!(are_at_once(("09:30", None), ("09:30", None)));
        assert!(are_at_once(("09:30", Some(20)), ("09:40", Some(10))));
        assert!(!are_at_once(("09:30", Some(10)), ("09:40", Some(10))));
        assert!(!are_at_once(("", None), ("09:40", None)));
    }
}
