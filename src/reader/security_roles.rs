//! `Export-CMSecurityRole`: security roles with the operations they grant.
//!
//! What the bits of an operation mean is not known here.

use crate::reader::stream::{Flow, Shape};
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Kind, Stop, Tokens};
use crate::reader::{Data, Object, Record, Sink, Value};
use crate::source::View;

/// The reader.
#[derive(Debug, Default)]
pub(super) struct SecurityRoles {
    /// How many roles were met.
    pub(super) records: u64,
}

impl Shape for SecurityRoles {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Start if tokens.local_name().eq_ignore_ascii_case("SMS_Role") => {
                sink.record(role(tokens, view)?);
                self.records += 1;
            }
            Kind::Eof => return Ok(Flow::Done),
            _ => {}
        }
        Ok(Flow::More)
    }
}

/// The attributes of the current tag as properties.
fn attributes(tokens: &Tokens<'_>, view: View<'_>, numbers: bool) -> Vec<(Box<str>, Value)> {
    let property = |(name, range): (&str, std::ops::Range<usize>)| -> (Box<str>, Value) {
        let text = unescape::range(view.text, range.clone(), Style::Xml);
        let is_number = numbers && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let data = if is_number { Data::Number((*text).into()) } else { Data::Text((*text).into()) };
        (name.into(), Value { span: view.span(range), data })
    };
    tokens.attributes().map(property).collect()
}

/// The role whose start tag is the current token.
fn role(tokens: &mut Tokens<'_>, view: View<'_>) -> Result<Record, Stop> {
    let start = tokens.range().start;
    let tag = view.span(tokens.range());
    let depth = tokens.depth();
    let mut properties = attributes(tokens, view, false);
    let mut operations: Option<Vec<Value>> = None;
    loop {
        match tokens.next()? {
            Kind::Start if tokens.local_name().eq_ignore_ascii_case("Operations") => {
                operations.get_or_insert_default();
            }
            Kind::Start if tokens.local_name().eq_ignore_ascii_case("Operation") => {
                let object = Object { class: None, properties: attributes(tokens, view, true) };
                let span = view.span(tokens.range());
                operations.get_or_insert_default().push(Value { span, data: Data::Object(object) });
            }
            Kind::End if tokens.depth() < depth => break,
            Kind::Eof => break,
            _ => {}
        }
    }
    if let Some(operations) = operations {
        properties.push(("Operations".into(), Value { span: tag, data: Data::List(operations) }));
    }
    let span = view.span(start..tokens.position());
    Ok(Record { class: "SMS_Role".into(), span, object: Object { class: None, properties } })
}

#[cfg(test)]
mod tests {
    use crate::reader::testing::{at, briefs, data, read, span_of, wanted};
    use crate::reader::{Data, Format, Status};

    #[test]
    fn roles_and_their_operations() {
        let text = r#"<SMS_Roles>
  <SMS_Role CopiedFromID="SMS0004R" RoleName="Reads &amp; writes" RoleDescription="">
    <Operations><Operation GrantedOperations="2049" ObjectTypeID="1" /><Operation GrantedOperations="1" ObjectTypeID="4"/></Operations>
  </SMS_Role>
  <SMS_Role RoleName="Empty"><Operations/></SMS_Role>
  <SMS_Role RoleName="None"/>
</SMS_Roles>"#;
        let (reading, taken) = read(text, &wanted(&["SMS_Role"]));
        assert_eq!(
            (reading.format, reading.status, reading.records),
            (Some(Format::SecurityRoles), Status::Read, 3)
        );
        assert_eq!(
            briefs(&taken),
            [
                "SMS_Role{CopiedFromID=\"SMS0004R\" RoleName=\"Reads & writes\" RoleDescription=\"\" \
                 Operations=[{GrantedOperations=2049 ObjectTypeID=1} {GrantedOperations=1 ObjectTypeID=4}]}",
                "SMS_Role{RoleName=\"Empty\" Operations=[]}",
                "SMS_Role{RoleName=\"None\"}",
            ]
        );
        assert_eq!(at(text, span_of(&taken.records[0], "RoleName")), "Reads &amp; writes");
        let Data::List(operations) = data(&taken.records[0], "Operations") else { panic!() };
        assert_eq!(at(text, operations[1].span), "<Operation GrantedOperations=\"1\" ObjectTypeID=\"4\"/>");
        assert!(
            at(text, taken.records[0].span).starts_with("<SMS_Role C")
                && at(text, taken.records[0].span).ends_with("</SMS_Role>")
        );
    }
}
