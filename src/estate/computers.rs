//! What exports say of single computers: their domain, their account, whether they are domain controllers.

use std::sync::Arc;

use crate::estate::shared::Shared;
use crate::estate::table::View;
use crate::evidence::{Account, computer_name};

/// The first label of a computer's name: what all names that are proven to be the same computer have in common.
pub(crate) fn label(host: &str) -> String {
    let name = computer_name(host).unwrap_or(host);
    name.split('.').next().unwrap_or(name).to_lowercase()
}

/// `contoso.com` of `CN=System,DC=contoso,DC=com`.
pub(crate) fn domain_of_object(object: &str) -> Option<String> {
    let parts: Vec<&str> = object
        .split(',')
        .filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("dc").then_some(value.trim())
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// The domain of a computer: as the export of computers tells, else by its DNS name.
pub(crate) fn domain_of_computer(shared: &Shared<'_>, host: &str) -> Option<String> {
    let known = View::of(shared, "computers")
        .into_iter()
        .flat_map(|view| view.on("host", host))
        .find_map(|line| (line.flag("in_domain") != Some(false)).then(|| line.text("domain")).flatten());
    if let Some(domain) = known {
        return Some(domain.to_owned());
    }
    let key = shared.ids.computer_key(host);
    key.split_once('.').map(|(_, domain)| domain.to_owned())
}

/// The account of a computer, as far as its domain is known.
pub(crate) fn account_of_computer(shared: &Shared<'_>, host: &str) -> Option<Arc<Account>> {
    let key = shared.ids.computer_key(host);
    let label = key.split('.').next().filter(|label| !label.is_empty())?.to_uppercase();
    let written = match domain_of_computer(shared, host) {
        Some(domain) => format!("{domain}\\{label}$"),
        None => format!("{label}$"),
    };
    Account::parse(&written).map(Arc::new)
}

/// Whether `host` is a domain controller, as far as anything tells.
pub(crate) fn is_controller(shared: &Shared<'_>, host: &str) -> Option<bool> {
    View::of(shared, "computers")
        .into_iter()
        .flat_map(|view| view.on("host", host))
        .find_map(|line| line.text("position").map(|position| position == "domain-controller"))
}
