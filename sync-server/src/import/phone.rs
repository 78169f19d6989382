//! Telephone numbers as people write them into spreadsheets and old programs.

use protocol::patient::parse_mobile;

use super::value::{is_nothing, latin};

/// What a cell with telephone numbers says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Phones {
    /// The first mobile number.
    pub(super) mobile: Option<String>,
    /// A second mobile number, else a landline with its STD code.
    pub(super) alternate: Option<String>,
    /// What was concluded, or could not be used.
    pub(super) remark: Option<&'static str>,
}

/// One number.
enum Number {
    Mobile(String),
    /// With country and STD code.
    Landline(String),
    /// A landline that nobody reaches from elsewhere.
    Local,
    /// The same digit all along: what people write where they know none.
    Dummy,
}

const SHORTENED: &str = "the spreadsheet program shortened the number (like 9.2E+09) and its last digits are lost; show \
                         the column as a number without decimals, see that all digits are there, and save the file again";
const MIXED: &str = "letters or signs stand among the digits of the number";
const TOO_SHORT: &str = "the number has too few digits";
const TOO_LONG: &str = "the number has too many digits";
const NO_MOBILE: &str = "no mobile number begins like this; a landline needs a 0 before its STD code";

/// Reads mobile numbers in all usual Indian spellings, two in one cell as well, and landlines.
///
/// # Errors
///
/// Why what stands there is no number at all.
pub(super) fn read(written: &str) -> Result<Phones, &'static str> {
    let text = clean(written)?;
    let mut phones = Phones::default();
    // `xxxxxxxxxx`, `0`: a cell that had to be filled.
    if is_nothing(&text) || text.chars().all(|c| !c.is_alphanumeric() || "xX0".contains(c)) {
        return Ok(phones);
    }
    let (mut landline, mut trouble) = (None, None);
    for piece in pieces(&text) {
        match number(&piece) {
            Ok(Number::Mobile(mobile)) => {
                if phones.mobile.as_ref().is_none_or(|first| *first == mobile) {
                    phones.mobile = Some(mobile);
                } else if phones.alternate.is_none() {
                    phones.alternate = Some(mobile);
                } else {
                    phones.remark = Some("more than two numbers; the first two were taken");
                }
            }
            Ok(Number::Landline(number)) => _ = landline.get_or_insert(number),
            Ok(Number::Local) => {
                phones.remark = Some("a landline without its STD code was left out");
            }
            Ok(Number::Dummy) => {
                phones.remark = Some("one digit all along is nobody's number; it was left out");
            }
            Err(why) => _ = trouble.get_or_insert(why),
        }
    }
    phones.alternate = phones.alternate.or(landline);
    match trouble {
        Some(why) if phones.mobile.is_none() && phones.alternate.is_none() => Err(why),
        Some(_) => {
            phones.remark = Some("one of the numbers could not be read; it was left out");
            Ok(phones)
        }
        None => Ok(phones),
    }
}

/// Digits of one script, dashes and spaces of one kind, and nothing that cannot be seen.
fn clean(written: &str) -> Result<String, &'static str> {
    let text: String = latin(written)
        .chars()
        .filter(|c| !matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'))
        .map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' => '-',
            c if c.is_whitespace() && c != '\n' => ' ',
            c => c,
        })
        .collect();
    // A spreadsheet keeps a number as a text by an apostrophe before it.
    let text = text.trim().trim_start_matches(['\'', '’', '`']).trim();
    whole_number(text)
}

/// `9820441276.0` and `9.820441276E+09` have all their digits; `9.82E+09` has not.
fn whole_number(text: &str) -> Result<String, &'static str> {
    let Some((whole, rest)) = text.split_once('.') else {
        let is_power =
            text.split_once(['e', 'E']).is_some_and(|(start, power)| is_digits(start) && is_power(power));
        return if is_power { Err(SHORTENED) } else { Ok(text.to_owned()) };
    };
    if let Some((fraction, power)) = rest.split_once(['e', 'E'])
        && is_digits(whole)
        && is_digits(fraction)
        && is_power(power)
    {
        let power: usize = power.trim_start_matches('+').parse().map_err(|_| SHORTENED)?;
        return if fraction.len() == power { Ok(format!("{whole}{fraction}")) } else { Err(SHORTENED) };
    }
    let is_float = whole.len() >= 10 && is_digits(whole) && matches!(rest, "0" | "00");
    Ok(if is_float { whole.to_owned() } else { text.to_owned() })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_power(text: &str) -> bool {
    is_digits(text.trim_start_matches('+'))
}

/// The numbers of a cell.
fn pieces(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let spaced = lower.replace(" or ", "/").replace(" and ", "/");
    let pieces: Vec<&str> = spaced
        .split(['/', '\\', ',', ';', '&', '|', '\n'])
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
        .collect();
    // `98204/41276` is one number, and `022/24451234`.
    let digits = |piece: &str| piece.bytes().filter(u8::is_ascii_digit).count();
    let is_one = pieces.iter().all(|piece| digits(piece) < 9)
        && (10..=13).contains(&pieces.iter().map(|piece| digits(piece)).sum::<usize>());
    if is_one { vec![pieces.join("-")] } else { pieces.into_iter().map(str::to_owned).collect() }
}

fn number(piece: &str) -> Result<Number, &'static str> {
    // `Mob: 98204 41276 (wife)`: words may stand before and behind.
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '(');
    let start = piece.find(is_part).unwrap_or(piece.len());
    let end = piece.rfind(|c: char| c.is_ascii_digit()).map_or(start, |last| last + 1);
    let bare = piece.get(start..end).unwrap_or_default();
    let (before, after) = (&piece[..start], piece.get(end..).unwrap_or_default());
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Err("there is no number in it");
    }
    let joins = |c: char| c.is_alphanumeric();
    if before.ends_with(joins)
        || after.starts_with(joins)
        || bare.chars().any(|c| !"+-. ()".contains(c) && !c.is_ascii_digit())
    {
        return Err(MIXED);
    }
    if digits.len() > 5 && digits.bytes().all(|digit| digit == digits.as_bytes()[0]) || digits == "1234567890"
    {
        return Ok(Number::Dummy);
    }
    if let Some(national) = by_its_shape(bare) {
        return Ok(Number::Landline(format!("+91{national}")));
    }
    if let Some(mobile) = parse_mobile(bare) {
        let national = mobile.strip_prefix("+91").unwrap_or_default();
        let is_dummy = !national.is_empty() && national.bytes().all(|digit| digit == national.as_bytes()[0]);
        return Ok(if is_dummy { Number::Dummy } else { Number::Mobile(mobile) });
    }
    let is_foreign = bare.starts_with('+') && !bare.starts_with("+91")
        || digits.starts_with("00") && !digits.starts_with("0091");
    if is_foreign {
        return Err("it is no number of another country either");
    }
    let national = ["0091", "91", "0"]
        .iter()
        .find_map(|prefix| digits.strip_prefix(prefix).filter(|national| national.len() == 10));
    match national {
        Some(national) if national.starts_with(['1', '2', '3', '4', '5']) => {
            Ok(Number::Landline(format!("+91{national}")))
        }
        _ if digits.len() == 10 => Err(NO_MOBILE),
        _ if (6..=8).contains(&digits.len()) && digits.starts_with(['2', '3', '4', '5', '6', '7']) => {
            Ok(Number::Local)
        }
        _ if digits.len() < 10 => Err(TOO_SHORT),
        _ => Err(TOO_LONG),
    }
}

/// The national number of a landline that is written as one: its STD code stands by itself, `080-2222 3333`, which
/// would be a mobile number otherwise.
fn by_its_shape(bare: &str) -> Option<String> {
    let groups: Vec<&str> =
        bare.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let (code, rest) = match groups.as_slice() {
        ["91" | "0091", code @ ("79" | "80"), rest @ ..] => (*code, rest),
        [first, rest @ ..] => match first.strip_prefix('0') {
            Some(code) => (code, rest),
            None if first.starts_with(['1', '2', '3', '4', '5']) => (*first, rest),
            None => return None,
        },
        [] => return None,
    };
    let rest = rest.concat();
    let is_landline = (2..=4).contains(&code.len())
        && code.starts_with(|c: char| ('1'..='8').contains(&c))
        && code.len() + rest.len() == 10
        && rest.starts_with(|c: char| ('2'..='7').contains(&c));
    is_landline.then(|| format!("{code}{rest}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(written: &str) -> Option<String> {
        read(written).ok().and_then(|phones| phones.mobile)
    }

    #[test]
    fn all_usual_spellings_of_a_mobile_number_become_one() {
        for spelling in [
            "9820441276",
            "98204 41276",
            "98204-41276",
            "982.044.1276",
            "09820441276",
            "0 98204 41276",
            "919820441276",
            "91-98204-41276",
            "+91 98204 41276",
            "+91(98204)41276",
            "(+91) 98204 41276",
            "0091 9820441276",
            "'9820441276",
            "'+919820441276",
            "’98204 41276",
            "९८२०४४१२७६",
            "+९१ ९८२०४ ४१२७६",
            "௯௮௨௦௪௪௧௨௭௬",
            "９８２０４４１２７６",
            "98204\u{a0}41276",
            "\u{202A}+91 98204 41276\u{202C}",
            "98204–41276",
            "98204/41276",
            "9820441276.0",
            "9.820441276E+09",
            "9.820441276e9",
            "Mob: 98204 41276",
            "98204 41276 (wife)",
            "M. 9820441276",
        ] {
            assert_eq!(one(spelling).as_deref(), Some("+919820441276"), "{spelling}");
        }
        assert_eq!(one("+1 (202) 555-0143").as_deref(), Some("+12025550143"));
    }

    #[test]
    fn a_second_number_is_the_alternate() {
        for both in [
            "9820441276/9820441277",
            "98204 41276 , 98204 41277",
            "9820441276;9820441277",
            "9820441276 & 9820441277",
            "9820441276 or 9820441277",
            "9820441276\n9820441277",
            "9820441276 / 9820441276 / 9820441277",
        ] {
            let phones = read(both).expect("numbers");
            assert_eq!(phones.mobile.as_deref(), Some("+919820441276"), "{both}");
            assert_eq!(phones.alternate.as_deref(), Some("+919820441277"), "{both}");
            assert_eq!(phones.remark, None, "{both}");
        }
        let three = read("9820441276/9820441277/9820441278").expect("numbers");
        assert!(three.remark.is_some_and(|remark| remark.contains("more than two")));
        let rest = read("9820441276/77").expect("a number");
        assert_eq!((rest.mobile.as_deref(), rest.alternate), (Some("+919820441276"), None));
        assert!(rest.remark.is_some_and(|remark| remark.contains("could not be read")));
    }

    #[test]
    fn a_landline_is_none_that_a_message_reaches() {
        for landline in [
            "022-24451234",
            "022 2445 1234",
            "(022) 24451234",
            "022/24451234",
            "02224451234",
            "+91 22 2445 1234",
            "22-24451234",
        ] {
            let phones = read(landline).expect("a number");
            assert_eq!(
                (phones.mobile, phones.alternate.as_deref()),
                (None, Some("+912224451234")),
                "{landline}"
            );
        }
        let bangalore = read("080-22223333").expect("a number");
        assert_eq!((bangalore.mobile, bangalore.alternate.as_deref()), (None, Some("+918022223333")));
        assert_eq!(read("+91 80 2222 3333").expect("a number").mobile, None);
        assert_eq!(one("080-98204").as_deref(), None);
        let both = read("022-24451234 / 9820441276").expect("numbers");
        assert_eq!(both.mobile.as_deref(), Some("+919820441276"));
        assert_eq!(both.alternate.as_deref(), Some("+912224451234"));
        assert!(read("24451234").expect("a number").remark.is_some_and(|remark| remark.contains("STD code")));
    }

    #[test]
    fn where_no_number_is_known_there_is_none() {
        for nothing in ["", " ", "-", "NA", "n/a", "nil", "0", "0000000000", "xxxxxxxxxx", "."] {
            let phones = read(nothing).expect(nothing);
            assert_eq!((phones.mobile, phones.alternate), (None, None), "{nothing}");
        }
        assert!(read("9999999999").expect("a dummy").remark.is_some());
    }

    #[test]
    fn what_is_no_number_says_why() {
        for (written, why) in [
            ("9.82044E+09", "shortened"),
            ("9.19876E+11", "shortened"),
            ("9E+11", "shortened"),
            ("98204", "too few"),
            ("982044127", "too few"),
            ("982044127655", "too many"),
            ("98204x1276", "letters"),
            ("982O441276", "letters"),
            ("5820441276", "STD code"),
            ("ask", "no number"),
            ("+0123456789", "another country"),
        ] {
            let refused = read(written).expect_err(written);
            assert!(refused.contains(why), "{written}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_without_panic_and_never_becomes_a_bad_number(written in "\\PC{0,40}") {
            if let Ok(phones) = read(&written) {
                if let Some(mobile) = &phones.mobile {
                    let again = parse_mobile(mobile);
                    prop_assert_eq!(again.as_ref(), Some(mobile));
                }
                prop_assert!(phones.alternate.is_none_or(|number| number.len() <= 16 && number.starts_with('+')));
            }
        }

        #[test]
        fn digits_are_neither_lost_nor_made_up(
            number in "[6-9][0-9]{9}",
            prefix in prop::sample::select(vec!["", "0", "91", "+91", "+91 ", "+91-", "0091 ", "'", "'+91"]),
            sign in prop::sample::select(vec!["", " ", "-", ".", "\u{a0}"]),
            place in 1..9_usize,
            zero in prop::sample::select(vec!['0', '०', '০', '૦', '０']),
        ) {
            prop_assume!(number.bytes().any(|digit| digit != number.as_bytes()[0]));
            let spelled = format!("{prefix}{}{sign}{}", &number[..place], &number[place..]);
            // With a 0 before it and a space within, a number may have the shape of a landline.
            prop_assume!(by_its_shape(&spelled).is_none() && !spelled.ends_with(".00"));
            let digit = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(zero as u32 + digit)).unwrap_or(c);
            let spelled: String = spelled.chars().map(digit).collect();
            prop_assert_eq!(one(&spelled), Some(format!("+91{number}")), "{}", spelled);
        }
    }
}
