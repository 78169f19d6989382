//! Cells of a sheet that people open in a spreadsheet: it must not take what somebody typed for a formula.

use std::borrow::Cow;

/// What a spreadsheet takes for the beginning of a formula, or looks behind for one.
const DANGEROUS: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Puts `'` before a cell that a spreadsheet could take for a formula.
pub fn guard(cell: &str) -> Cow<'_, str> {
    if is_dangerous(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Takes away what [`guard`] put there, and nothing else.
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_dangerous(rest)).unwrap_or(cell)
}

/// A cell that was guarded before, by whatever number of `'`, is guarded once more: else one would be lost.
fn is_dangerous(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(DANGEROUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_is_put_before_formulae_only_and_comes_off_again() {
        for (cell, guarded) in [
            ("=1+1", "'=1+1"),
            ("+919820441276", "'+919820441276"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r\n", "'\r\n"),
            ("\n=1", "'\n=1"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠A1", "'＠A1"),
            ("'=1", "''=1"),
            ("'quoted'", "'quoted'"),
            ("Sunita", "Sunita"),
            ("Sunita = Rane", "Sunita = Rane"),
            ("", ""),
        ] {
            assert_eq!(guard(cell), guarded);
            assert_eq!(unguard(guarded), cell);
        }
    }
}
