//! The words of a typed line.

use super::amounts::number;
use super::spellings::{OFTEN_IN_SHORT, is_unit};

/// Stands before figures that may be read in two ways, and makes them unreadable. No plain word has a capital.
pub(super) const UNCLEAR: char = 'X';

/// A word as typed, and as it is compared.
pub(super) struct Word<'t> {
    pub(super) typed: &'t str,
    pub(super) plain: String,
    /// The byte of the line at which it begins.
    pub(super) start: usize,
}

/// Something with a figure in it that is not a figure alone: `650mg`, `amox500`.
pub(super) fn is_strength(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        || word.chars().take_while(|c| c.is_alphabetic()).count() >= 3
            && word.chars().any(|c| c.is_ascii_digit())
}

/// The words of a line. A unit that is attached to its amount is a word of its own, and so are slots with spaces or
/// other dashes between them; `t.d.s.` is `tds`. A dash beside figures that joins none of them only separates.
pub(super) fn words_of(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut run: Vec<Word<'_>> = Vec::new();
    for piece in pieces_of(line) {
        if run.last().is_some_and(|last| !last.touches(&piece)) {
            put_run(std::mem::take(&mut run), line, &mut words);
        }
        run.push(piece);
    }
    put_run(run, line, &mut words);
    // "40 - 0 - 0 - 8 units" says of what all four are.
    for place in 1..words.len() {
        let is_of_units = matches!(words[place].plain.as_str(), "unit" | "units" | "u" | "iu");
        let before = &mut words[place - 1].plain;
        if is_of_units && before.starts_with(UNCLEAR) {
            before.remove(0);
        }
    }
    for place in (1..words.len()).rev() {
        if let Some(unclear) = with_whole(&words[..=place], line) {
            words[place] = unclear;
            words.remove(place - 1);
        }
    }
    words
}

/// `25 mg 1 1/2-0-1`: behind a strength, a whole figure with nothing but a space between it and slots that begin with a
/// fraction may be a part of the first amount. Neither is guessed.
fn with_whole<'t>(words: &[Word<'t>], line: &'t str) -> Option<Word<'t>> {
    let [before @ .., whole, slots] = words else { return None };
    let begins_with_part =
        slots.plain.split('-').next().and_then(number).is_some_and(|part| part > 0.0 && part < 1.0);
    let has_dash = whole.plain.contains('-');
    let is_whole = whole.plain.ends_with(|c: char| c.is_ascii_digit())
        && whole.plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && (has_dash || before.is_empty() || before.iter().any(|word| is_strength(&word.plain)));
    let between = line.get(whole.start + whole.typed.len()..slots.start)?;
    if !begins_with_part || !is_whole || !is_whole_slots(&slots.plain) || !between.trim().is_empty() {
        return None;
    }
    let typed = line.get(whole.start..slots.start + slots.typed.len())?;
    Some(Word { typed, plain: format!("{UNCLEAR}{} {}", whole.plain, slots.plain), start: whole.start })
}

/// What stands between two spaces.
fn pieces_of(line: &str) -> Vec<Word<'_>> {
    let mut next = 0;
    let mut pieces = Vec::new();
    for piece in line.split_inclusive(char::is_whitespace) {
        let (typed, start) = (piece.trim_end(), next);
        next += piece.len();
        if !typed.is_empty() {
            pieces.push(Word { typed, plain: plain(typed), start });
        }
    }
    pieces
}

impl Word<'_> {
    /// Whether it says how many times: `x5d`.
    pub(super) fn is_times(&self) -> bool {
        self.plain == "x"
            || self.plain.strip_prefix('x').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// Whether a dash joins this one and the next: `1 - 0 - 1`.
    fn touches(&self, next: &Self) -> bool {
        (next.plain.starts_with('-') || self.plain.ends_with('-'))
            && is_slots(&self.plain)
            && is_slots(&next.plain)
    }

    fn is_lone_dash(&self) -> bool {
        self.plain.bytes().all(|byte| byte == b'-')
    }

    /// Without the dashes around it.
    fn bare(&self) -> Self {
        let typed = self.typed.trim_start_matches(is_dash);
        let start = self.start + self.typed.len() - typed.len();
        Self { typed: typed.trim_end_matches(is_dash), plain: self.plain.trim_matches('-').to_owned(), start }
    }
}

/// Puts pieces that dashes join. Slots that are whole stay so: in `40 - 1-0-0` what stands before them is no amount.
fn put_run<'t>(run: Vec<Word<'t>>, line: &'t str, words: &mut Vec<Word<'t>>) {
    let is_alone = run.len() == 1;
    let mut loose: Vec<Word<'t>> = Vec::new();
    for word in run {
        // Between words it is one of them: "for pain - severe".
        if is_alone && word.is_lone_dash() {
            words.push(word);
            continue;
        }
        let bare = word.bare();
        // "-1-0-1" needs something that the dash parts it from, and "1-1-1-" is not finished.
        let is_parted = !is_alone || !word.plain.ends_with('-') && !words.is_empty();
        if is_whole_slots(&bare.plain) && (is_parted || bare.plain == word.plain) {
            put_loose(&std::mem::take(&mut loose), line, words);
            words.push(bare);
        } else {
            loose.push(word);
        }
    }
    put_loose(&loose, line, words);
}

/// Joins pieces of which none is whole: `1 - 0 - 1`.
fn put_loose<'t>(loose: &[Word<'t>], line: &'t str, words: &mut Vec<Word<'t>>) {
    let Some(first) = loose.iter().position(|word| !word.is_lone_dash()) else { return };
    let n_after = loose.iter().rev().take_while(|word| word.is_lone_dash()).count();
    let pieces = &loose[first..loose.len() - n_after];
    match pieces {
        [] => {}
        [one] => put_piece(one, words),
        [one, .., last] => {
            let mut plain: String = pieces.iter().map(|word| word.plain.as_str()).collect();
            let mut start = one.start;
            if !words.is_empty() {
                plain = plain.trim_start_matches('-').to_owned();
                start = one.bare().start;
            }
            // Neither is guessed: as it stands, it is no slots.
            if may_begin_with_strength(&plain) {
                plain.insert(0, UNCLEAR);
            }
            words.push(Word { typed: &line[start..last.start + last.typed.len()], plain, start });
        }
    }
}

/// `telma 40 - 1 - 0 - 1`: four figures apart, of which the first is much more than the others, may be four amounts, or a
/// strength and three of them.
fn may_begin_with_strength(plain: &str) -> bool {
    let figures: Vec<f64> = plain.split('-').map_while(number).collect();
    match figures.as_slice() {
        [first, others @ ..] if others.len() == 3 => {
            others.iter().any(|other| *other > 0.0) && others.iter().all(|other| *first > 4.0 * other)
        }
        _ => false,
    }
}

fn put_piece<'t>(word: &Word<'t>, words: &mut Vec<Word<'t>>) {
    let (typed, start) = (word.typed, word.start);
    match attached_times(typed, &word.plain).or_else(|| attached_unit(typed, &word.plain)) {
        Some(split) => {
            let (amount, rest) = typed.split_at(split);
            let one = |typed: &'t str, start| Word { typed, plain: plain(typed), start };
            let amount = one(amount, start);
            // In "10-hs" and "½-tab" the dash only parts the two.
            let amount = if amount.is_lone_dash() { amount } else { amount.bare() };
            // "1bdx5d" is "1bd" and "x5d", of which the first is two again.
            put_piece(&amount, words);
            words.push(one(rest, start + split));
        }
        None => words.push(Word { typed, plain: word.plain.clone(), start }),
    }
}

pub(super) fn is_whole_slots(plain: &str) -> bool {
    let parts: Vec<&str> = plain.split('-').collect();
    (3..=4).contains(&parts.len()) && parts.into_iter().all(|part| number(part).is_some())
}

pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '–' | '—' | '−')
}

fn plain(word: &str) -> String {
    let lower: String = word
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            c if is_dash(c) => '-',
            '×' => 'x',
            '०'..='९' => char::from_digit(u32::from(c) - u32::from('०'), 10).unwrap_or(c),
            c => c,
        })
        .collect();
    if lower.contains('+') && is_slots(&lower.replace('+', "-")) {
        return lower.replace('+', "-");
    }
    // Commas and stops that only separate.
    let bare = without_brackets(lower.trim_end_matches([',', ';', '.']));
    let bare = if bare.is_empty() { lower.as_str() } else { bare };
    if let Some(slots) = with_noughts(bare) {
        return slots;
    }
    if bare.contains('.') && bare.chars().all(|c| c.is_alphabetic() || c == '.') {
        return bare.replace('.', "");
    }
    bare.to_owned()
}

/// `(1-0-1)`, `(before food)`; but not what may be a brand: `Amoxicillin 500 mg (Mox 500) hs`.
fn without_brackets(word: &str) -> &str {
    let is_meal = |word: &&str| matches!(*word, "food" | "meals" | "breakfast" | "lunch" | "dinner");
    match word.strip_prefix('(') {
        Some(inner @ ("before" | "after" | "with")) => inner,
        Some(inner) => inner.strip_suffix(')').filter(|inner| number(inner).is_none()).unwrap_or(word),
        None => word.strip_suffix(')').filter(is_meal).unwrap_or(word),
    }
}

/// `1-o-1` and `1-x-1` are `1-0-1`, and so is `1--0--1`.
fn with_noughts(word: &str) -> Option<String> {
    let parts: Vec<&str> = word.split('-').filter(|part| !part.is_empty()).collect();
    // "5--1-0-1" is a strength and a dose, and "1-0-1-x" goes on with the days.
    let dashes = if word.contains("--") { "--" } else { "-" };
    let is_even = word.split(dashes).eq(parts.iter().copied()) && !(parts.len() == 4 && word.ends_with('x'));
    let is_joined = is_even && word.starts_with(|c: char| c != '-') && !word.ends_with('-');
    let is_nought = |part: &str| matches!(part, "o" | "x");
    let is_slots = (3..=4).contains(&parts.len())
        && parts.iter().any(|part| number(part).is_some())
        && parts.iter().all(|part| is_nought(part) || number(part).is_some());
    if !is_joined || !is_slots {
        return None;
    }
    let figures: Vec<&str> = parts.iter().map(|part| if is_nought(part) { "0" } else { *part }).collect();
    Some(figures.join("-"))
}

pub(super) fn is_slots(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit() || "-/.½¼¾".contains(c))
}

fn without_amount(plain: &str) -> &str {
    plain.trim_start_matches(|c: char| c.is_ascii_digit() || "-/.½¼¾".contains(c))
}

/// Where the unit begins in `5ml`, `2tabs.`, `½tab`, or how often in `1bd`.
fn attached_unit(typed: &str, plain: &str) -> Option<usize> {
    let letters = without_amount(plain);
    let amount = &plain[..plain.len() - letters.len()];
    let is_said = is_unit(letters) || OFTEN_IN_SHORT.contains(&letters);
    if is_said && !amount.is_empty() { split_behind(typed, amount) } else { None }
}

/// Where it begins for how long in `1-0-1x5d`, `bdx5d`.
fn attached_times(typed: &str, plain: &str) -> Option<usize> {
    let (dose, times) = plain.split_once('x')?;
    let is_dose = is_whole_slots(dose) || OFTEN_IN_SHORT.contains(&without_amount(dose));
    let is_counted = times.starts_with(|c: char| c.is_ascii_digit());
    if is_dose && is_counted { split_behind(typed, dose) } else { None }
}

/// As many letters as there are plain ones: a dash or a figure of another script is of another length in bytes.
fn split_behind(typed: &str, plain: &str) -> Option<usize> {
    let (split, _) = typed.char_indices().nth(plain.chars().count())?;
    (!typed.starts_with('(')).then_some(split)
}
