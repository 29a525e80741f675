//! Names, values and forms together; and that nothing is judged that is not looked for.

use proptest::prelude::*;

use super::*;
use crate::reader::Secret;
use crate::vocabulary::secret_words;

#[test]
fn names_that_hold_a_credential() {
    for text in [
        "Password",
        "password",
        "UserPassword",
        "userpassword",
        "unixpassword",
        "OSDJoinPassword",
        "SMSTSRunCommandLineUserPassword",
        "SafeModeAdminPassword",
        "Pwd",
        "AdmPwd",
        "ms-Mcs-AdmPwd",
        "msLAPS-EncryptedPassword",
        "PasswordHash",
        "db_passwd",
        "ClientSecret",
        "client_secret",
        "PASSWORD",
        "PassWd",
        "apikey",
        "api_key",
        "api-key",
        "API Key",
        "x.api.key",
        "access_token",
        "private_key",
        "bearer_token",
        "Reserved2",
        "Passwords",
        "Password1",
        "BitLockerPin",
        "setuppwd",
        "valsetuppwd",
        "Pass",
        "UserPass",
        "smtppass",
        "AdminPass",
        "pw",
        "LocalAdminPW",
        "pin",
        "PIN",
        "OSDBitLockerPIN",
        "token",
        "refreshToken",
        "sasToken",
        "AccountKey",
        "StorageKey",
        "RecoveryKey",
        "PSK",
        "keyMaterial",
        "NTHash",
        "Kennwort",
        "DOMAENENKENNWORT",
        "Passwort",
        "MotDePasse",
        "mot_de_passe",
        "Contraseña",
        "CONTRASEÑA",
        "Hasło",
        "Wachtwoord",
        "Lösenord",
        "Пароль",
        "ПАРОЛЬ",
        "パスワード",
        "密码",
    ] {
        let told = is_secret_name(text);
        assert!(told, "{text}");
        assert!(name(text).is_none_or(|name| name.standing > Standing::Maybe), "{text}");
        assert!(mentions(text.as_bytes()), "{text}");
    }
}

#[test]
fn names_of_which_the_value_tells() {
    for text in [
        "ClearTextPassword",
        "BackupPassword",
        "ForcePassword",
        "ChangePassword",
        "EnablePassword",
        "EmptyPassword",
        "LastKnownPassword",
        "PasswordSet",
        "PasswordState",
        "PasswordVersion",
        "npwdfile",
        "OSDBitLockerCreateRecoveryPassword",
        "PasswordPolicy",
        "Credentials",
        "TokenType",
        "PinState",
    ] {
        assert_eq!(name(text).map(|name| name.standing), Some(Standing::Maybe), "{text}");
        assert!(mentions(text.as_bytes()), "{text}");
    }
}

#[test]
fn names_that_only_speak_of_one() {
    for text in [
        "PasswordLastSet",
        "passwordlastset",
        "PasswordNeverExpires",
        "pwdneverexpires",
        "passwordexpired",
        "passwordnotreqd",
        "badPwdCount",
        "badpwdcount",
        "BadPasswordTime",
        "pwdLastSet",
        "LastBadPasswordAttempt",
        "AdminPasswordExpirationTime",
        "ms-Mcs-AdmPwdExpirationTime",
        "OSDRandomAdminPassword",
        "CannotChangePassword",
        "passwordcantchange",
        "PasswordRequired",
        "MinPasswordLength",
        "MaxPasswordAge",
        "Maximum password age (days)",
        "encryptedtextpwdallowed",
        "AllowReversiblePasswordEncryption",
        "UserName",
        "Secretary",
        "HasPassword",
        "AccountUsage",
        "Reserved1",
        "PublicKeyToken",
        "Pinned",
        "Shipping",
        "ProductKey",
        "Bypass",
        "Compass",
        "PassThrough",
        "RegistryKey",
        "KeyPath",
        "Passport",
        "gesloten",
    ] {
        assert!(!is_secret_name(text), "{text}");
    }
    for text in [
        "\"PasswordLastSet\":1",
        "badPwdCount",
        "Secretary",
        "Windows",
        "",
        "OSDRandomAdminPassword",
        "to use",
    ] {
        assert!(!mentions(text.as_bytes()), "{text}");
    }
}

/// What is found in a text, the place by the words around it: `name@value`, where the value is the invented one.
fn found(text: &str) -> Vec<(String, String, Certainty)> {
    assigned(text)
        .into_iter()
        .map(|one| (one.name.into(), text[one.range].to_owned(), one.certainty))
        .collect()
}

const WORD: &str = "Nord-47x";

#[test]
fn passwords_on_command_lines() {
    for (text, expected) in [
        ("OSDJoinPassword=Nord-47x", "OSDJoinPassword"),
        ("setup.exe /password:Nord-47x /q", "password"),
        ("x.exe -password Nord-47x", "password"),
        ("x.exe --password=Nord-47x", "password"),
        ("x.exe --password Nord-47x", "password"),
        ("wmic /user:a /password:Nord-47x os", "password"),
        ("x.exe /passwd:Nord-47x", "passwd"),
        ("x.exe /PASS:Nord-47x", "PASS"),
        ("x.ps1 -Password Nord-47x -q", "Password"),
        ("x.ps1 -Kennwort Nord-47x -q", "Kennwort"),
        ("x.ps1 -Password: 'Nord-47x'", "Password"),
        ("cctk.exe --setuppwd= --valsetuppwd=Nord-47x", "valsetuppwd"),
        ("Server=s;Uid=u;Pwd=Nord-47x;Db=d", "Pwd"),
        ("Endpoint=https://x/;AccountKey=Nord-47x;y=z", "AccountKey"),
        ("{\"password\": \"Nord-47x\"}", "password"),
        ("<Password>Nord-47x</Password>", "Password"),
        ("<x:Password><Value>Nord-47x</Value></x:Password>", "Password"),
        ("<variable name=\"OSDJoinPassword\" property=\"x\">Nord-47x</variable>", "OSDJoinPassword"),
        ("&lt;password&gt;Nord-47x&lt;/password&gt;", "password"),
        ("tsenv(\"OSDJoinPassword\")=\"Nord-47x\"", "OSDJoinPassword"),
        ("$tsenv.Value(\"OSDJoinPassword\") = \"Nord-47x\"", "OSDJoinPassword"),
        ("$Password = 'Nord-47x'", "Password"),
        ("$env:DB_PASSWORD='Nord-47x'", "DB_PASSWORD"),
        ("set PASSWORD=Nord-47x", "PASSWORD"),
        ("setx PASSWORD Nord-47x /m", "PASSWORD"),
        ("[Environment]::SetEnvironmentVariable('PASSWORD', 'Nord-47x')", "PASSWORD"),
        ("user.SetPassword \"Nord-47x\"", "SetPassword"),
        ("$user.SetPassword('Nord-47x')", "SetPassword"),
        ("$user.Invoke(\"SetPassword\", \"Nord-47x\")", "SetPassword"),
        ("schtasks /ru u /rp Nord-47x", "schtasks /rp"),
        ("schtasks /create /RU a /RP Nord-47x /tn x", "schtasks /RP"),
        ("cmd /c net use Z: \\\\srv\\share Nord-47x /user:CONTOSO\\svc-x", "net use"),
        ("net use \\\\srv\\share /user:u Nord-47x /persistent:no", "net use"),
        ("net.exe use * \\\\srv\\share Nord-47x", "net use"),
        ("\"C:\\Windows\\System32\\net.exe\" use \\\\s\\x Nord-47x", "net use"),
        ("net user Administrator Nord-47x", "net user"),
        ("NET USER a Nord-47x /add", "net user"),
        ("psexec.exe \\\\h -u CONTOSO\\a -p Nord-47x cmd", "psexec -p"),
        ("PsExec64 -accepteula \\\\h /p Nord-47x cmd", "PsExec64 /p"),
        ("sc.exe config svc obj= CONTOSO\\a password= Nord-47x", "password"),
        ("netdom join h /userd:CONTOSO\\a /passwordd:Nord-47x", "netdom /passwordd"),
        ("netdom.exe join %X% /ud:CORP\\a /pd:Nord-47x", "netdom /pd"),
        ("reg add HKLM\\x /v DefaultPassword /t REG_SZ /d Nord-47x /f", "DefaultPassword"),
        ("reg add \"HKLM\\x y\" /f /v \"DefaultPassword\" /d \"Nord-47x\"", "DefaultPassword"),
        ("Set-ItemProperty -Path $p -Name DefaultPassword -Value 'Nord-47x'", "DefaultPassword"),
        ("sqlcmd -S s -U sa -P Nord-47x -Q x", "sqlcmd -P"),
        ("osql -Usa -PNord-47x", "osql -P"),
        ("bcp t out f -U sa -P Nord-47x", "bcp -P"),
        ("curl -u a:Nord-47x https://h/", "curl -u"),
        ("curl.exe --user \"a:Nord-47x\" https://h/", "curl --user"),
        ("wget --http-password=Nord-47x https://h/", "http-password"),
        ("git clone https://a:Nord-47x@h.corp.example/x", "address"),
        ("plink -ssh u@h -pw Nord-47x", "plink -pw"),
        ("cmdkey /add:h /user:u /pass:Nord-47x", "pass"),
        ("certutil -importPFX -p Nord-47x x.pfx", "certutil -p"),
        ("7z x a.7z -pNord-47x", "7z -p"),
        ("autologon.exe /accepteula a CONTOSO Nord-47x", "autologon"),
        ("ConvertTo-SecureString 'Nord-47x' -AsPlainText -Force", "ConvertTo-SecureString"),
        ("powershell -c \"ConvertTo-SecureString 'Nord-47x' -AsPlainText -Force\"", "ConvertTo-SecureString"),
        ("convertto-securestring -AsPlainText -Force -String \"Nord-47x\"", "ConvertTo-SecureString"),
        ("'Nord-47x' | ConvertTo-SecureString -AsPlainText -Force", "ConvertTo-SecureString"),
        ("-Password (ConvertTo-SecureString Nord-47x -AsPlainText -Force)", "ConvertTo-SecureString"),
        ("[System.Net.NetworkCredential]::new('u', 'Nord-47x')", "NetworkCredential"),
        ("New-Object System.Net.NetworkCredential(\"u\", \"Nord-47x\", \"d\")", "NetworkCredential"),
        ("New-Object Net.NetworkCredential -ArgumentList $u, 'Nord-47x'", "NetworkCredential"),
        ("Authorization: Bearer Nord-47x", "Bearer"),
        ("https://h/c?sv=1&sig=Nord-47x", "sig"),
    ] {
        let all = found(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        assert_eq!((all[0].0.as_str(), all[0].1.as_str()), (expected, WORD), "{text}");
        assert!(mentions(text.as_bytes()), "{text}");
    }
}

#[test]
fn encoded_commands_and_headers() {
    let encoded = |text: &str| -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for three in text.as_bytes().chunks(3) {
            let bits = three.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
            for i in 0..4 {
                let six = (bits >> (18 - 6 * i) & 63) as usize;
                out.push(if i <= three.len() { char::from(DIGITS[six]) } else { '=' });
            }
        }
        out
    };
    let wide: String = "net user a Nord-47x".chars().flat_map(|c| [c, '\0']).collect();
    for text in [
        format!("powershell.exe -NoProfile -EncodedCommand {}", encoded(&wide)),
        format!("pwsh -enc {}", encoded(&wide)),
        format!("powershell /e {}", encoded(&wide)),
        format!("Authorization: Basic {}", encoded("a:Nord-47x")),
    ] {
        assert_eq!(found(&text).len(), 1, "{text}");
        assert!(mentions(text.as_bytes()), "{text}");
    }
    let harmless: String = "Get-Process".chars().flat_map(|c| [c, '\0']).collect();
    assert!(found(&format!("powershell -enc {}", encoded(&harmless))).is_empty());
}

#[test]
fn whole_values() {
    for (text, value) in [
        ("-Password 'it''s Nord' -q", "it''s Nord"),
        ("-Password \"a\"\"b Nord\" -q", "a\"\"b Nord"),
        ("-Password \"a\\\"b Nord\" -q", "a\\\"b Nord"),
        ("-Password \"a`\"b Nord\" -q", "a`\"b Nord"),
        ("/Password:a1,Nord-4 /q", "a1,Nord-4"),
        ("tsenv.exe \"OSDJoinPassword=word two\"", "word two"),
        ("\"Server=s;Password=ab cd1;User=u\"", "ab cd1"),
        ("cmd /c \"setup.exe /password:Nord-47x /quiet\"", "Nord-47x"),
        ("powershell -c \\\"x -Password \\\"Nord 47\\\" -y\\\"", "Nord 47"),
    ] {
        let all = found(text);
        assert_eq!(all.iter().map(|one| one.1.as_str()).collect::<Vec<_>>(), [value], "{text}");
    }
}

#[test]
fn what_is_no_credential() {
    for text in [
        "OSDJoinPassword=%Join%",
        "-Password $pw",
        "-Password -Force",
        "/password: ",
        "/password: /q",
        "Password= Domain=contoso",
        "the password is needed",
        "The password: Ask the service desk",
        "PasswordNeverExpires=True",
        "if ($Password == 'x')",
        "$Password -eq 'abc'",
        "cctk.exe --setuppwd= --q",
        "tsenv.exe \"BIOSPassword=\" /hiddenflag:True",
        "x.exe /npwdfile:Word.bin /cpwdfile:\"%Root%\\Word.bin\"",
        "$Password = $TSEnvironment.Value(\"Word\")",
        "$Password = Read-Host -AsSecureString",
        "$Password = (Get-Credential).Password",
        "strPassword = objArgs(0)",
        "sConn = \"User=x;Password=\" & strPw & \";Db=y\"",
        "ConvertTo-SecureString -String $Password -AsPlainText -Force",
        "ConvertTo-SecureString $x -Key $key",
        "New-Object PSCredential($u, $p)",
        "net use Z: \\\\srv\\share /user:x",
        "net use Z: \\\\srv\\share * /user:x",
        "net use Z: /delete",
        "net user Administrator /active:yes",
        "net user a *",
        "net user %N% %P%",
        "to use the internet use it",
        "psexec \\\\h -s cmd",
        "sqlcmd -S s -E -Q x",
        "curl -u $cred https://h/",
        "http://schemas.microsoft.com/x?a@b:c",
        "https://h.corp.example:8080/a@b",
        "manage-bde -protectors -add C: -rp",
        "osdbitlocker.exe /enable /wait:False /mode:TPM /pwd:AD",
        "WWW-Authenticate: Bearer realm=\"x1\"",
        "a bearer token is needed",
        "slmgr /ipk AAAAA-BBBBB-CCCCC-DDDDD-EEEEE",
        "powershell -ExecutionPolicy Bypass -File x.ps1",
    ] {
        let all = found(text);
        assert!(all.is_empty(), "{text}: {all:?}");
    }
}

#[test]
fn guesses_are_less_sure() {
    let sure = |text: &str| found(text)[0].2;
    assert_eq!(sure("/password:Nord-47x"), Certainty::Certain);
    assert_eq!(sure("/password:Sommer"), Certainty::Likely);
    assert_eq!(sure("BackupPassword=Nord-47x"), Certainty::Guess);
    assert_eq!(sure("The password: Nord-47x"), Certainty::Guess);
    assert_eq!(sure("client_secret=1b4e28ba-2fa1-11d2-883f-0016d3cca427"), Certainty::Guess);
}

#[test]
fn no_text_is_too_odd() {
    for text in [
        "/password:",
        "-password",
        "-password ",
        "password=\"",
        "password='",
        "password=\\\"",
        "пароль password=ü",
        "<password>",
        "name=\"password\">",
        "net use",
        "net user",
        "psexec -p",
        "curl -u :",
        "://:@",
        "ConvertTo-SecureString",
        "NetworkCredential('",
        "powershell -e",
        "sig=",
        "=",
        "\u{0}",
        "_x00",
        "&#",
        "\\u",
    ] {
        let _ = (assigned(text), mentions(text.as_bytes()), shape(text));
    }
}

/// Any letter case.
fn any_case(word: &str, bits: u64) -> String {
    let upper = |i: usize| bits >> (i % 60) & 1 == 1;
    word.chars().enumerate().map(|(i, c)| if upper(i) { c.to_ascii_uppercase() } else { c }).collect()
}

/// Names made of the vocabulary and of what stands around its words.
fn a_name() -> impl Strategy<Value = String> {
    let words = secret_words();
    let terms: Vec<String> =
        [&words.passwords, &words.keys, &words.words, &words.key_words, &words.maybe_words]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
    let mut around: Vec<String> = vec![String::new()];
    around.extend(words.heads.iter().chain(&words.maybe_before).chain(&words.maybe_after).cloned());
    around.extend(words.never_before.iter().chain(&words.never_after).cloned());
    around.extend(["OSD", "x", "2", "Win", "my", "für"].map(str::to_owned));
    let separators = ["", "_", "-", ".", " "].map(str::to_owned).to_vec();
    let pick = |list: &Vec<String>| prop::sample::select(list.clone());
    (
        pick(&around),
        pick(&separators),
        pick(&terms),
        pick(&separators),
        pick(&separators),
        pick(&around),
        any::<u64>(),
        0..4u8,
    )
        .prop_map(|(before, s1, term, inner, s2, after, bits, case)| {
            let name = format!("{before}{s1}{}{s2}{after}", term.replace(' ', &inner));
            match case {
                0 => name,
                1 => name.to_uppercase(),
                2 => any_case(&name, bits),
                _ => {
                    let title = |word: &str| {
                        let mut chars = word.chars();
                        chars
                            .next()
                            .map(|c| c.to_uppercase().chain(chars).collect::<String>())
                            .unwrap_or_default()
                    };
                    format!(
                        "{}{s1}{}{s2}{}",
                        title(&before),
                        title(&term.replace(' ', &inner)),
                        title(&after)
                    )
                }
            }
        })
}

/// Texts in which something is assigned, `NAME` and `WORD` to be put in.
const FRAMES: [&str; 22] = [
    "NAME=WORD",
    "x /NAME:WORD /q",
    "x -NAME WORD",
    "\"NAME\": \"WORD\"",
    "<NAME>WORD</NAME>",
    "<a name=\"NAME\">WORD</a>",
    "x(\"NAME\")=\"WORD\"",
    "a;NAME=WORD;b",
    "\nNAME = 'WORD'",
    "\tNAME: 'WORD'",
    "reg add x /v NAME /d WORD",
    "net use z: \\\\s\\x WORD",
    "\nnet\tuser a WORD",
    "\tpsexec -p WORD",
    "sqlcmd -P WORD",
    "curl -u a:WORD",
    "https://a:WORD@h/",
    "ConvertTo-SecureString 'WORD' -AsPlainText",
    "\nNetworkCredential('u','WORD')",
    "schtasks /rp WORD",
    "a?x&sig=WORD",
    "Bearer WORD",
];

fn framed(frame: usize, name: &str, word: &str) -> String {
    let parts: Vec<String> = FRAMES[frame].split("NAME").map(|part| part.replace("WORD", word)).collect();
    parts.join(name)
}

/// The text as files write it: JSON, XML, CLIXML.
fn raw(text: &str, how: u8) -> String {
    match how {
        0 => text.to_owned(),
        1 => serde_json::Value::from(text).to_string(),
        2 => text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
            .replace('\t', "&#9;")
            .replace('\n', "&#xA;"),
        3 => {
            text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "_x000A_").replace('\t', "_x0009_")
        }
        // JSON that writes all but ASCII by numbers; solidus escaped.
        _ => {
            let json = serde_json::Value::from(text).to_string().replace('/', "\\/");
            json.chars()
                .map(|c| {
                    if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c).min(0xffff)) }
                })
                .collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, max_global_rejects: 200_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The filter lets through whatever the judge takes, of names and of texts, as any file writes them.
    #[test]
    fn nothing_is_judged_that_is_not_looked_for(name in a_name(), frame in 0..FRAMES.len(), how in 0..5u8, shift in 0..40usize) {
        let text = framed(frame, &name, WORD);
        let text = format!("{}{text}", " ".repeat(shift));
        if is_secret_name(&name) {
            prop_assert!(mentions(raw(&name, how).as_bytes()), "{name} as {}", raw(&name, how));
        }
        if !assigned(&text).is_empty() {
            prop_assert!(mentions(raw(&text, how).as_bytes()), "{text} as {}", raw(&text, how));
        }
    }

    /// A name that holds a credential has its value taken, whatever frame it stands in, and the value as a whole.
    #[test]
    fn values_are_taken_whole(name in a_name(), frame in 0..11usize, word in "[A-Za-z][a-z]{2,6}[-!+][0-9]{2}[a-z]{1,9}") {
        prop_assume!(super::name(&name).is_some() && !name.contains([' ', '.']) && !name.starts_with('-') && !name.ends_with('-'));
        let text = framed(frame, &name, &word);
        let all = assigned(&text);
        prop_assert!(all.iter().any(|one| text[one.range.clone()] == word), "{text}: {all:?}");
    }

    /// Nothing in a text can make this fail, and places lie between characters, in order.
    #[test]
    fn any_text(text in "(?s)(.|password|net use|-p |://|@|:|=|'|\"|\\\\|<|>| ){0,40}") {
        let mut end = 0;
        for one in assigned(&text) {
            prop_assert!(one.range.start >= end && text.get(one.range.clone()).is_some());
            end = one.range.end;
        }
        let _ = (mention(text.as_bytes(), 0), name(&text), shape(&text));
    }

    /// A mention is found wherever the search begins before it.
    #[test]
    fn mentions_by_place(before in "[a-z ]{0,3000}", from in 0..3000usize) {
        prop_assume!(!mentions(before.as_bytes()));
        let text = format!("{before} \"OSDJoinPassword\":1");
        let from = from.min(before.len());
        let place = mention(text.as_bytes(), from);
        // In the word, if the search comes upon it from its middle.
        let word = before.len() + 2..before.len() + 2 + "OSDJoinPassword".len();
        prop_assert!(place.is_some_and(|place| word.contains(&place)), "{place:?}");
    }
}

#[test]
fn secret_names_keep_nothing_to_guess_from() {
    let name = name("Password").unwrap();
    assert_eq!(judge(name, "AD").secret, None);
    assert_eq!(judge(name, "").secret, Some(Secret::Empty));
    assert_eq!(judge(name, "%x%").secret, Some(Secret::Reference));
    assert_eq!(judge(name, "word.bin").secret, Some(Secret::Reference));
    assert_eq!(judge(name, WORD).secret, Some(Secret::Clear));
    assert_eq!(judge(name, "1234").shape.told(), "digits");
}
