//! What several readers say of a file in the same words, and what tells them to.

/// How to export rows that were printed or written as a table.
pub(super) const AGAIN: &str = "export with `ConvertTo-Json -Depth 6` or `Export-Clixml -Depth 6` instead";

/// A property that all objects have which PowerShell makes for display.
pub(super) const DISPLAYED: &str = "ClassId2e4f51ef21dd47e99d3c952918aff9cd";

/// The name space of the types of such objects.
pub(super) const DISPLAYED_TYPES: &str = "Microsoft.PowerShell.Commands.Internal.Format.";

/// What objects are that were made to be displayed, and what to do.
pub(super) fn displayed() -> String {
    format!(
        "objects for display, as `Format-Table` and `Format-List` make them: leave that command out and {AGAIN}"
    )
}

/// What a file of texts is in which objects are looked for, and what to do.
pub(super) fn texts(count: u64) -> String {
    let texts = if count == 1 { "a text".to_owned() } else { format!("{count} texts") };
    format!("{texts} and no object in it, as of `Out-String`, `Get-Content` or a property by itself: {AGAIN}")
}

/// What is said of texts that were read as the JSON they hold.
pub(super) fn json_in_text(count: u64) -> String {
    match count {
        1 => "the objects stand as JSON in a text, which is read".to_owned(),
        count => format!("objects stand as JSON in {count} texts, which are read"),
    }
}
