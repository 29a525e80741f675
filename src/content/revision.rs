//! The revisions of the documentation.

use crate::yaml::{Document, Fields, Kind, Node, Problem, Problems, Spanned};

use super::Date;

/// A revision of the documentation.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Declared date, its id.
    pub date: Date,
    /// The date as the page writes it.
    pub declared_as: Option<String>,
    /// When it was first seen in public, if that is known.
    pub observed: Option<String>,
    /// What is doubtful about the declared date.
    pub doubt: Option<String>,
    /// Until when its words were seen unchanged: a date, or what else is known.
    pub unchanged_until: Option<String>,
    /// Heading of the page.
    pub page_title: String,
    /// Title of the page in its metadata.
    pub title: String,
    /// The name of the product at that time.
    pub product: String,
    /// How the page is laid out.
    pub layout: String,
    /// First and last ConfigMgr build it speaks for (the third part of 5.00.8692.1000); none for a revision that is
    /// only chosen by hand.
    pub builds: Option<(u32, Option<u32>)>,
    /// The newest build that was known when it was last seen unchanged.
    pub latest_build: Option<u32>,
    /// Names of those versions: 1806.
    pub versions: Vec<String>,
    /// Fingerprint of the original page: SHA-256 in hexadecimal digits.
    pub sha256: Option<String>,
    /// The publisher's id of the page.
    pub asset_id: Option<String>,
    /// Address of the published page.
    pub source: Option<String>,
    /// Publisher of the original.
    pub publisher: String,
    /// Licence of the original.
    pub licence: String,
}

impl Revision {
    /// The first build it speaks for.
    pub fn first_build(&self) -> Option<u32> {
        self.builds.map(|(first, _)| first)
    }

    /// The last build it speaks for; none also where that is open.
    pub fn last_build(&self) -> Option<u32> {
        self.builds.and_then(|(_, last)| last)
    }

    /// Whether it speaks for a build.
    pub fn speaks_for(&self, build: u32) -> bool {
        self.builds.is_some_and(|(first, last)| first <= build && last.is_none_or(|last| build <= last))
    }
}

/// Reads `revisions.yaml`: a list, oldest first.
pub(super) fn read(document: &Document, problems: &mut Problems) -> Vec<Revision> {
    let file = &document.file;
    let mut out: Vec<Revision> = Vec::new();
    let nodes = document.root.list(file, "the file", problems).unwrap_or_default();
    if nodes.is_empty() {
        problems.error(file, document.root.head(), "there is no revision");
    }
    for node in nodes {
        let Some(mut f) = node.fields(file, "revision", problems) else { continue };
        let date =
            f.required_text("id", problems).and_then(|id| date(&id, &f, problems).map(|d| (d, id.span)));
        if let Some(sequence) = f.integer("sequence", problems)
            && usize::try_from(sequence.value) != Ok(out.len() + 1)
        {
            let place = out.len() + 1;
            problems.push(
                Problem::error(file, sequence.span, format!("this is revision {place} of the list"))
                    .help(format!("set `sequence: {place}`; the oldest revision stands first")),
            );
        }
        if let (Some(declared), Some((id, _))) = (f.text("declared", problems), &date)
            && date_of(&declared) != Some(*id)
        {
            problems.push(
                Problem::error(file, declared.span, format!("the declared date is not the id {id}")).help(
                    "the id of a revision is its declared date; what is wrong with it belongs in `doubt`",
                ),
            );
        }
        let observed = f.get("observed").filter(|n| !n.is_null());
        let observed = observed.and_then(|n| n.text(file, "`observed`", problems));
        if let Some(observed) = &observed
            && date_of(observed).is_none()
        {
            problems.error(file, observed.span.clone(), format!("`{}` is not a date", observed.value));
        }
        let revision = Revision {
            date: date.as_ref().map_or(Date { year: 0, month: 1, day: 1 }, |(d, _)| *d),
            declared_as: optional(&mut f, "declared_as", problems),
            observed: observed.map(|o| o.value.to_owned()),
            doubt: optional(&mut f, "doubt", problems),
            unchanged_until: optional(&mut f, "unchanged_until", problems),
            page_title: required(&mut f, "page_title", problems),
            title: required(&mut f, "title", problems),
            product: required(&mut f, "product", problems),
            layout: required(&mut f, "layout", problems),
            builds: builds(&mut f, out.iter().rev().find_map(|r: &Revision| r.builds), problems),
            latest_build: f.integer("latest_build", problems).and_then(|b| u32::try_from(b.value).ok()),
            versions: versions(&mut f, problems),
            sha256: sha256(&mut f, problems),
            asset_id: optional(&mut f, "asset_id", problems),
            source: optional(&mut f, "source", problems),
            publisher: required(&mut f, "publisher", problems),
            licence: required(&mut f, "licence", problems),
        };
        f.finish(problems);
        let Some((date, span)) = date else { continue };
        if let Some(before) = out.last()
            && before.date >= date
        {
            problems.push(
                Problem::error(file, span, "the dates of the revisions do not rise")
                    .help(format!("{date} is not later than {}", before.date)),
            );
            continue;
        }
        out.push(revision);
    }
    out
}

fn date_of(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn date(id: &Spanned<&str>, f: &Fields<'_>, problems: &mut Problems) -> Option<Date> {
    let date = date_of(id.value);
    if date.is_none() {
        problems.push(
            Problem::error(f.file(), id.span.clone(), format!("`{}` is not a date", id.value))
                .help("write year, month and day: 2018-10-26"),
        );
    }
    date
}

fn required<'n>(f: &mut Fields<'n>, name: &'n str, problems: &mut Problems) -> String {
    f.required_text(name, problems).map(|t| t.value.to_owned()).unwrap_or_default()
}

fn optional<'n>(f: &mut Fields<'n>, name: &'n str, problems: &mut Problems) -> Option<String> {
    f.text(name, problems).map(|t| t.value.to_owned())
}

/// `{from: 8325, until: 8354}`, or `null`; an open end is for the newest. Builds of successive revisions do not overlap.
fn builds(
    f: &mut Fields<'_>,
    before: Option<(u32, Option<u32>)>,
    problems: &mut Problems,
) -> Option<(u32, Option<u32>)> {
    let file = f.file();
    let node = f.required("builds", problems)?;
    if node.is_null() {
        return None;
    }
    let mut b = node.fields(file, "range of builds", problems)?;
    let mut number = |name: &'static str, problems: &mut Problems| {
        let value = b.integer(name, problems)?;
        let build = u32::try_from(value.value).ok();
        if build.is_none() {
            problems.error(file, value.span.clone(), "a build is a number such as 8692");
        }
        Some(Spanned::new(build?, value.span))
    };
    let from = number("from", problems);
    let until = number("until", problems);
    if from.is_none() && b.key("from").is_none() {
        problems.error(file, b.head(), "the range of builds has no field `from`");
    }
    if let (Some(from), Some(until)) = (&from, &until)
        && from.value > until.value
    {
        problems.error(
            file,
            until.span.clone(),
            format!("the last build is before the first, {}", from.value),
        );
    }
    if let (Some(from), Some(before)) = (&from, before)
        && before.1.is_none_or(|last| last >= from.value)
    {
        problems.push(
            Problem::error(file, from.span.clone(), "the builds overlap with those of the revision before")
                .help("end the builds of the older revision with `until`"),
        );
    }
    b.finish(problems);
    Some((from?.value, until.map(|b| b.value)))
}

/// Names of versions are written as numbers or as texts.
fn versions(f: &mut Fields<'_>, problems: &mut Problems) -> Vec<String> {
    let file = f.file();
    let read = |node: &Node, problems: &mut Problems| match &node.kind {
        Kind::Integer(version) => Some(version.to_string()),
        _ => node.text(file, "each item of `versions`", problems).map(|t| t.value.to_owned()),
    };
    f.list("versions", problems).iter().filter_map(|node| read(node, problems)).collect()
}

fn sha256(f: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    let text = f.text("sha256", problems)?;
    if text.value.len() != 64 || !text.value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        problems.error(f.file(), text.span, "a SHA-256 is 64 hexadecimal digits in lower case");
        return None;
    }
    Some(text.value.to_owned())
}
