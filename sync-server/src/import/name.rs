//! Names of persons as people write them: with titles, whose child or spouse someone is, the family name first.

/// A name, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The given name, with initials before it.
    pub(super) first: String,
    /// Whatever follows.
    pub(super) last: Option<String>,
    /// Whose child or spouse: `S/o`, and of whom.
    pub(super) guardian: Option<(&'static str, String)>,
    /// As title or relation say.
    pub(super) sex: Option<&'static str>,
    /// What was concluded.
    pub(super) remark: Option<&'static str>,
}

type Title = (&'static str, Option<&'static str>);

const TITLES: &[Title] = &[
    ("mr", Some("male")),
    ("shri", Some("male")),
    ("shree", Some("male")),
    ("sh", Some("male")),
    ("master", Some("male")),
    ("mstr", Some("male")),
    ("श्री", Some("male")),
    ("मास्टर", Some("male")),
    ("mrs", Some("female")),
    ("ms", Some("female")),
    ("miss", Some("female")),
    ("smt", Some("female")),
    ("shrimati", Some("female")),
    ("shreemati", Some("female")),
    ("kum", Some("female")),
    ("kumari", Some("female")),
    ("श्रीमती", Some("female")),
    ("कुमारी", Some("female")),
    ("कु", Some("female")),
    ("सुश्री", Some("female")),
    ("dr", None),
    ("prof", None),
    ("adv", None),
    ("er", None),
    ("capt", None),
    ("col", None),
    ("डॉ", None),
    ("डा", None),
];

/// Titles with a dot behind them, and names without: `Sri. Ramesh`, `Sri Lakshmi`.
const DOTTED_TITLES: &[Title] = &[("sri", Some("male")), ("mast", Some("male"))];

/// Words between a name and whose child or spouse it is; within a text in small letters.
const RELATIONS: &[(&str, &str)] = &[
    ("son of", "S/o"),
    ("daughter of", "D/o"),
    ("wife of", "W/o"),
    ("baby of", "B/o"),
    ("care of", "C/o"),
    ("husband of", "C/o"),
    ("पुत्री", "D/o"),
    ("पुत्र", "S/o"),
    ("पत्नी", "W/o"),
];

/// Takes a whole name apart. None where no letter stands in it.
pub(super) fn read(written: &str) -> Option<Name> {
    let whole = tidy(written);
    let (own, relation, guardian) = match split_relation(&whole) {
        Some((own, relation, guardian)) => (own, Some(relation), Some(guardian)),
        None => (whole.clone(), None, None),
    };
    let (title_sex, own) = without_title(&own);
    let mut name = Name { sex: title_sex.or(relation.and_then(sex_of)), ..Name::default() };
    let guardian =
        guardian.map(|guardian| without_title(&guardian).1).filter(|guardian| has_letter(guardian));
    name.guardian = relation.zip(guardian);
    if has_letter(&own) {
        let (own, was_turned) = family_behind(&own);
        (name.first, name.last) = split(&own);
        if was_turned {
            name.remark = Some("the family name stood before the comma; it was put behind");
        }
    } else {
        // `B/o Sunita Deshmukh`: a newborn has no other name yet.
        let (relation, guardian) = name.guardian.as_ref()?;
        let (first, last) = split(guardian);
        name.first = match *relation {
            "S/o" => format!("Son of {first}"),
            "D/o" => format!("Daughter of {first}"),
            "W/o" => format!("Wife of {first}"),
            "B/o" => format!("Baby of {first}"),
            _ => format!("(of {first})"),
        };
        name.last = last;
        name.remark = Some("no name of their own is written; it was made of whom they belong to");
    }
    Some(name)
}

/// The name without titles, and the sex that they tell.
pub(super) fn without_title(written: &str) -> (Option<&'static str>, String) {
    let mut rest = written.trim();
    let mut sex = None;
    loop {
        let start = rest.trim_start_matches(['(', ' ']);
        let end = start.find([' ', '.', ')', ',']).unwrap_or(start.len());
        let word = start[..end].to_lowercase();
        let after = start[end..].trim_start_matches([' ', '.', ')', ',']);
        let dotted = if start[end..].starts_with('.') { DOTTED_TITLES } else { &[] };
        match TITLES.iter().chain(dotted).find(|(title, _)| *title == word) {
            Some((_, of_title)) if has_letter(after) => sex = sex.or(*of_title),
            _ => return (sex, rest.to_owned()),
        }
        rest = after;
    }
}

/// `S/o Ramesh` in a cell of its own.
pub(super) fn guardian(written: &str) -> (Option<&'static str>, String) {
    let whole = tidy(written);
    let (relation, name) = match split_relation(&whole) {
        Some((own, relation, guardian)) if !has_letter(&own) => (Some(relation), guardian),
        _ => (None, whole),
    };
    (relation, without_title(&name).1)
}

fn sex_of(relation: &str) -> Option<&'static str> {
    match relation {
        "S/o" => Some("male"),
        "D/o" | "W/o" => Some("female"),
        _ => None,
    }
}

fn tidy(written: &str) -> String {
    written.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// What stands before, how they are related, and what stands behind.
fn split_relation(text: &str) -> Option<(String, &'static str, String)> {
    let (start, end, relation) = find_sign(text).or_else(|| find_words(text))?;
    let edge = |c: char| c.is_whitespace() || ",.:;-()".contains(c);
    Some((text[..start].trim_matches(edge).to_owned(), relation, text[end..].trim_matches(edge).to_owned()))
}

/// `S/o`, `w / O`, `D\o.`
fn find_sign(text: &str) -> Option<(usize, usize, &'static str)> {
    for (slash, _) in text.match_indices(['/', '\\']) {
        let before = text[..slash].trim_end();
        let after = text[slash + 1..].trim_start();
        let letter = before.chars().next_back().map(|c| c.to_ascii_lowercase());
        let relation = match letter {
            Some('s') => "S/o",
            Some('d') => "D/o",
            Some('w') => "W/o",
            Some('b') => "B/o",
            Some('c' | 'h' | 'f' | 'm') => "C/o",
            _ => continue,
        };
        let start = before.len() - 1;
        let stands_alone = !text[..start].ends_with(char::is_alphanumeric);
        let Some(rest) = after.strip_prefix(['o', 'O', '0']) else { continue };
        if stands_alone && !rest.starts_with(char::is_lowercase) {
            return Some((start, text.len() - rest.len(), relation));
        }
    }
    None
}

fn find_words(text: &str) -> Option<(usize, usize, &'static str)> {
    // Letters of ASCII only, so that places stay what they are.
    let lower = text.to_ascii_lowercase();
    RELATIONS.iter().find_map(|(words, relation)| {
        let start = lower.find(words)?;
        let end = start + words.len();
        let stands_alone =
            !lower[..start].ends_with(char::is_alphanumeric) && lower[end..].starts_with(char::is_whitespace);
        stands_alone.then_some((start, end, *relation))
    })
}

/// `Sharma, Ramesh` is `Ramesh Sharma`.
fn family_behind(name: &str) -> (String, bool) {
    let parts: Vec<&str> = name.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [family, given] if has_letter(family) && has_letter(given) && !family.contains(' ') => {
            (format!("{given} {family}"), true)
        }
        _ => (parts.join(" "), false),
    }
}

/// The first word, with the initials before it: `S. Ramesh`, `K.R. Narayanan`.
fn split(name: &str) -> (String, Option<String>) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_initial = |word: &&&str| word.split('.').all(|part| part.chars().count() <= 1);
    let initials = words.iter().take_while(is_initial).count();
    let (first, last) = words.split_at((initials + 1).min(words.len()));
    (first.join(" "), (!last.is_empty()).then(|| last.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(written: &str) -> (String, String) {
        let name = read(written).unwrap_or_default();
        (name.first, name.last.unwrap_or_default())
    }

    #[test]
    fn a_whole_name_is_taken_apart() {
        for (written, first, last) in [
            ("Sunita Deshmukh", "Sunita", "Deshmukh"),
            ("  sunita   devi  deshmukh ", "sunita", "devi deshmukh"),
            ("Sunita", "Sunita", ""),
            ("Mrs. Sunita Deshmukh", "Sunita", "Deshmukh"),
            ("Mrs.Sunita Deshmukh", "Sunita", "Deshmukh"),
            ("SMT SUNITA DESHMUKH", "SUNITA", "DESHMUKH"),
            ("Dr. (Mrs.) Sunita Deshmukh", "Sunita", "Deshmukh"),
            ("Sri. Ramesh", "Ramesh", ""),
            ("Sri Lakshmi", "Sri", "Lakshmi"),
            ("श्रीमती सुनीता देशमुख", "सुनीता", "देशमुख"),
            ("Deshmukh, Sunita", "Sunita", "Deshmukh"),
            ("S. Ramesh", "S. Ramesh", ""),
            ("K.R. Narayanan Nair", "K.R. Narayanan", "Nair"),
            ("Md. Salim Khan", "Md.", "Salim Khan"),
            ("Miss", "Miss", ""),
            ("Missy Rane", "Missy", "Rane"),
            ("D’Souza", "D’Souza", ""),
        ] {
            assert_eq!(parts(written), (first.to_owned(), last.to_owned()), "{written}");
        }
        for nothing in ["", "  ", "123", "S/o", "--"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn whose_child_or_spouse_someone_is_stands_by_itself() {
        for (written, first, relation, guardian) in [
            ("Ramesh Patil S/o Suresh Patil", "Ramesh", "S/o", "Suresh Patil"),
            ("Ramesh s/o. Shri Suresh Patil", "Ramesh", "S/o", "Suresh Patil"),
            ("Asha, D/O Mohan", "Asha", "D/o", "Mohan"),
            ("Asha (w / o Mohan)", "Asha", "W/o", "Mohan"),
            ("Asha W/oMohan Rane", "Asha", "W/o", "Mohan Rane"),
            ("Asha wife of Mohan", "Asha", "W/o", "Mohan"),
            ("Ramu C/o Dr. Rao", "Ramu", "C/o", "Rao"),
            ("राम पुत्र श्याम", "राम", "S/o", "श्याम"),
            ("B/o Sunita Deshmukh", "Baby of Sunita", "B/o", "Sunita Deshmukh"),
            ("Baby of Sunita Deshmukh", "Baby of Sunita", "B/o", "Sunita Deshmukh"),
            ("Baby of Smt. Sunita", "Baby of Sunita", "B/o", "Sunita"),
        ] {
            let name = read(written).expect(written);
            assert_eq!(name.first, first, "{written}");
            assert_eq!(name.guardian, Some((relation, guardian.to_owned())), "{written}");
        }
        for name in ["Bess/Ola", "Wilson Oforo", "Anderson of Pune"] {
            assert_eq!(read(name).expect(name).guardian, None, "{name}");
        }
        assert_eq!(guardian("S/o Shri Suresh Patil"), (Some("S/o"), "Suresh Patil".to_owned()));
        assert_eq!(guardian("Mr. Suresh Patil"), (None, "Suresh Patil".to_owned()));
    }

    #[test]
    fn titles_and_relations_tell_the_sex() {
        for (written, sex) in [
            ("Mr. Ramesh", Some("male")),
            ("Kum. Asha", Some("female")),
            ("Dr. Asha", None),
            ("Dr. Mrs. Asha", Some("female")),
            ("Asha W/o Mohan", Some("female")),
            ("Ramesh S/o Suresh", Some("male")),
            ("B/o Sunita", None),
            ("Asha", None),
        ] {
            assert_eq!(read(written).expect(written).sex, sex, "{written}");
        }
    }
}
