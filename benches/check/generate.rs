//! Dumps of any size, always the same for the same size: what an administrator gets who exports everything.
//!
//! Seven objects in ten are discovered computers, one in four is an application with a few KB of escaped XML, and
//! a few in a thousand are the site system roles and accounts that rules are about. Real hierarchies have that shape:
//! the evidence is a small part of what is exported.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A shape of dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    ClixmlUtf8,
    ClixmlUtf16,
    ConvertToJson,
    OData,
    TaskSequences,
}

impl Shape {
    pub(crate) const ALL: [Self; 5] =
        [Self::ClixmlUtf8, Self::ClixmlUtf16, Self::ConvertToJson, Self::OData, Self::TaskSequences];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ClixmlUtf8 => "CLIXML, UTF-8",
            Self::ClixmlUtf16 => "CLIXML, UTF-16LE",
            Self::ConvertToJson => "ConvertTo-Json (5.1)",
            Self::OData => "OData, one line",
            Self::TaskSequences => "task sequences, a folder",
        }
    }

    pub(crate) fn file(self, megabytes: u64) -> String {
        let name = match self {
            Self::ClixmlUtf8 => "utf8.clixml",
            Self::ClixmlUtf16 => "utf16.clixml",
            Self::ConvertToJson => "rows.json",
            Self::OData => "odata.json",
            Self::TaskSequences => "task-sequences",
        };
        format!("{megabytes}MB-{name}")
    }
}

/// Writes a dump of about that many bytes (10^6 a megabyte; UTF-16 counts its own bytes).
pub(crate) fn write(shape: Shape, path: &Path, megabytes: u64) -> io::Result<()> {
    let bytes = megabytes * 1_000_000;
    if shape == Shape::TaskSequences {
        return task_sequences(path, bytes);
    }
    let partial = path.with_extension("partial");
    let mut out = Counting {
        inner: BufWriter::with_capacity(1 << 20, File::create(&partial)?),
        count: 0,
        utf16: false,
    };
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    match shape {
        Shape::ClixmlUtf8 => clixml(&mut out, bytes, &mut random)?,
        Shape::ClixmlUtf16 => {
            out.inner.write_all(&[0xFF, 0xFE])?;
            out.utf16 = true;
            clixml(&mut out, bytes, &mut random)?;
        }
        Shape::ConvertToJson => convert_to_json(&mut out, bytes, &mut random)?,
        Shape::OData => odata(&mut out, bytes, &mut random)?,
        Shape::TaskSequences => {}
    }
    out.inner.flush()?;
    std::fs::rename(partial, path)
}

/// xorshift64*: enough for varied test data, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn word(&mut self) -> &'static str {
        const WORDS: [&str; 24] = [
            "update", "office", "driver", "branch", "server", "client", "print", "finance", "lab", "kiosk",
            "deploy", "policy", "reader", "viewer", "sales", "north", "south", "image", "detect", "install",
            "remove", "version", "bundle", "runtime",
        ];
        WORDS[self.below(24) as usize]
    }
}

struct Counting {
    inner: BufWriter<File>,
    count: u64,
    utf16: bool,
}

impl Counting {
    fn put(&mut self, text: &str) -> io::Result<()> {
        if self.utf16 {
            let mut bytes = Vec::with_capacity(text.len() * 2);
            for unit in text.encode_utf16() {
                bytes.extend_from_slice(&unit.to_le_bytes());
            }
            self.count += bytes.len() as u64;
            return self.inner.write_all(&bytes);
        }
        self.count += text.len() as u64;
        self.inner.write_all(text.as_bytes())
    }
}

enum Value {
    Text(String),
    Number(u64),
    Flag(bool),
    Null,
    Names(Vec<String>),
    Props(Vec<(&'static str, u64, String, String)>),
}

/// The next object of the dump: its class and its properties.
fn object(n: u64, random: &mut Random) -> (&'static str, Vec<(String, Value)>) {
    let mut out: Vec<(String, Value)> = Vec::new();
    let mut put = |name: &str, value: Value| out.push((name.to_owned(), value));
    let text = |s: String| Value::Text(s);
    let kind = n % 1000;
    let class = if kind == 3 {
        put("ItemType", text("User".into()));
        put("AccountUsage", Value::Names(vec!["Software Distribution".into()]));
        put("SiteCode", text("P01".into()));
        put("UserName", text(format!("CONTOSO\\svc-{}-{}", random.word(), n / 50_000)));
        "SMS_SCI_Reserved"
    } else if kind == 7 || kind == 11 {
        let host = format!("srv{:03}.contoso.com", (n / 1000) % 400);
        put("NetworkOSPath", text(format!("\\\\{host}")));
        put("NALPath", text(format!("[\"Display=\\\\{host}\\\"]MSWNET:[\"SMS_SITE=P01\"]\\\\{host}\\")));
        put("RoleName", text(if kind == 7 { "SMS Site System" } else { "SMS Distribution Point" }.into()));
        put("SiteCode", text("P01".into()));
        put(
            "Props",
            Value::Props(vec![
                ("UserName", 0, String::new(), format!("{}\\installer", &host[..6])),
                ("UseMachineAccount", 0, String::new(), String::new()),
                ("IsMulticast", 0, String::new(), String::new()),
            ]),
        );
        "SMS_SCI_SysResUse"
    } else if kind % 10 < 7 {
        put("Name", text(format!("WS{n:06}")));
        put("NetbiosName", text(format!("WS{n:06}")));
        put("ResourceId", Value::Number(16_777_216 + n));
        put("ResourceDomainORWorkgroup", text("CONTOSO".into()));
        put("FullDomainName", text("CONTOSO.COM".into()));
        put(
            "SMSUniqueIdentifier",
            text(format!(
                "GUID:{:08X}-{:04X}-4A5B-9C8D-{:012X}",
                random.below(1 << 32),
                random.below(65_536),
                n
            )),
        );
        put("Active", Value::Number(1));
        put("Client", Value::Number(1));
        put("Decommissioned", Value::Flag(false));
        put("ObsoleteReason", Value::Null);
        put("OperatingSystemNameandVersion", text("Microsoft Windows NT Workstation 10.0".into()));
        put(
            "IPAddresses",
            Value::Names(vec![
                format!("10.{}.{}.{}", random.below(255), random.below(255), random.below(255)),
                format!("fe80::{:x}", random.below(1 << 48)),
            ]),
        );
        put(
            "SystemOUName",
            Value::Names(vec![
                "CONTOSO.COM/WORKSTATIONS".into(),
                format!("CONTOSO.COM/WORKSTATIONS/{}", random.word().to_uppercase()),
            ]),
        );
        for i in 0..24 {
            put(
                &format!("AgentProperty{i:02}"),
                text(format!(
                    "{} {} & \"{}\" <{}>",
                    random.word(),
                    random.word(),
                    random.word(),
                    random.below(10_000)
                )),
            );
        }
        "SMS_R_System"
    } else {
        put("CI_ID", Value::Number(17_000_000 + n));
        put("LocalizedDisplayName", text(format!("{} {} {}", random.word(), random.word(), n)));
        put("IsDeployed", Value::Flag(random.below(2) == 1));
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"utf-16\"?>\n<AppMgmtDigest>\n");
        for _ in 0..20 + random.below(20) {
            xml.push_str(&format!(
                "  <Setting Name=\"{}-{}\" Value='{}'>it's {} &amp; {}</Setting>\n",
                random.word(),
                random.below(1000),
                random.word(),
                random.word(),
                random.word()
            ));
        }
        xml.push_str("</AppMgmtDigest>");
        put("SDMPackageXML", text(xml));
        for i in 0..30 {
            put(
                &format!("ModelProperty{i:02}"),
                if i % 3 == 0 { Value::Number(random.below(100_000)) } else { text(random.word().into()) },
            );
        }
        "SMS_Application"
    };
    (class, out)
}

fn escape_xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("_x000A_"),
            _ => out.push(c),
        }
    }
    out
}

fn clixml(out: &mut Counting, bytes: u64, random: &mut Random) -> io::Result<()> {
    out.put("<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\r\n")?;
    let mut types: Vec<&'static str> = Vec::new();
    let mut reference = 0u64;
    let mut n = 0;
    while out.count < bytes {
        let (class, properties) = object(n, random);
        n += 1;
        let mut text = String::with_capacity(8192);
        text.push_str(&format!("  <Obj RefId=\"{reference}\">\r\n"));
        reference += 1;
        type_name(&mut text, class, &mut types, "    ");
        text.push_str("    <Props>\r\n");
        for (name, value) in &properties {
            match value {
                Value::Text(s) => text.push_str(&format!("      <S N=\"{name}\">{}</S>\r\n", escape_xml(s))),
                Value::Number(v) => text.push_str(&format!("      <U32 N=\"{name}\">{v}</U32>\r\n")),
                Value::Flag(v) => text.push_str(&format!("      <B N=\"{name}\">{v}</B>\r\n")),
                Value::Null => text.push_str(&format!("      <Nil N=\"{name}\" />\r\n")),
                Value::Names(list) => {
                    text.push_str(&format!("      <Obj N=\"{name}\" RefId=\"{reference}\">\r\n"));
                    reference += 1;
                    type_name(&mut text, "System.String[]", &mut types, "        ");
                    text.push_str("        <LST>\r\n");
                    for s in list {
                        text.push_str(&format!("          <S>{}</S>\r\n", escape_xml(s)));
                    }
                    text.push_str("        </LST>\r\n      </Obj>\r\n");
                }
                Value::Props(list) => {
                    text.push_str(&format!("      <Obj N=\"{name}\" RefId=\"{reference}\">\r\n"));
                    reference += 1;
                    type_name(
                        &mut text,
                        "Microsoft.Management.Infrastructure.CimInstance[]",
                        &mut types,
                        "        ",
                    );
                    text.push_str("        <LST>\r\n");
                    for (property, v, one, two) in list {
                        text.push_str(&format!("          <Obj RefId=\"{reference}\">\r\n"));
                        reference += 1;
                        type_name(&mut text, "SMS_EmbeddedProperty", &mut types, "            ");
                        text.push_str(&format!(
                            "            <Props><S N=\"PropertyName\">{property}</S><U32 N=\"Value\">{v}</U32><S N=\"Value1\">{}</S><S N=\"Value2\">{}</S></Props>\r\n          </Obj>\r\n",
                            escape_xml(one),
                            escape_xml(two)
                        ));
                    }
                    text.push_str("        </LST>\r\n      </Obj>\r\n");
                }
            }
        }
        text.push_str("    </Props>\r\n  </Obj>\r\n");
        out.put(&text)?;
    }
    out.put("</Objs>")
}

fn type_name(text: &mut String, class: &'static str, types: &mut Vec<&'static str>, indent: &str) {
    if let Some(id) = types.iter().position(|t| *t == class) {
        text.push_str(&format!("{indent}<TNRef RefId=\"{id}\" />\r\n"));
        return;
    }
    let full = if class.starts_with("SMS_") {
        format!("Microsoft.Management.Infrastructure.CimInstance#root/sms/site_P01/{class}")
    } else {
        class.to_owned()
    };
    text.push_str(&format!("{indent}<TN RefId=\"{}\">\r\n{indent}  <T>{full}</T>\r\n{indent}  <T>System.Object</T>\r\n{indent}</TN>\r\n", types.len()));
    types.push(class);
}

fn escape_json(text: &str, windows_powershell: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '<' | '>' | '&' | '\'' if windows_powershell => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ => out.push(c),
        }
    }
    out
}

fn json_value(value: &Value, windows_powershell: bool) -> String {
    match value {
        Value::Text(s) => format!("\"{}\"", escape_json(s, windows_powershell)),
        Value::Number(v) => v.to_string(),
        Value::Flag(v) => v.to_string(),
        Value::Null => "null".to_owned(),
        Value::Names(list) => {
            let items: Vec<String> =
                list.iter().map(|s| format!("\"{}\"", escape_json(s, windows_powershell))).collect();
            format!("[{}]", items.join(","))
        }
        Value::Props(list) => {
            let items: Vec<String> = list
                .iter()
                .map(|(name, v, one, two)| {
                    format!(
                        "{{\"PropertyName\":\"{name}\",\"Value\":{v},\"Value1\":\"{}\",\"Value2\":\"{}\"}}",
                        escape_json(one, windows_powershell),
                        escape_json(two, windows_powershell)
                    )
                })
                .collect();
            format!("[{}]", items.join(","))
        }
    }
}

fn convert_to_json(out: &mut Counting, bytes: u64, random: &mut Random) -> io::Result<()> {
    out.put("[\r\n")?;
    let mut n = 0;
    while out.count < bytes {
        let (class, properties) = object(n, random);
        let mut text = String::with_capacity(8192);
        text.push_str(if n == 0 { "    {\r\n" } else { ",\r\n    {\r\n" });
        n += 1;
        text.push_str(&format!("        \"__CLASS\":  \"{class}\""));
        for (name, value) in &properties {
            text.push_str(&format!(",\r\n        \"{name}\":  {}", json_value(value, true)));
        }
        text.push_str("\r\n    }");
        out.put(&text)?;
    }
    out.put("\r\n]\r\n")
}

fn odata(out: &mut Counting, bytes: u64, random: &mut Random) -> io::Result<()> {
    out.put("{\"@odata.context\":\"https://cas1.contoso.com/AdminService/wmi/$metadata#SMS_R_System\",\"value\":[")?;
    let mut n = 0;
    while out.count < bytes {
        let (class, properties) = object(n, random);
        let mut text = String::with_capacity(8192);
        text.push_str(if n == 0 { "{" } else { ",{" });
        n += 1;
        text.push_str(&format!("\"@odata.etag\":\"{n}\",\"__LAZYPROPERTIES\":[],\"__CLASS\":\"{class}\""));
        for (name, value) in &properties {
            text.push_str(&format!(",\"{name}\":{}", json_value(value, false)));
        }
        text.push('}');
        out.put(&text)?;
    }
    out.put("]}")
}

fn task_sequences(folder: &Path, bytes: u64) -> io::Result<()> {
    let partial = folder.with_extension("partial");
    std::fs::create_dir_all(&partial)?;
    let mut random = Random(0x0123_4567_89AB_CDEF);
    let mut written = 0;
    let mut n = 0;
    while written < bytes {
        let mut text = String::with_capacity(64 * 1024);
        text.push_str("<sequence version=\"3.10\">\r\n  <group name=\"Install\" description=\"\">\r\n");
        for i in 0..60 {
            text.push_str(&format!(
                "    <step type=\"SMS_TaskSequence_RunCommandLineAction\" name=\"{} {i}\" description=\"\" runIn=\"FullOS\" successCodeList=\"0 3010\">\r\n      <condition>\r\n        <expression type=\"SMS_TaskSequence_VariableConditionExpression\">\r\n          <variable name=\"Operator\">equals</variable>\r\n          <variable name=\"Value\">{}</variable>\r\n          <variable name=\"Variable\">_{}</variable>\r\n        </expression>\r\n      </condition>\r\n      <action>smsswd.exe /run:P0100{i:03} cmd.exe /c {}.cmd &amp;&amp; exit 0</action>\r\n      <defaultVarList>\r\n        <variable name=\"CommandLine\" property=\"CommandLine\">cmd.exe /c {}.cmd</variable>\r\n        <variable name=\"_SMSTSRunCommandLineAsUser\" property=\"RunAsUser\">false</variable>\r\n      </defaultVarList>\r\n    </step>\r\n",
                random.word(), random.word(), random.word(), random.word(), random.word()
            ));
        }
        text.push_str("  </group>\r\n</sequence>\r\n");
        written += text.len() as u64;
        std::fs::write(partial.join(format!("ts{n:05}.xml")), text)?;
        n += 1;
    }
    std::fs::rename(partial, folder)
}
