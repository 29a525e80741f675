//! A check from sources to a report, without files and terminal: what `cmlint check` does between its arguments and
//! its output.

use std::collections::HashSet;

use super::load::{self, Loaded};
use super::{Exit, missing, places};
use crate::assets::Assets;
use crate::check::{self, Finding, Options, Outcome, RuleOutcome, Run};
use crate::content::{Content, Date};
use crate::evidence::{self, Collected, Evidence, Fact, Schema, Table, Why};
use crate::mask::{self, Key, Known, Mask};
use crate::reader::{Note, Status};
use crate::report::{self, Configuration, Format, GroupBy, Input, Report};
use crate::rules::Level;
use crate::settings::Required;
use crate::source::{self, Source, Sources, Span};
use crate::text::{harmless, list};
use crate::waive::Waived;

/// The built-in specification, evidence tables and rules.
#[derive(Debug)]
pub struct BuiltIn(Loaded);

impl BuiltIn {
    /// Loads them. None only if what was built in is broken, which tests see to.
    pub fn load() -> Option<Self> {
        load::load_from(&Assets::content(), &Assets::rules()).0.map(Self)
    }

    /// Checks sources against a revision, whatever builds they tell of.
    pub fn check_against<'a>(&'a self, sources: &'a Sources, revision: Date) -> Checked<'a> {
        Checked::new(&self.0, sources, RevisionArg::Date(revision), None)
    }

    /// Checks sources, with everything as it is by default.
    pub fn check<'a>(&'a self, sources: &'a Sources) -> Checked<'a> {
        Checked::new(&self.0, sources, RevisionArg::Auto, None)
    }
}

/// How a report is to be written.
#[derive(Clone, Copy)]
pub(super) struct View<'v> {
    pub(super) format: Format,
    /// How many columns there are to write in.
    pub(super) columns: usize,
    /// Show everything.
    pub(super) verbose: bool,
    /// Show findings and nothing else.
    pub(super) quiet: bool,
    /// What findings are put together by.
    pub(super) group_by: GroupBy,
    /// The website that rules are linked to.
    pub(super) site: Option<&'v str>,
    /// How the run ends, given whether something could not be shown.
    pub(super) ends: &'v dyn Fn(bool) -> Exit,
}

/// What came out of a check; it can be written in any format, several times.
#[derive(Debug)]
pub struct Checked<'a> {
    loaded: &'a Loaded,
    sources: &'a Sources,
    evidence: Evidence,
    readings: Vec<evidence::Input>,
    inputs: Vec<Input>,
    revision_reason: String,
    hierarchies: Vec<report::Hierarchy>,
    mask: Option<Mask>,
    /// What the rules found.
    pub(super) run: Run,
    /// What of it waivers hide.
    pub(super) waived: Waived,
    /// How it stands to a baseline, in words.
    pub(super) baseline: Option<String>,
    /// The configuration that was applied.
    pub(super) configuration: Option<Configuration>,
    /// The day that the report is to bear.
    pub(super) created: Option<Date>,
}

impl<'a> Checked<'a> {
    /// Reads the sources and runs the rules, or `only` some of them.
    pub(super) fn new(
        loaded: &'a Loaded,
        sources: &'a Sources,
        revision: RevisionArg,
        only: Option<HashSet<String>>,
    ) -> Self {
        let Loaded { content, schema, mapping, rules, .. } = loaded;
        let Collected { evidence, inputs: readings, hierarchies, left_out } =
            evidence::collect(schema, mapping, sources);
        let mut inputs = inputs(sources, &readings);
        for number in left_out {
            if let Some(input) = inputs.get_mut(number) {
                input.status = Status::Partial;
                input.notes.push((None, LEFT_OUT.to_owned()));
            }
        }
        let builds = builds(schema, &evidence);
        let (date, revision_reason) = chosen(revision, content, &builds);
        let supposed = revision == RevisionArg::Auto && builds.is_empty();
        let options = Options { revision: date, supposed, only };
        let run = |evidence: &Evidence| check::run(rules, content, schema, evidence, &options);
        let run = match hierarchies.as_slice() {
            [] => run(&evidence),
            [first, others @ ..] => run(&first.evidence).and(others.iter().map(|of| run(&of.evidence))),
        };
        let hierarchies = hierarchies.into_iter().map(|of| hierarchy(of, &inputs)).collect();
        Self {
            loaded,
            sources,
            evidence,
            readings,
            inputs,
            revision_reason,
            hierarchies,
            mask: None,
            run,
            waived: Waived::default(),
            baseline: None,
            configuration: None,
            created: None,
        }
    }

    /// Replaces names by pseudonyms in everything that is told of here, whatever the format; with a key, by those of the key.
    pub fn mask(&mut self, key: Option<Key>) {
        let Loaded { content, schema, rules, .. } = self.loaded;
        let mask =
            mask::of(Known { content, schema, rules, evidence: &self.evidence, inputs: &self.inputs }, key);
        mask.inputs(&mut self.inputs);
        mask.hierarchies(&mut self.hierarchies);
        self.revision_reason = mask.sentence(&self.revision_reason);
        mask.run(&mut self.run);
        mask.waived(&mut self.waived);
        if let Some(configuration) = &mut self.configuration {
            configuration.path = mask.path(&configuration.path);
        }
        self.baseline = self.baseline.as_deref().map(|text| mask.sentence(text));
        self.mask = Some(mask);
    }

    /// What became of each input.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Number of findings of a level.
    pub(super) fn findings_of(&self, level: Level) -> usize {
        self.run.findings.iter().filter(|f| f.level == level && f.counts()).count()
    }

    /// How the run ended, given what fails it: levels of findings, missing evidence, something that could not be shown.
    pub(super) fn exit(
        &self,
        fails: impl Fn(Level) -> bool,
        required: Option<&Required>,
        lost: bool,
    ) -> Exit {
        let misses = |row: &RuleOutcome| match (&row.outcome, required) {
            (Outcome::NotEvaluated(open), Some(required)) => required.misses(&self.loaded.schema, open),
            _ => false,
        };
        let any = |fits: fn(&Outcome) -> bool| self.run.outcomes.iter().any(|o| fits(&o.outcome));
        let looked = any(|o| matches!(o, Outcome::Pass | Outcome::Fail | Outcome::Waived));
        if lost || self.inputs.iter().any(Input::is_faulty) || any(|o| matches!(o, Outcome::Error(_))) {
            Exit::Trouble
        } else if !looked || self.run.outcomes.iter().any(misses) {
            Exit::NotEvaluated
        } else if self.run.findings.iter().any(|f| f.counts() && fails(f.level)) {
            Exit::Findings
        } else {
            Exit::Clean
        }
    }

    /// The report in a format, colours included, and what became of files that could not be read again.
    pub fn write(&self, format: Format, columns: usize, verbose: bool) -> (String, Vec<String>) {
        let ends = |lost| self.exit(|level| level >= Level::Warning, None, lost);
        let (quiet, group_by, site) = (false, GroupBy::default(), None);
        self.write_as(View { format, columns, verbose, quiet, group_by, site, ends: &ends })
    }

    /// [`Checked::write`], with all that can be chosen.
    pub(super) fn write_as(&self, view: View<'_>) -> (String, Vec<String>) {
        let View { format, columns, verbose, quiet, group_by, site, ends } = view;
        let width = format.excerpt_width(columns);
        let absent = absent(&self.evidence);
        let mut collector =
            missing::collector(self.loaded, &self.evidence, &self.hierarchies, &absent, &self.run);
        let exports = places::Exports {
            schema: &self.loaded.schema,
            evidence: &self.evidence,
            sources: self.sources,
            inputs: &self.readings,
        };
        let hidden: Vec<&Finding> = self.waived.hidden.iter().map(|hidden| &hidden.finding).collect();
        let (mut waived_spots, more) = places::spots(&hidden, exports, 0);
        let (mut spots, mut lost) = places::spots(&self.run.findings, exports, width);
        lost.extend(more);
        let mut open_places = places::open(&self.run.outcomes, self.sources);
        if let Some(mask) = &self.mask {
            mask.spots(&mut spots);
            mask.spots(&mut waived_spots);
            open_places.iter_mut().flatten().for_each(|(path, _, _)| *path = mask.path(path));
            lost.iter_mut().for_each(|text| *text = mask.sentence(text));
            collector.lines.iter_mut().for_each(|line| *line = mask.sentence(line));
        }
        let report = Report {
            content: &self.loaded.content,
            schema: &self.loaded.schema,
            rules: &self.loaded.rules,
            inputs: &self.inputs,
            revision_reason: &self.revision_reason,
            hierarchies: &self.hierarchies,
            run: &self.run,
            spots: &spots,
            waived: &self.waived,
            waived_spots: &waived_spots,
            baseline: self.baseline.as_deref(),
            configuration: self.configuration.as_ref(),
            created: self.created,
            absent: &absent,
            open_places: &open_places,
            masked: self.mask.is_some(),
            exit: ends(!lost.is_empty()).code(),
            columns,
            verbose,
            quiet,
            group_by,
            site,
            collector: &collector,
        };
        (report::write(&report, format), lost)
    }
}

/// What is said of a file that may be of any of several hierarchies.
const LEFT_OUT: &str = "left out: it does not tell to which of the hierarchies it belongs; put the exports of each into a folder of their own";

fn hierarchy(of: evidence::Hierarchy, inputs: &[Input]) -> report::Hierarchy {
    let paths = of.sources.iter().filter_map(|number| inputs.get(*number)).map(|input| input.path.clone());
    report::Hierarchy { site: of.site, server: of.server, inputs: paths.collect() }
}

/// The revision that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RevisionArg {
    Auto,
    Date(Date),
}

/// What became of each input, with lines and columns for what is remarked on them.
fn inputs(sources: &Sources, readings: &[evidence::Input]) -> Vec<Input> {
    (sources.iter().zip(readings))
        .map(|(source, input)| Input {
            path: source.label().to_owned(),
            format: input.reading.format.map(crate::reader::Format::name),
            encoding: source.encoding().map(source::Encoding::name),
            records: input.reading.records,
            status: input.reading.status,
            notes: notes(source, &input.reading.notes),
        })
        .collect()
}

/// Remarks on an input, with line and column where they have a place that can be found again.
fn notes(source: &Source, notes: &[Note]) -> Vec<(Option<(u64, u64)>, String)> {
    let spans: Vec<Span> = notes.iter().filter_map(|n| n.span).collect();
    let mut positions = places::positions(source, &spans).unwrap_or_default().into_iter();
    notes.iter().map(|n| (n.span.and_then(|_| positions.next()), n.text.clone())).collect()
}

/// The revision to check against, and why.
fn chosen(given: RevisionArg, content: &Content, builds: &[(String, u32)]) -> (Date, String) {
    if let RevisionArg::Date(date) = given {
        return (date, "as asked for".to_owned());
    }
    let newest = content.newest();
    let said = |builds: &[&(String, u32)]| {
        let said: Vec<String> =
            builds.iter().map(|(site, build)| format!("{build} of site {}", harmless(site))).collect();
        format!("{} {}", if said.len() == 1 { "build" } else { "builds" }, list(&said))
    };
    let Some(date) = builds.iter().filter_map(|(_, build)| content.revision_for_build(*build)).max() else {
        return match builds {
            [] => (newest, "the newest; no export tells the build of a site".to_owned()),
            builds => {
                (newest, format!("the newest; none speaks for {}", said(&builds.iter().collect::<Vec<_>>())))
            }
        };
    };
    let (fits, others): (Vec<_>, Vec<_>) =
        builds.iter().partition(|(_, build)| content.revision_for_build(*build) == Some(date));
    let mut reason = format!("it speaks for {}", said(&fits));
    if !others.is_empty() {
        reason.push_str(&format!(", not for {}", said(&others)));
    }
    let revision = content.revision(date);
    if let Some(latest) = revision.and_then(|r| r.latest_build) {
        let unknown: Vec<&(String, u32)> = fits.into_iter().filter(|(_, build)| *build > latest).collect();
        if !unknown.is_empty() {
            reason.push_str(&format!(
                ", as the newest there is: {} came after {latest}, the newest build that was known",
                said(&unknown)
            ));
        }
    }
    if let Some(until) = revision.and_then(|r| r.unchanged_until.as_deref()) {
        reason.push_str(&format!("; seen unchanged until {until}"));
    }
    (date, reason)
}

/// Which tables are in no export at all.
fn absent(evidence: &Evidence) -> Vec<bool> {
    let own = |(id, table): (usize, &Table)| {
        table.gaps.iter().any(|g| g.missing.why == Why::NotExported && g.missing.table == id)
    };
    evidence.tables.iter().enumerate().map(own).collect()
}

/// Site and build of the exported sites, each build once.
fn builds(schema: &Schema, evidence: &Evidence) -> Vec<(String, u32)> {
    let mut out: Vec<(String, u32)> = Vec::new();
    let Some(id) = schema.table("sites") else { return out };
    let (Some(table), Some(site), Some(build)) =
        (evidence.tables.get(id), schema.tables[id].field("site"), schema.tables[id].field("build"))
    else {
        return out;
    };
    for row in &table.rows {
        let (Some(Fact::Text(site)), Some(Fact::Integer(build))) =
            (row.cells.get(site).map(|c| &c.fact), row.cells.get(build).map(|c| &c.fact))
        else {
            continue;
        };
        if let Ok(build) = u32::try_from(*build)
            && !out.iter().any(|(_, b)| *b == build)
        {
            out.push((site.to_string(), build));
        }
    }
    out.sort_by_key(|(_, build)| std::cmp::Reverse(*build));
    out
}
