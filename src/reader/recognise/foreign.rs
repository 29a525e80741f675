//! What a file is that never was an export, and what to export in its place.
//!
//! Nothing depends on it but the words: files of these kinds lie beside exports in every administrator's folder.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;
use crate::reader::remarks::{AGAIN, DISPLAYED, displayed, texts};
use crate::source::floor;

/// How much of a text is looked at.
const REACH: usize = 16 << 10;

/// The first bytes of files that are no text, and what they are.
const SIGNATURES: [(&[u8], &str); 22] = [
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it, or put the files into a zip"),
    (b"MSCF", "a cabinet file; unpack it with `expand`, or put the files into a zip"),
    (b"Rar!\x1a", "a RAR archive; unpack it, or put the files into a zip"),
    (b"\x1f\x8b", "a gzip archive; unpack it, or put the files into a zip"),
    (b"BZh", "a bzip2 archive; unpack it, or put the files into a zip"),
    (b"\xfd7zXZ", "an xz archive; unpack it, or put the files into a zip"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it, or put the files into a zip"),
    (b"MSWIM\0\0\0", "a Windows image"),
    (b"ElfFile\0", "a Windows event log; no rule reads events"),
    (b"regf", "a registry hive; export the keys with `reg export`"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"BM", "an image"),
    (b"\0\0\x01\0", "an image"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an Office document or an installer"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"{\\rtf", "an RTF document"),
    (b"-----BEGIN ", "a certificate or key"),
];

/// What a file that begins with these bytes is, if it is no text. At least 512 of them tell more.
pub(in crate::reader) fn binary(head: &[u8]) -> Option<&'static str> {
    let known = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature));
    if let Some((signature, what)) = known {
        // Two letters are also the beginning of a word.
        let short = signature.len() == 2 && signature.is_ascii();
        if !short || head.iter().any(|b| matches!(b, 0..=8)) {
            return Some(what);
        }
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some("a tar archive; unpack it, or put the files into a zip");
    }
    None
}

/// The first character of a text in UTF-32: it begins with a mark, or each of the first characters has its three zero
/// bytes.
pub(in crate::reader) fn utf_32(head: &[u8]) -> Option<char> {
    let little = |bytes: &[u8; 4]| char::from_u32(u32::from_le_bytes(*bytes));
    let big = |bytes: &[u8; 4]| char::from_u32(u32::from_be_bytes(*bytes));
    let (units, _) = head.as_chunks::<4>();
    let (first, rest) = units.split_first()?;
    if little(first) == Some(MARK) || big(first) == Some(MARK) {
        let read = if little(first) == Some(MARK) { little } else { big };
        return rest.iter().find_map(|unit| read(unit).filter(|c| !c.is_whitespace())).or(Some(' '));
    }
    let is_text = |read: &dyn Fn(&[u8; 4]) -> Option<char>| {
        units.len() > 3
            && units.iter().all(|unit| {
                read(unit).is_some_and(|c| c != '\0' && !c.is_control() || c.is_ascii_whitespace())
            })
            && units[..3].iter().all(|unit| read(unit).is_some_and(|c| c.is_ascii()))
    };
    let read: &dyn Fn(&[u8; 4]) -> Option<char> = if is_text(&little) {
        &little
    } else if is_text(&big) {
        &big
    } else {
        return None;
    };
    units.iter().find_map(|unit| read(unit).filter(|c| !c.is_whitespace())).or(Some(' '))
}

/// The byte order mark.
const MARK: char = '\u{feff}';

/// Whether a text is what `Start-Transcript` writes: a head between lines of asterisks.
pub(super) fn is_transcript(text: &str) -> bool {
    let is_line = |line: &str| line.len() >= 10 && line.bytes().all(|b| b == b'*');
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next().is_some_and(is_line) && !lines.next().is_none_or(is_line) && lines.take(16).any(is_line)
}

/// Whether a decoded text is none: control characters stand in it.
pub(super) fn is_binary(text: &str) -> bool {
    let head = &text[..floor(text, 1024)];
    let controls = head
        .chars()
        .filter(|c| matches!(c, '\0'..='\u{8}' | '\u{e}'..='\u{1a}' | '\u{1c}'..='\u{1f}'))
        .count();
    controls > 0 && controls * 20 >= head.chars().count()
}

/// What a text is that is no export.
pub(super) fn describe(text: &str) -> String {
    let head = &text[..floor(text, REACH)];
    let lines: Vec<&str> =
        head.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).take(60).collect();
    let first = lines.first().copied().unwrap_or_default();
    if is_binary(head) {
        return "a binary file, no export".into();
    }
    if is_transcript(head) {
        return format!(
            "a transcript (`Start-Transcript`), in which an export may be wrapped or cut; {AGAIN}"
        );
    }
    if ["+AFs-", "+AHs-", "+ADw-", "+/v8-"].iter().any(|start| first.starts_with(start)) {
        return "text in UTF-7, which is not read; write it in UTF-8, in PowerShell with `Out-File -Encoding utf8`"
            .into();
    }
    if first.contains(DISPLAYED) {
        return format!("a CSV file of {}", displayed());
    }
    if first.starts_with("#TYPE ") || is_table_of_values(&lines) {
        return format!("a CSV file, in which objects and lists are lost; {AGAIN}");
    }
    if is_list(&lines) {
        return format!("printed as a list (`Format-List`); {AGAIN}");
    }
    if is_printed_table(&lines) {
        return format!("printed as a table (`Format-Table`); {AGAIN}");
    }
    if first.starts_with('"') && first.contains("\\n") && lines.len() == 1 {
        return texts(1);
    }
    for (what, test) in KINDS {
        if test(first, &lines) {
            return format!("{what}, no export");
        }
    }
    "text that is neither XML, JSON nor MOF, no export".into()
}

type Test = fn(&str, &[&str]) -> bool;

/// Kinds of text, told by their first line or by any of the first.
const KINDS: [(&str, Test); 10] = [
    ("a log", |first, _| is_log(first)),
    ("a PowerShell script", |first, lines| {
        first.starts_with("<#")
            || lines.iter().any(|line| {
                POWERSHELL.is_match(line) && !line.starts_with("# ") || line.starts_with("#Requires")
            })
    }),
    ("a batch file", |first, _| {
        let first = first.to_ascii_lowercase();
        ["@echo", "rem ", "::", "setlocal", "@setlocal"].iter().any(|head| first.starts_with(head))
    }),
    ("a VBScript file", |first, lines| {
        first.starts_with('\'')
            || ["Option Explicit", "On Error Resume Next", "Dim ", "Set ", "<job"]
                .iter()
                .any(|h| first.starts_with(h))
            || lines.iter().any(|line| line.trim_start().starts_with("Option Explicit"))
    }),
    ("a script", |first, _| first.starts_with("#!") || first.starts_with("<?php") || first.starts_with("<%")),
    ("source code", |first, _| {
        ["#include", "#define", "#pragma", "#ifndef", "/*", "//", "using ", "import ", "package "]
            .iter()
            .any(|h| first.starts_with(h))
    }),
    ("a page of text with mark-up", |first, lines| {
        first.starts_with('#')
            || first.starts_with("<!--")
            || first.starts_with("![")
            || first.starts_with("- ")
            || first.starts_with("* ")
            || first.starts_with('[') && first.contains("](")
            || lines
                .iter()
                .any(|line| line.starts_with("```") || line.starts_with("# ") || line.starts_with("## "))
    }),
    ("a settings file", |_, lines| {
        lines.iter().any(|line| line.starts_with('[') && line.ends_with(']'))
            && lines.iter().any(|line| line.contains('='))
    }),
    ("an LDIF file", |first, _| first.starts_with("dn:") || first.starts_with("version: 1")),
    ("YAML", |first, _| first == "---"),
];

static POWERSHELL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^\s*(?:\[CmdletBinding\(|\[Parameter\(|param\s*\(|function\s+[\w-]+\s*(?:\{|$|\()|filter\s+\w|using (?:module|namespace)",
        r"|\$[\w:]+\s*=|\[[\w.]+\]\s*\$\w|Import-Module\b|#requires|Set-StrictMode|(?:Get|Set|New|Add|Remove)-[A-Z]\w+\s+-\w)"
    ))
});

/// A time or a level in brackets or without, the form of CMTrace.
fn is_log(line: &str) -> bool {
    static LOG: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^(?:<!\[LOG\[|\[?\d{2,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T,]|\[?\d{1,2}:\d{2}:\d{2}|\[(?:[+*!-]|info|warn(?:ing)?|error|debug|ok)\])",
        )
    });
    LOG.is_match(line)
}

/// Fields parted by the same sign in every line, as often as in the first, and names in the first.
fn is_table_of_values(lines: &[&str]) -> bool {
    let Some((first, rest)) = lines.split_first() else { return false };
    let count = |line: &str, sign: char| {
        let mut quoted = false;
        line.chars()
            .filter(|c| {
                quoted ^= *c == '"';
                *c == sign && !quoted
            })
            .count()
    };
    [',', ';', '\t'].iter().any(|&sign| {
        let fields = count(first, sign);
        let named = first.split(sign).all(|name| {
            let name = name.trim().trim_matches('"');
            !name.is_empty()
                && name.chars().all(|c| {
                    c.is_alphanumeric() || matches!(c, '_' | ' ' | '-' | '.' | '#' | '@' | '(' | ')')
                })
        });
        let quoted = first.starts_with('"') && first.ends_with('"');
        fields > 0
            && named
            && (quoted || !rest.is_empty())
            && rest.iter().take(5).all(|line| count(line, sign) == fields)
            || fields == 0
                && quoted
                && named
                && !rest.is_empty()
                && rest.iter().take(5).all(|l| l.starts_with('"') && l.ends_with('"'))
    })
}

/// `Name      : value`, the colons below each other.
fn is_list(lines: &[&str]) -> bool {
    let places: Vec<usize> = lines
        .iter()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| {
            let at = line.find(" : ").or_else(|| line.strip_suffix(" :").map(str::len))?;
            let name = line[..at].trim_end();
            name.chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@'))
                .then(|| line[..at].chars().count())
        })
        .take(8)
        .collect();
    places.len() >= 2 && places.windows(2).all(|pair| pair[0] == pair[1])
}

/// A line of names over a line of dashes.
fn is_printed_table(lines: &[&str]) -> bool {
    lines.windows(2).take(4).any(|pair| {
        let dashes = pair[1].trim();
        let words = dashes.split_whitespace().count();
        !dashes.is_empty()
            && dashes.chars().all(|c| c == '-' || c == ' ')
            && dashes.contains("--")
            && words == pair[0].split_whitespace().count().min(words.max(1))
            && !pair[0].starts_with('#')
            && words >= 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_text() {
        for (text, expected) in [
            ("#TYPE Selected.X\n\"a\",\"b\"\n", "a CSV file"),
            ("\"Name\",\"Caption\"\n\"x\",\"y\"\n", "a CSV file"),
            ("Name;Konto\nx;y\n", "a CSV file"),
            ("\"Name\"\n\"x\"\n", "a CSV file"),
            ("\nAccountUsage : {x}\nUserName     : y\n", "printed as a list"),
            ("Name   Usage\n----   -----\nx      y\n", "printed as a table"),
            ("<#\n.SYNOPSIS\n#>", "a PowerShell script"),
            ("[CmdletBinding()]\nparam()\n", "a PowerShell script"),
            ("# a comment\n$x = 1\n", "a PowerShell script"),
            ("@echo off\n", "a batch file"),
            ("' x\nOption Explicit\n", "a VBScript file"),
            ("<![LOG[x]LOG]!><time=", "a log"),
            ("[2024-01-02 10:00:00] x", "a log"),
            ("[+] x: y", "a log"),
            ("[How](https://wiki.corp.example/)\n", "a page of text"),
            ("# Title\n\ntext\n", "a page of text"),
            ("#include <x.h>\n", "source code"),
            ("/* x */ int y;", "source code"),
            ("some words", "text that is neither"),
            ("a\u{1}\u{2}b", "a binary file"),
        ] {
            assert!(describe(text).starts_with(expected), "{text}: {}", describe(text));
        }
    }

    #[test]
    fn forms_that_powershell_writes_and_nobody_reads() {
        for (text, expected) in [
            (
                "\n**********************\nAufzeichnung\nStart: 2024\n**********************\nPS C:\\> x\n[\n",
                "a transcript",
            ),
            ("+AHs-\n  +ACI-a+ACI-: 1\n", "text in UTF-7"),
            ("\"ClassId2e4f51ef21dd47e99d3c952918aff9cd\",\"a\"\n", "a CSV file of objects for display"),
            ("\"\\nUserName\\n--------\\n\"\n", "a text and no object"),
        ] {
            assert!(describe(text).starts_with(expected), "{text}: {}", describe(text));
        }
    }

    #[test]
    fn utf_32_is_told_from_other_encodings() {
        let wide = |text: &str, mark: bool, big: bool| -> Vec<u8> {
            let all = mark.then_some(MARK).into_iter().chain(text.chars());
            all.flat_map(|c| if big { u32::from(c).to_be_bytes() } else { u32::from(c).to_le_bytes() })
                .collect()
        };
        for mark in [true, false] {
            for big in [true, false] {
                assert_eq!(utf_32(&wide("\r\n[{ } \u{e4}", mark, big)), Some('['), "{mark} {big}");
            }
        }
        assert_eq!(utf_32(&wide("notes", true, false)), Some('n'));
        let utf_16: Vec<u8> = "\u{feff}[{ }]  ".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for other in
            [&b"[{ \"a\": 1 }]   "[..], &utf_16, b"", b"\xff\xfe", &[0; 64], b"MZ\x90\0\x03\0\0\0\x04\0\0\0"]
        {
            assert_eq!(utf_32(other), None, "{other:?}");
        }
    }

    #[test]
    fn first_bytes() {
        for (head, expected) in [
            (&b"7z\xbc\xaf\x27\x1c\0\x04"[..], "a 7-Zip archive"),
            (b"MSCF\0\0", "a cabinet file"),
            (b"MZ\x90\0", "a Windows program"),
            (b"ElfFile\0\0", "a Windows event log"),
        ] {
            assert!(binary(head).is_some_and(|what| what.starts_with(expected)), "{expected}");
        }
        assert_eq!(binary(b"MZ is no word"), None);
        assert_eq!(binary(b"{\"a\":1}"), None);
        assert_eq!(binary(b""), None);
    }
}
