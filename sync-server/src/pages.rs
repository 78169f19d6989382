//! What the pages for operators tell them to type is what this program takes.

use std::collections::BTreeSet;

use age::x25519::Identity;
use clap::{Arg, Command, CommandFactory, Parser};

use super::Cli;

const PAGES: [(&str, &str); 5] = [
    ("audit.md", include_str!("../../docs/audit.md")),
    ("import.md", include_str!("../../docs/import.md")),
    ("in-place-migration.md", include_str!("../../docs/in-place-migration.md")),
    ("leaving.md", include_str!("../../docs/leaving.md")),
    ("operations.md", include_str!("../../docs/operations.md")),
];

/// The lines of a page's blocks for a shell, or all that stand in no block.
fn lines(page: &str, of_shell: bool) -> Vec<&str> {
    let mut found = Vec::new();
    let mut block = None;
    for line in page.lines().map(str::trim) {
        match (line.strip_prefix("```"), block) {
            (Some(_), Some(_)) => block = None,
            (Some(kind), None) => block = Some(kind),
            (None, Some("sh")) if of_shell => found.push(line),
            (None, None) if !of_shell => found.push(line),
            (None, _) => {}
        }
    }
    found
}

/// The words of a line, as a shell reads them, as far as our pages use its language.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote): (Option<String>, Option<char>) = (None, None);
    for letter in line.chars().chain([' ']) {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words
}

/// The command as this program gets it, if it is one of ours; what stands for something of the reader's is put in.
fn ours(command: &[String]) -> Option<Vec<String>> {
    let mut words = command.iter().skip_while(|word| word.contains('='));
    if words.next()? != "clinic-sync" {
        return None;
    }
    let recipient = Identity::generate().to_public().to_string();
    let given = words.filter(|word| *word != "…").map(|word| match word.trim_matches(['[', ']']) {
        "age1…" => recipient.clone(),
        word => word.to_owned(),
    });
    let mut given: Vec<String> = std::iter::once("clinic-sync".to_owned()).chain(given).collect();
    if given[1..].starts_with(&["import".to_owned(), "legacy".to_owned()]) {
        // The page says it in the environment.
        given.push("--from=postgres://reader@old.example/clinic".to_owned());
    }
    Some(given)
}

#[test]
fn every_command_line_of_the_pages_is_one_that_this_program_takes() {
    let mut tried = 0;
    for (page, text) in PAGES {
        for line in lines(text, true) {
            let words = words(line);
            for command in words.split(|word| ["&&", "|", ">"].contains(&word.as_str())) {
                let Some(given) = ours(command) else { continue };
                tried += 1;
                if let Err(error) = Cli::try_parse_from(given) {
                    panic!("{page}: {line}\n{error}");
                }
            }
        }
    }
    assert!(tried >= 35, "{tried}");
}

/// The options of a command and of all below it.
fn options(command: &Command, found: &mut BTreeSet<String>) {
    let names = command.get_arguments().filter_map(Arg::get_long);
    found.extend(names.map(|name| format!("--{name}")));
    for below in command.get_subcommands() {
        options(below, found);
    }
}

#[test]
fn every_option_that_the_pages_name_is_one_of_this_program() {
    let mut known = BTreeSet::new();
    options(&Cli::command(), &mut known);
    let mut named = 0;
    for (page, text) in PAGES {
        for line in lines(text, false) {
            let spans = line.split('`').skip(1).step_by(2);
            for option in spans.flat_map(str::split_whitespace).filter(|word| word.starts_with("--")) {
                named += 1;
                assert!(known.contains(option), "{page}: {option}");
            }
        }
    }
    assert!(named >= 50, "{named}");
}
