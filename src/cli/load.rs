//! Loads specification, evidence tables and rules, and collects what is wrong with them.

use anyhow::Context;

use super::{Global, output};
use crate::assets::Assets;
use crate::content::{self, Content};
use crate::evidence::{self, Mapping, Schema};
use crate::files;
use crate::rules::{self, RuleSet};
use crate::text::harmless;
use crate::text::{BAD, DOUBT, GOOD, count, paint};
use crate::yaml::{self, Problems};

/// Where `cmlint track --write` keeps new files until all are written, in the folder of the specification.
pub(super) const STAGE: &str = ".cmlint-track";

/// What every command but `--version` needs.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) content: Content,
    pub(super) schema: Schema,
    pub(super) mapping: Mapping,
    pub(super) rules: RuleSet,
    /// Where specification and script are from.
    pub(super) assets: Assets,
}

/// Loads everything. None if something is wrong; the problems then have an error among them.
pub(super) fn load_all(global: &Global) -> (Option<Loaded>, Problems) {
    load_from(&global.content(), &global.rules())
}

/// [`load_all`] from given places.
pub(super) fn load_from(assets: &Assets, rules: &Assets) -> (Option<Loaded>, Problems) {
    let mut problems = Problems::new();
    let (content, evidence) = rayon::join(|| content::load(assets), || evidence::load(assets));
    let content = match content {
        Ok((content, warnings)) => {
            problems.extend(warnings);
            Some(content)
        }
        Err(errors) => {
            problems.extend(errors);
            None
        }
    };
    let evidence = match evidence {
        Ok(evidence) => Some(evidence),
        Err(errors) => {
            problems.extend(errors);
            None
        }
    };
    // Rules name statements and tables: without these every name in them would be a mistake.
    let (Some(content), Some((schema, mapping))) = (content, evidence) else { return (None, problems) };
    match rules::compile(rules, &content, &schema) {
        Ok(mut rules) => {
            problems.extend(std::mem::take(&mut rules.warnings));
            (Some(Loaded { content, schema, mapping, rules, assets: assets.clone() }), problems)
        }
        Err(errors) => {
            problems.extend(errors);
            (None, problems)
        }
    }
}

/// Finishes what `cmlint track --write` had begun in the folder of the specification when it was ended.
///
/// # Errors
/// When that cannot be done: the folder then holds parts of two revisions.
pub(super) fn settle(global: &Global) -> anyhow::Result<()> {
    let Some(folder) = &global.content else { return Ok(()) };
    let finished = files::settle(&folder.join(STAGE), folder).with_context(|| {
        format!(
            "{} holds half of a revision, for `cmlint track --write` was ended while it wrote it; run this command \
             where it may write to that folder",
            folder.display()
        )
    })?;
    if finished {
        output::aside(&format!(
            "{}: finished what `cmlint track --write` had begun here\n",
            harmless(&folder.display().to_string())
        ));
    }
    Ok(())
}

/// Loads everything, or shows on standard error what is wrong. Warnings are for `cmlint test`.
///
/// # Errors
/// When something is wrong.
pub(super) fn load(global: &Global) -> anyhow::Result<Loaded> {
    settle(global)?;
    let (loaded, mut problems) = load_all(global);
    loaded.ok_or_else(|| {
        problems.0.retain(|p| !p.warning);
        problems.sort();
        output::aside(&yaml::render(&problems, true));
        anyhow::anyhow!("the specification or the rules cannot be used: {}", verdict(&problems))
    })
}

/// Refuses to work without rules, for what is about rules.
///
/// # Errors
/// When there is none.
pub(super) fn have_rules(global: &Global, rules: &RuleSet) -> anyhow::Result<()> {
    if rules.rules.is_empty() {
        anyhow::bail!(
            "there is no rule in {}: a rule is a file GROUP/ID.yaml there",
            harmless(&global.rules().root())
        );
    }
    Ok(())
}

/// `2 errors, 1 warning`, or that all is well.
pub(super) fn verdict(problems: &Problems) -> String {
    let errors = problems.0.iter().filter(|p| !p.warning).count();
    let warnings = problems.0.len() - errors;
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(paint(BAD, count(errors, "error", "errors")));
    }
    if warnings > 0 {
        parts.push(paint(DOUBT, count(warnings, "warning", "warnings")));
    }
    if parts.is_empty() { paint(GOOD, "all is well") } else { parts.join(", ") }
}
