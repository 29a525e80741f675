//! Lines that a console leaves around an export: messages of PowerShell and prompts, in any language and with colours.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// `ESC [ ... m`
pub(super) fn without_colours(mut line: &str) -> &str {
    loop {
        line = line.trim_start();
        let Some(rest) = line.strip_prefix("\u{1b}[") else { return line };
        let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) else { return line };
        line = &rest[end + 1..];
    }
}

/// Whether a text begins with a line that a console leaves behind an export: a prompt, a message, a row of asterisks.
pub(super) fn is_console(text: &str) -> bool {
    let line = without_colours(text.lines().next().unwrap_or_default()).trim_end();
    is_prompt(line) || is_message(line) || line.len() >= 10 && line.bytes().all(|b| b == b'*')
}

/// `WARNING: ...`, `AUSFÜHRLICH: ...`, `警告: ...`: a word or two in capitals, or in a script that has none.
pub(super) fn is_message(line: &str) -> bool {
    static MESSAGE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\p{L}{2,}(?:[ -]\p{L}{2,})?[ \u{a0}]?[:\u{ff1a}](?:\s|$)"));
    let word = line.split([':', '\u{ff1a}']).next().unwrap_or_default();
    MESSAGE.is_match(line) && !word.chars().any(char::is_lowercase)
}

/// `PS C:\>`, `C:\Windows>`, `user@host:~$`
pub(super) fn is_prompt(line: &str) -> bool {
    static PROMPT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^(?:\[[^\]]+\]: )?(?:PS [^<>]*>|[A-Za-z]:\\[^<>]*>|[\w.-]+@[\w.-]+:[^$]*\$)")
    });
    PROMPT.is_match(line)
}
