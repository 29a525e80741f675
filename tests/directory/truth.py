"""Holds what was collected to the database of the domain controller itself, past the server.

    /usr/bin/python3 truth.py DOMAIN-FOLDER EVIDENCE-FOLDER [without-rights]

Prints a line for each thing that it looks at, `ok` or `NOT OK`, and ends with 1 if one is not.
"""
import json
import os
import sys

from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

dc, out = sys.argv[1:3]
hidden = 'without-rights' in sys.argv[3:]
lp = LoadParm()
lp.load(dc + '/etc/smb.conf')
db = SamDB(url=dc + '/private/sam.ldb', session_info=system_session(), lp=lp)
base = str(db.domain_dn())
wrong = 0


def say(what, right, more=''):
    global wrong
    wrong += not right
    print(f"{'ok' if right else 'NOT OK'}: {what}{'' if right else f' {more}'}")


def rows(name):
    with open(os.path.join(out, name + '.json'), encoding='utf-8') as file:
        return json.load(file)[name]


def sid(entry):
    return str(ndr_unpack(security.dom_sid, entry['objectSid'][0]))


def number(entry, name):
    return int(str(entry[name]))


accounts = db.search(
    base,
    expression='(|(&(objectCategory=person)(objectClass=user))(objectCategory=computer)'
    '(objectClass=msDS-ManagedServiceAccount)(objectClass=msDS-GroupManagedServiceAccount))',
    attrs=['objectSid', 'sAMAccountName', 'userAccountControl', 'msDS-User-Account-Control-Computed', 'primaryGroupID'])
truth = {sid(entry): entry for entry in accounts}
have = {row['SID']: row for row in rows('ADUser')}
say(f'{len(truth)} accounts', truth.keys() == have.keys(), (len(have), list(truth.keys() ^ have.keys())[:5]))
fields = []
for key, row in have.items():
    entry = truth.get(key)
    if entry is None:
        continue
    enabled = number(entry, 'userAccountControl') & 2 == 0
    locked = number(entry, 'msDS-User-Account-Control-Computed') & 16 != 0
    if hidden and row['SamAccountName'] == 'svc-off':
        # What may not be read is not known, and never a value.
        enabled = locked = None
    want = (str(entry['sAMAccountName']), str(entry.dn), enabled, locked, number(entry, 'primaryGroupID'))
    is_ = (row['SamAccountName'], row['DistinguishedName'], row['Enabled'], row['LockedOut'], row['PrimaryGroupID'])
    if want != is_:
        fields.append((is_, want))
say('their fields', not fields, fields[:3])

groups = {sid(entry): entry for entry in db.search(base, expression='(objectClass=group)', attrs=['member', 'objectSid'])}
lists = rows('ADGroupMembers')
for group in lists:
    rid = group['GroupSid'].split('-')[-1]
    want = {str(member) for member in groups[group['GroupSid']].get('member', [])}
    if group['GroupScope'] != 'DomainLocal':
        want |= {str(entry.dn) for entry in truth.values() if str(entry['primaryGroupID']) == rid}
    is_ = [member['DistinguishedName'] for member in group['Members']]
    say(f"{len(want)} members of {group['Group']}", set(is_) == want and len(is_) == len(want), (len(is_), list(want ^ set(is_))[:3]))
say(f'{len(lists)} groups, those of operators and those of permissions among them',
    len(lists) >= 20 and {'Account Operators', 'Server Operators', 'Print Operators', 'Backup Operators', 'Joiners', 'Join Inner', 'Big'} <= {g['Group'] for g in lists})


def entries(descriptor):
    def kind(ace, flag, value):
        return str(value) if ace.type in (5, 6) and ace.object.flags & flag else ''
    return [(a.type, a.flags, a.access_mask, str(a.trustee), kind(a, 1, getattr(a.object, 'type', '')), kind(a, 2, getattr(a.object, 'inherited_type', '')))
            for a in descriptor.dacl.aces]


count = 0
for row in rows('ActiveDirectorySecurity'):
    dn = row['Path'][4:]
    entry = db.search(dn, scope=0, attrs=['nTSecurityDescriptor'], controls=['sd_flags:1:7'])[0]
    want = ndr_unpack(security.descriptor, entry['nTSecurityDescriptor'][0])
    is_ = security.descriptor.from_sddl(row['Sddl'], security.dom_sid(str(db.get_domain_sid())))
    count += len(want.dacl.aces)
    same = (want.owner_sid, want.group_sid, entries(want)) == (is_.owner_sid, is_.group_sid, entries(is_))
    say(f'permissions of {dn}', same)
say(f'{count} entries of permissions', count > 300)
trusts = {(t['Name'], t['Direction'], t['ForestTransitive'], t['SelectiveAuthentication']) for t in rows('TrustList')[0]['Trusts']}
say('trusts', trusts == {('partner.example', 2, True, True), ('legacy.example', 1, False, False)}, trusts)
domain = rows('ADDomain')[0]
say('the domain', (domain['NetBIOSName'], domain['DNSRoot'], domain['DomainSID']) == ('CONTOSO', 'contoso.test', str(db.get_domain_sid())), domain)
sys.exit(1 if wrong else 0)
