//! Answer files of Windows Setup (`unattend.xml`), which are read for credentials in clear text alone.
//!
//! A password stands in an element of that name, or in its `Value`; where `PlainText` says no it is written in base64,
//! which anyone can undo. Command lines are looked at, too.

use crate::reader::secret;
use crate::reader::settings;
use crate::reader::stream::{Flow, Shape};
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Content, Kind, Stop, Tokens};
use crate::reader::{Data, Sink, Value};
use crate::source::View;

/// The class of what is found.
const CLASS: &str = "AnswerFile";

/// The reader.
#[derive(Debug, Default)]
pub(super) struct AnswerFile {
    /// How many values stand under the name of a credential.
    pub(super) named: u64,
}

impl Shape for AnswerFile {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Eof => return Ok(Flow::Done),
            Kind::Text | Kind::CData => {
                let content = Content::of(tokens.range());
                let text = unescape::plain(view.text, &content, Style::Xml);
                if text.trim().is_empty() {
                    return Ok(Flow::More);
                }
                let names = tokens.stack().names();
                let mut outer = names.iter().rev().map(|name| crate::reader::xml::local(name));
                let mut name = outer.next().unwrap_or_default();
                let mut holder = outer.next().unwrap_or_default();
                if name.eq_ignore_ascii_case("Value") {
                    (name, holder) = (holder, outer.next().unwrap_or_default());
                }
                if name.eq_ignore_ascii_case("PlainText") {
                    return Ok(Flow::More);
                }
                if secret::is_secret_name(name) || secret::mentions(text.as_bytes()) {
                    let span = unescape::trimmed_span(view, &content);
                    let value = Value { span, data: Data::Text(text.trim().into()) };
                    self.named += settings::protected(name, value, holder, CLASS, sink);
                }
            }
            Kind::Start | Kind::End => {}
        }
        Ok(Flow::More)
    }
}

#[cfg(test)]
mod tests {
    use crate::reader::testing::{briefs, read};
    use crate::reader::{Format, Status, Wanted};

    #[test]
    fn passwords_of_an_answer_file() {
        // `Nord-47xPassword` in UTF-16 and base64.
        let coded = "TgBvAHIAZAAtADQANwB4AFAAYQBzAHMAdwBvAHIAZAA=";
        let text = format!(
            "<?xml version=\"1.0\"?><unattend xmlns=\"urn:schemas-microsoft-com:unattend\"><settings pass=\"oobeSystem\">\
             <component name=\"Microsoft-Windows-Shell-Setup\"><AutoLogon><Password><Value>Nord-47x</Value>\
             <PlainText>true</PlainText></Password><Username>a</Username></AutoLogon>\
             <UserAccounts><AdministratorPassword><Value>{coded}</Value><PlainText>false</PlainText></AdministratorPassword>\
             </UserAccounts><Identification><Credentials><Password>*SENSITIVE*DATA*DELETED*</Password></Credentials></Identification>\
             <FirstLogonCommands><SynchronousCommand><CommandLine>net user a Nord-47x /add</CommandLine></SynchronousCommand>\
             </FirstLogonCommands></component></settings></unattend>"
        );
        let (reading, taken) = read(&text, &Wanted::default());
        assert_eq!((reading.format, reading.status), (Some(Format::AnswerFile), Status::Read));
        let shown = briefs(&taken);
        assert_eq!(shown.len(), 3, "{shown:?}");
        for (one, part) in shown.iter().zip(["\"AutoLogon\"", "\"UserAccounts\"", "\"SynchronousCommand\""]) {
            assert!(one.contains(part) && !one.contains("Nord-47x"), "{one}");
        }
        let none =
            "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\"><settings><a>b</a></settings></unattend>";
        assert_eq!(read(none, &Wanted::default()).0.status, Status::Unrecognised);
    }
}
