"""Holds what `cmlint check` says of the domain and the small site beside it to what is right.

    python3 verdict.py REPORT.json [without-rights]
"""
import json
import sys

with open(sys.argv[1], encoding='utf-8') as file:
    report = json.load(file)
hidden = 'without-rights' in sys.argv[2:]
wrong = 0


def say(what, right):
    global wrong
    wrong += not right
    print(f"{'ok' if right else 'NOT OK'}: {what}")


def found(rule, *words):
    return [f for f in report['findings'] if f['rule'] == rule and all(word in f['message'] for word in words)]


def outcome(rule):
    return {r['outcome'] for r in report['rules'] if r['rule'] == rule}


privileged = 'least-privilege-account-in-privileged-group'
say('the network access account is a domain administrator through five groups', found(privileged, 'svc-naa`', 'Domain Admins'))
say('another one is a backup operator', found(privileged, 'svc-naa2', 'Backup Operators'))
say('the third is in no such group', not found(privileged, 'svc-naa3'))
say('PS2$ lacks full control of System Management', found('directory-permission-missing', 'PS2$'))
say('PS1$ has it', not found('directory-permission-missing', 'PS1$'))
say('an absent push account is told', found('retired-account-still-listed', 'svc-gone'))
if hidden:
    say('that one is disabled is not known', not found('retired-account-still-listed', 'svc-off'))
else:
    say('a disabled one is told', found('retired-account-still-listed', 'svc-off'))
say('svc-join2 may not join computers', found('domain-join-account-may-not-join', 'svc-join2'))
say('svc-join and, through two groups, svc-join3 may', not found('domain-join-account-may-not-join', 'svc-join`') and not found('domain-join-account-may-not-join', 'svc-join3'))
say('every file was read', all(i['status'] == 'read' for i in report['inputs']))
sys.exit(1 if wrong else 0)
