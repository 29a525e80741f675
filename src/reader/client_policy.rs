//! A downloaded client policy: instances of client settings, of which the network access account is of interest.
//!
//! Its values are obfuscated: that an account is set can be told, not which. Downloaded policies are often cut off
//! at the end; what stands before counts.

use crate::reader::stream::{Flow, Shape};
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Kind, Stop, Tokens};
use crate::reader::{Data, Object, Record, Secret, Sink, Value, Wanted, finish, row, secret};
use crate::source::View;

/// The reader.
#[derive(Debug)]
pub(super) struct ClientPolicy<'w> {
    wanted: &'w Wanted,
    /// How many instances were met.
    pub(super) records: u64,
}

impl<'w> ClientPolicy<'w> {
    /// A reader for the classes of `wanted`.
    pub(super) fn new(wanted: &'w Wanted) -> Self {
        Self { wanted, records: 0 }
    }
}

impl Shape for ClientPolicy<'_> {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Start if tokens.local_name().eq_ignore_ascii_case("instance") => {
                let class = tokens.attribute_any_case("class");
                let class = class.map(|range| unescape::range(view.text, range, Style::Xml));
                let class = class.as_deref().map(row::class_name).unwrap_or_default();
                let (record, hidden) = instance(tokens, view, class)?;
                self.records += 1;
                for span in hidden {
                    sink.secret(span);
                }
                match finish::class(self.wanted, class) {
                    Some(class) => {
                        let _ = finish::record(Record { class, ..record }, self.wanted, None, sink);
                    }
                    None => {
                        let mut object = record.object;
                        finish::credentials(&mut object, class, sink);
                    }
                }
            }
            Kind::Eof => return Ok(Flow::Done),
            _ => {}
        }
        Ok(Flow::More)
    }
}

/// The instance whose start tag is the current token, and where its obfuscated values stand. One that the end of
/// the file cuts off is taken if its start says enough.
fn instance(
    tokens: &mut Tokens<'_>,
    view: View<'_>,
    class: &str,
) -> Result<(Record, Vec<crate::source::Span>), Stop> {
    let start = tokens.range().start;
    let depth = tokens.depth();
    let mut object = Object::default();
    let mut hidden = Vec::new();
    loop {
        let kind = match tokens.next() {
            // The next step comes to the same fault.
            Err(Stop::Syntax) if !object.properties.is_empty() => break,
            kind => kind?,
        };
        match kind {
            Kind::Start if tokens.local_name().eq_ignore_ascii_case("property") => {
                let name = tokens.attribute_any_case("name");
                let name =
                    name.map(|range| unescape::range(view.text, range, Style::Xml)).unwrap_or_default();
                let is_secret = tokens
                    .attribute_any_case("secret")
                    .and_then(|range| view.text.get(range))
                    .is_some_and(|value| matches!(value, "1" | "true"));
                let place = tokens.range();
                let value = match value(tokens, view) {
                    Err(Stop::Syntax) if !object.properties.is_empty() => break,
                    value => value?.unwrap_or(Value { span: view.span(place), data: Data::Null }),
                };
                let value = match &value.data {
                    Data::Text(text) if is_secret && !text.trim().is_empty() => {
                        hidden.push(value.span);
                        // Marked as a secret: whatever it is, it is not a name to be shown.
                        let told = match secret::shape(text) {
                            secret::Shape::Variable => Secret::Reference,
                            _ => Secret::Protected,
                        };
                        Value { span: value.span, data: Data::Secret(told) }
                    }
                    _ => value,
                };
                object.properties.push((name.into(), value));
            }
            Kind::End if tokens.depth() < depth => break,
            Kind::Eof => break,
            _ => {}
        }
    }
    let span = view.span(start..tokens.position());
    Ok((Record { class: class.into(), span, object }, hidden))
}

/// The first value of the property whose start tag is the current token.
fn value(tokens: &mut Tokens<'_>, view: View<'_>) -> Result<Option<Value>, Stop> {
    let depth = tokens.depth();
    let mut found = None;
    loop {
        match tokens.next()? {
            Kind::Start if tokens.local_name().eq_ignore_ascii_case("value") => {
                let content = tokens.content()?;
                let text = unescape::plain(view.text, &content, Style::Xml);
                let span = unescape::trimmed_span(view, &content);
                found = found.or(Some(Value { span, data: Data::Text(text.trim().into()) }));
            }
            Kind::End if tokens.depth() < depth => return Ok(found),
            Kind::Eof => return Ok(found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::reader::testing::{at, briefs, read, wanted};
    use crate::reader::{Format, Status};

    const POLICY: &str = r#"<Policy PolicyID="{1}"><PolicyRule><PolicyAction>
<instance class="CCM_ClientAgentConfig"><property name="SiteSettingsKey" type="19"><value><![CDATA[1]]></value></property></instance>
<instance class="CCM_NetworkAccessAccount">
<property name="NetworkAccessUsername" type="8" secret="1"><value><![CDATA[<PolicySecret Version="1">89130000</PolicySecret>]]></value></property>
<property name="NetworkAccessPassword" type="8" secret="1"><value><![CDATA[89140000]]></value></property>
<property name="Empty" type="8" secret="1"><value></value></property>
<property name="SiteSettingsKey" type="19"><value>1</value></property>
</instance>
</PolicyAction></PolicyRule></Policy>"#;

    const BRIEF: &str =
        "CCM_NetworkAccessAccount{NetworkAccessUsername=Protected NetworkAccessPassword=Protected";

    #[test]
    fn the_account_is_set_and_not_shown() {
        let (reading, taken) = read(POLICY, &wanted(&["CCM_NetworkAccessAccount"]));
        assert_eq!(
            (reading.format, reading.status, reading.records),
            (Some(Format::ClientPolicy), Status::Read, 2)
        );
        assert_eq!(briefs(&taken), [format!("{BRIEF} Empty=\"\" SiteSettingsKey=\"1\"}}")]);
        assert_eq!(taken.secrets.iter().map(|s| at(POLICY, *s).len()).collect::<Vec<_>>(), [49, 8]);
        assert!(taken.missing.is_empty() && reading.notes.is_empty());
    }

    #[test]
    fn a_policy_may_be_cut_off() {
        for end in ["<property name=\"Empty\"", "</PolicyAction>"] {
            let text = &POLICY[..POLICY.find(end).unwrap() + 5];
            let (reading, taken) = read(text, &wanted(&["CCM_NetworkAccessAccount"]));
            assert_eq!((reading.status, reading.records), (Status::Read, 2), "{end}");
            assert!(briefs(&taken)[0].starts_with(BRIEF));
            assert!(
                reading.notes[0]
                    .text
                    .starts_with("the policy is cut off, as downloaded ones often are: the file ends")
            );
            assert!(taken.missing.is_empty());
        }
        let (reading, _) = read("<Policy><PolicyRule>", &wanted(&["CCM_NetworkAccessAccount"]));
        assert_eq!(reading.status, Status::Unreadable);
        // Wrong in the middle is another matter.
        let (reading, taken) = read(
            &POLICY.replace("</instance>\n</Pol", "</inst>\n</Pol"),
            &wanted(&["CCM_NetworkAccessAccount"]),
        );
        assert_eq!((reading.status, taken.missing.len()), (Status::Partial, 1));
    }
}
