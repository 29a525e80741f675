//! Real exports: nothing panics, everything is read or refused with a reason, spans stay inside the file.
//!
//! Runs over the files of the folder that `CMLINT_EXPORTS` names, or of a folder `exports` beside the checkout; says
//! so and does nothing if there is none.

use std::path::PathBuf;

use cmlint::reader::{self, Data, Missing, Options, Record, Sink, Status, Value, Wanted, WantedClass};
use cmlint::source::{self, Limits, Span};

#[derive(Default)]
struct Taken {
    records: Vec<Record>,
    missing: Vec<Span>,
    secrets: Vec<Span>,
}

impl Sink for Taken {
    fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    fn missing(&mut self, _: Option<&str>, _: Missing, span: Span) {
        self.missing.push(span);
    }

    fn secret(&mut self, span: Span) {
        self.secrets.push(span);
    }
}

fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("CMLINT_EXPORTS") {
        return Some(folder.into());
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = ["..", "../.."].map(|up| root.join(up).join("shared").join("exports"));
    beside.into_iter().find(|folder| folder.is_dir())
}

/// All spans in a value.
fn spans(value: &Value, all: &mut Vec<Span>) {
    all.push(value.span);
    match &value.data {
        Data::List(list) => list.iter().for_each(|value| spans(value, all)),
        Data::Object(object) => object.properties.iter().for_each(|(_, value)| spans(value, all)),
        _ => {}
    }
}

#[test]
fn real_exports() {
    let Some(folder) = folder() else {
        println!("skipped: there is no folder of exports");
        return;
    };
    let mut wanted = Wanted::default();
    for class in [
        "SMS_Admin",
        "SMS_Role",
        "SMS_SCI_Reserved",
        "SMS_TaskSequencePackage",
        "SMS_TaskSequenceReferencesInfo",
        "Win32_ComputerSystem",
        "LocalPrincipal",
        "ADGroup",
        "PSRepositoryItemInfo",
        "UserRightsAssignment",
        "GroupMembership",
        "FileSecurity",
        "SecurityPolicy",
        "SharpHoundUser",
        "OpenGraphNode",
        "OpenGraphEdge",
    ] {
        let class = WantedClass { name: class.into(), ..WantedClass::default() };
        wanted.classes.insert(class.name.to_lowercase().into(), class);
    }
    let sources = source::read(&[folder], &Limits::default());
    assert!(!sources.is_empty());
    for source in &sources {
        let (reading, sinks) = reader::read(source, &wanted, &Options::default(), Taken::default);
        let label = source.label();
        let records: usize = sinks.iter().map(|sink| sink.records.len()).sum();
        let secrets: usize = sinks.iter().map(|sink| sink.secrets.len()).sum();
        println!(
            "{label}: {:?} {:?}, {} objects, {records} records, {secrets} secrets, {:?}",
            reading.status,
            reading.format.map(|format| format.name()),
            reading.records,
            reading.notes.iter().map(|note| &note.text).collect::<Vec<_>>()
        );
        match reading.status {
            Status::Read => assert!(reading.format.is_some(), "{label}"),
            Status::Unrecognised => assert!(!reading.notes.is_empty(), "{label}"),
            Status::Partial | Status::Unreadable | Status::Error => panic!("{label}: {reading:?}"),
        }
        let length = source.len();
        for sink in &sinks {
            let mut all = sink.secrets.clone();
            all.extend(&sink.missing);
            for record in &sink.records {
                all.push(record.span);
                assert!(record.span.end > record.span.start, "{label}: {record:?}");
                record.object.properties.iter().for_each(|(_, value)| spans(value, &mut all));
            }
            for span in all {
                assert!(span.start <= span.end && span.end <= length, "{label}: {span:?} of {length}");
            }
        }
    }
}

/// What public tools and Windows itself write beside the product: the facts of it that a person counted.
#[test]
fn evidence_beside_the_product() {
    let Some(folder) = folder() else {
        println!("skipped: there is no folder of exports");
        return;
    };
    let classes = [
        "UserRightsAssignment",
        "GroupMembership",
        "FileSecurity",
        "SecurityPolicy",
        "SharpHoundUser",
        "OpenGraphNode",
        "OpenGraphEdge",
    ];
    let mut wanted = Wanted::default();
    for class in classes {
        let class = WantedClass { name: class.into(), ..WantedClass::default() };
        wanted.classes.insert(class.name.to_lowercase().into(), class);
    }
    let mut seen = 0;
    for source in &source::read(&[folder], &Limits::default()) {
        let name = source.label().rsplit('/').next().unwrap_or_default();
        // How many records of each class.
        let expected: &[(&str, usize)] = match name {
            "secedit-inf__raandree_GpoReport__1.inf" => {
                &[("UserRightsAssignment", 23), ("SecurityPolicy", 1)]
            }
            "secedit-inf__windows-admins_ConfigMgr__1.inf" => {
                &[("UserRightsAssignment", 6), ("SecurityPolicy", 1)]
            }
            "gporeport__raandree_GpoReport__2.xml" => {
                &[("UserRightsAssignment", 4), ("GroupMembership", 2), ("SecurityPolicy", 1)]
            }
            "gporeport__windows-admins_ConfigMgr__2.xml" => &[("SecurityPolicy", 1)],
            "rsop__raandree_GpoReport__1.xml" => &[("UserRightsAssignment", 23), ("SecurityPolicy", 2)],
            "sharphound__SpecterOps_ConfigManBearPig__2.json" => &[("SharpHoundUser", 9)],
            "opengraph__SpecterOps_ConfigManBearPig__8.json" => {
                &[("OpenGraphNode", 80), ("OpenGraphEdge", 207)]
            }
            _ => continue,
        };
        seen += 1;
        let (reading, sinks) = reader::read(source, &wanted, &Options::default(), Taken::default);
        assert_eq!(reading.status, Status::Read, "{name}");
        for (class, count) in expected {
            let records = sinks.iter().flat_map(|s| &s.records).filter(|r| &*r.class == *class).count();
            assert_eq!(records, *count, "{name}: {class}");
        }
        for record in sinks.iter().flat_map(|sink| &sink.records) {
            if &*record.class == "UserRightsAssignment" {
                let Some(Data::Text(right)) = record.object.get("Right").map(|v| &v.data) else { panic!() };
                assert!(right.starts_with("Se"), "{right}");
                assert!(matches!(record.object.get("Members").map(|v| &v.data), Some(Data::List(_))));
            }
            if let Some(Data::Text(sddl)) = record.object.get("Sddl").map(|v| &v.data) {
                let found = cmlint::sddl::parse(sddl).unwrap_or_else(|e| panic!("{sddl}: {e}"));
                let cmlint::sddl::Dacl::List(acl) = found.dacl else { panic!("{sddl}") };
                assert_eq!(acl.unread().count(), 0, "{sddl}");
                assert!(acl.aces().count() > 0, "{sddl}");
            }
        }
    }
    println!("{seen} files");
}
