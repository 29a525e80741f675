# What every scenario has to leave behind, and what some have to: the folders that tests/collector/run has had written,
# and what `cmlint check` says of them.

BeforeDiscovery {
    $output = $env:SCENARIO_OUTPUT
    . ([System.IO.Path]::Combine($PSScriptRoot, 'harness.ps1'))
    $played = @([System.IO.Directory]::GetFiles($output, '*.result.json') | ForEach-Object { [System.IO.Path]::GetFileName($_) -replace '\.result\.json$', '' } | Sort-Object)
    $each = @($played | ForEach-Object { @{ Name = $_; Refused = $Scenarios[$_]['Refused']; Base = $Scenarios[$_]['Base'] } })
    $whole = @($each | Where-Object { -not $_.Refused })
    $judged = @($whole | Where-Object { $_.Base -and $played -contains $_.Base })
}

BeforeAll {
    $output = $env:SCENARIO_OUTPUT
    . ([System.IO.Path]::Combine($PSScriptRoot, 'harness.ps1'))
    $HostClasses = 'LocalGroup', 'LocalGroupMembers', 'UserRightsAssignment', 'SecurityPolicy', 'DirectorySecurity', 'MSFT_SmbShare', 'MSFT_SmbShareAccessControlEntry', '__SystemSecurity', 'DcomSecurity'

    function Get-Played { param([string] $Name) return ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText([System.IO.Path]::Combine($output, "$Name.result.json"))) -AsHashtable }
    function Get-Rows { param([string] $Name, [string] $Class) return Read-Rows -Folder ([System.IO.Path]::Combine($output, $Name)) -Class $Class }
    function Test-Played { param([string] $Name) return [System.IO.File]::Exists([System.IO.Path]::Combine($output, "$Name.result.json")) }
    function Get-Report {
        param([string] $Name, [string] $Class = '', [string] $Target = '')
        return , @((Get-Rows $Name 'CollectorReport') | Where-Object { $_ -and ($Class -eq '' -or $_.Class -eq $Class) -and "$($_.Target)" -match $Target })
    }
    $Judgements = @{}
    function Get-Judgement {
        param([string] $Name)
        if (-not $Judgements.ContainsKey($Name)) { $Judgements[$Name] = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText([System.IO.Path]::Combine($output, "$Name.check.json"))) -AsHashtable }
        return $Judgements[$Name]
    }
    function Get-Outcome {
        # The outcomes of each rule and statement.
        param([string] $Name)
        $found = @{}
        foreach ($rule in (Get-Judgement $Name).rules) { $key = "$($rule.rule) $(@($rule.statements) -join ' ')"; $found[$key] = @($found[$key] | Where-Object { $_ }) + $rule.outcome }
        return $found
    }
}

Describe 'scenario <Name>' -ForEach $each {
    BeforeAll { $result = Get-Played $Name }

    It 'ends as it has to' {
        if ($Refused) { $result.Problem | Should -Match ([regex]::Escape($Refused)) } else { $result.Problem | Should -BeNullOrEmpty }
    }
    It 'leaves nothing open, and nothing anywhere else' {
        $result.SessionsOpen | Should -Be 0
        $result.DirectoryOpen | Should -Be 0
        $result.SqlOpen | Should -Be 0
        $result.JobsLeft | Should -Be 0
        $result.Strays | Should -Be 0
        $result.TemplatesLeft | Should -Be 0
    }
}

Describe 'the folder of <Name>' -ForEach $whole {
    It 'is valid' {
        $folder = [System.IO.Path]::Combine($output, $Name)
        foreach ($file in [System.IO.Directory]::GetFiles($folder)) {
            $bytes = [System.IO.File]::ReadAllBytes($file)
            $short = [System.IO.Path]::GetFileNameWithoutExtension($file)
            $bytes[0] | Should -Be ([byte] [char] '{') -Because "$short begins with its list"
            $data = ConvertFrom-Json -InputObject ([System.Text.UTF8Encoding]::new($false, $true).GetString($bytes)) -AsHashtable
            @($data.Keys) | Should -Be $short
            , $data[$short] | Should -BeOfType [array]
        }
    }
    It 'holds no password' {
        foreach ($file in [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($output, $Name))) {
            if ($Name -eq 'passwords-kept' -and $file -like '*SMS_TaskSequencePackage.json') { continue }
            @([regex]::Matches([System.IO.File]::ReadAllText($file), 'Leak ?\d+') | ForEach-Object { $_.Value } | Sort-Object -Unique) | Should -BeNullOrEmpty -Because $file
        }
    }
    It 'says how far it came' {
        $manifest = (Get-Rows $Name 'CollectorManifest')
        $manifest.Count | Should -Be 1
        $manifest[0].Finished | Should -Be ($Name -ne 'error-midway')
        $manifest[0].Failures | Should -Be (Get-Rows $Name 'CollectorReport').Count
        $manifest[0].User | Should -Be 'CONTOSO\runner'
    }
    It 'says of every class that it collects what there is of it' {
        # Each class has a file, or a failure that says why not.
        $failed = @((Get-Report $Name) | ForEach-Object { $_.Class })
        $text = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($output, 'collect.ps1'))
        $list = [regex]::Match($text, '(?s)\$TablesOfClass = @\{(.*?)\n\}').Groups[1].Value
        $asked = @((Get-Rows $Name 'CollectorManifest')[0].Parameters['Table'] | Where-Object { $_ })
        foreach ($match in [regex]::Matches($list, "(?m)^\s*'(\w+)' = (.*)$")) {
            $class = $match.Groups[1].Value
            $tables = @([regex]::Matches($match.Groups[2].Value, "'(\w+)'") | ForEach-Object { $_.Groups[1].Value })
            if ($asked.Count -gt 0 -and @($tables | Where-Object { $asked -contains $_ }).Count -eq 0) { continue }
            ($failed -contains $class -or $null -ne (Get-Rows $Name $class)) | Should -BeTrue -Because "$class is neither there nor reported"
        }
    }
    It 'says in one line what came of it' {
        @((Get-Played $Name).Said | Where-Object { $_ -match '^(Collected|Stopped after) \d+ classes.*next: cmlint check ' }).Count | Should -Be 1
    }
}

Describe 'what cmlint makes of <Name>' -ForEach $judged {
    It 'is no more than of <Base>' {
        $before = Get-Outcome $Base
        $after = Get-Outcome $Name
        $moved = foreach ($key in $after.Keys) {
            $was = @($before[$key]); $is = @($after[$key])
            for ($i = 0; $i -lt $is.Count; $i++) { if ($is[$i] -ne 'not_evaluated' -and $is[$i] -ne $was[$i]) { "${key}: $($was[$i]) -> $($is[$i])" } }
        }
        $moved | Should -BeNullOrEmpty
        $known = @((Get-Judgement $Base).findings | ForEach-Object { $_.fingerprint })
        @((Get-Judgement $Name).findings | Where-Object { $known -notcontains $_.fingerprint } | ForEach-Object { "$($_.rule): $($_.message)" }) | Should -BeNullOrEmpty
        @((Get-Judgement $Name).inputs | Where-Object { $_.status -ne 'read' }).Count | Should -Be 0
    }
}

Describe 'what is right of each' {
    It '<Name>: <What>' -ForEach @(
        @{ Name = 'everything'; What = 'it is what tests/data/collected holds'; Test = {
                # Where this changes on purpose, copy it there, but for the manifest.
                $kept = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', 'data', 'collected'))
                $names = { param($Folder) @([System.IO.Directory]::GetFiles($Folder) | ForEach-Object { [System.IO.Path]::GetFileName($_) } | Sort-Object) }
                & $names ([System.IO.Path]::Combine($output, $Name)) | Should -Be (& $names $kept)
                foreach ($file in (& $names $kept)) { if ($file -ne 'CollectorManifest.json') { [System.IO.File]::ReadAllText([System.IO.Path]::Combine($output, $Name, $file)) | Should -Be ([System.IO.File]::ReadAllText([System.IO.Path]::Combine($kept, $file))) -Because $file } } } }
        @{ Name = 'plain'; What = 'every row of the site is there'; Test = { (Get-Rows $Name 'SMS_SCI_SysResUse').Count | Should -Be 54 } }
        @{ Name = 'plain'; What = 'a list of one is a list, and an empty one is empty'; Test = {
                $lengths = foreach ($class in 'SMS_SCI_Component', 'SMS_SCI_SysResUse', 'SMS_Role', 'SMS_ClientSettingsDefault') {
                    foreach ($row in (Get-Rows $Name $class)) { foreach ($list in 'Props', 'PropLists', 'Operations', 'AgentConfigurations') { if ($null -ne $row[$list]) { , $row[$list] | Should -BeOfType [array]; $row[$list].Count } } }
                }
                foreach ($length in 0, 1, 2) { $lengths | Should -Contain $length } } }
        @{ Name = 'plain'; What = 'dates are in universal time'; Test = { (Get-Rows $Name 'SMS_Admin')[0].CreatedDate | Should -Be '2018-02-01T08:00:00Z' } }
        @{ Name = 'plain'; What = 'the operators of the domain are read'; Test = { @((Get-Rows $Name 'ADGroupMembers') | Where-Object { $_.GroupSid -eq 'S-1-5-32-548' }).Count | Should -Be 1 } }
        @{ Name = 'plain'; What = 'the folder is its owner''s and the administrators'''; Test = { $acl = @((Get-Played $Name).Secured.Values)[0]; $acl.Protected | Should -BeTrue; @($acl.Rules | ForEach-Object { $_.Sid }) | Should -Be ([string[]] ('S-1-5-21-1004336348-1177238915-682003330-7999', 'S-1-5-32-544', 'S-1-5-18')) } }
        @{ Name = 'plain'; What = 'each list is asked for once'; Test = { $calls = (Get-Played $Name).Calls; foreach ($class in 'SMS_Site', 'SMS_SCI_Reserved', 'SMS_SCI_SysResUse', 'SMS_PackageAccessByUsers', 'SMS_MigrationSiteMapping') { $calls["cim.list.$class"] | Should -Be 1 -Because $class }; $calls['sql.Open'] | Should -Be 4 } }
        @{ Name = 'plain'; What = 'hosts and databases are counted'; Test = { $m = (Get-Rows $Name 'CollectorManifest')[0]; $m.HostsAsked.Count | Should -Be 16; $m.HostsReached.Count | Should -Be 15; $m.DatabasesRead.Count | Should -Be 4 } }
        @{ Name = 'class-denied'; What = 'the class is reported'; Test = { (Get-Report $Name 'SMS_Admin').Count | Should -BeGreaterThan 0 } }
        @{ Name = 'class-breaks-midway'; What = 'half a class is not kept'; Test = { Get-Rows $Name 'SMS_SCI_SysResUse' | Should -BeNullOrEmpty } }
        @{ Name = 'sequence-not-xml'; What = 'the other sequences are kept'; Test = { (Get-Rows $Name 'SMS_TaskSequencePackage').Count | Should -Be 4; (Get-Report $Name 'SMS_TaskSequencePackage' 'CAS00077').Count | Should -Be 1 } }
        @{ Name = 'sequence-with-a-document-type'; What = 'nothing is expanded'; Test = { (Get-Report $Name 'SMS_TaskSequencePackage' 'CAS00077').Count | Should -Be 1 } }
        @{ Name = 'scoped-admin'; What = 'lists that are never empty are not taken for proof'; Test = { foreach ($c in 'SMS_TaskSequencePackage', 'SMS_Admin', 'SMS_SCI_Reserved', 'SMS_Role') { (Get-Report $Name $c).Count | Should -BeGreaterThan 0 -Because $c; Get-Rows $Name $c | Should -BeNullOrEmpty } } }
        @{ Name = 'scoped-by-own-entry'; What = 'whoever is limited to scopes is told so'; Test = { (Get-Report $Name 'SMS_TaskSequencePackage')[0].Reason | Should -Match 'limited to the scopes CAS00003'; (Get-Rows $Name 'CollectorManifest')[0].Scopes | Should -Be 'CAS00003' } }
        @{ Name = 'host-timeout'; What = 'the computer is reported, by name, with what to do'; Test = { foreach ($c in $HostClasses) { $r = Get-Report $Name $c '^sup1'; $r.Count | Should -Be 1 -Because $c; $r[0].Reason | Should -Match '-TimeoutSeconds'; $r[0].Computer | Should -Be 'sup1.contoso.com' } } }
        @{ Name = 'host-denied'; What = 'what to do is said'; Test = { (Get-Report $Name 'LocalGroup' '^sup1')[0].Reason | Should -Match '-Credential' } }
        @{ Name = 'host-dies'; What = 'what was done before it died is kept'; Test = { @((Get-Rows $Name 'Win32_ComputerSystem') | Where-Object { $_.Computer -eq 'sup1.contoso.com' }).Count | Should -Be 1; (Get-Report $Name 'LocalGroupMembers' '^sup1').Count | Should -Be 1 } }
        @{ Name = 'host-only-garbage'; What = 'rubbish is a failure'; Test = { (Get-Report $Name 'LocalGroupMembers' '^sup1').Count | Should -Be 1 } }
        @{ Name = 'host-broken-rows'; What = 'a broken row is a failure, the rest is kept'; Test = { (Get-Report $Name 'LocalGroupMembers' '^sup1').Count | Should -Be 1; @((Get-Rows $Name 'UserRightsAssignment') | Where-Object { $_.Computer -eq 'sup1.contoso.com' }).Count | Should -BeGreaterThan 0 } }
        @{ Name = 'host-garbage'; What = 'what else it says does not matter'; Test = { (Get-Report $Name '' '^sup1').Count | Should -Be 0 } }
        @{ Name = 'secedit-empty'; What = 'a template without rights is no proof'; Test = { (Get-Report $Name 'UserRightsAssignment' '^sup1').Count | Should -Be 1 } }
        @{ Name = 'secedit-half'; What = 'nor is one of a failed export'; Test = { (Get-Report $Name 'UserRightsAssignment' '^sup1').Count | Should -Be 1 } }
        @{ Name = 'orphaned-sid'; What = 'an orphan is kept by its identifier'; Test = { @((Get-Rows $Name 'LocalGroupMembers') | Where-Object { $_.Computer -like 'sup1*' -and @($_.Members | Where-Object { $_.SID -like '*-9999' }).Count -eq 1 }).Count | Should -Be 1 } }
        @{ Name = 'orphaned-sid-unreadable'; What = 'the other members are kept, and the group is reported'; Test = { @((Get-Rows $Name 'LocalGroupMembers') | Where-Object { $_.Computer -like 'sup1*' -and $_.Group -eq 'Administrators' })[0].Members.Count | Should -BeGreaterThan 0; (Get-Report $Name 'LocalGroupMembers' '^sup1')[0].Group | Should -Be 'Administrators' } }
        @{ Name = 'long-host-name'; What = 'its rows go by the name that the site has for it'; Test = { @((Get-Rows $Name 'LocalGroup') | Where-Object { $_.Computer -eq 'sup1.contoso.com' }).Count | Should -BeGreaterThan 0 } }
        @{ Name = 'bad-computer-name'; What = 'one odd name costs no other'; Test = { @((Get-Rows $Name 'LocalGroupMembers') | Where-Object { $_.Computer -eq 'fs1.contoso.com' }).Count | Should -BeGreaterThan 0; (Get-Report $Name 'LocalGroup' 'no such name').Count | Should -Be 1 } }
        @{ Name = 'one-batch-throws'; What = 'each computer is tried alone'; Test = { (Get-Rows $Name 'CollectorManifest')[0].HostsReached.Count | Should -Be 15 } }
        @{ Name = 'remoting-throws'; What = 'every computer is reported'; Test = { foreach ($c in $HostClasses) { (Get-Report $Name $c).Count | Should -BeGreaterOrEqual 15 } } }
        @{ Name = 'sql-port'; What = 'the port is no part of the name'; Test = { @((Get-Rows $Name 'SqlPrincipal') | Where-Object { $_.Server -eq 'sql01.contoso.com' }).Count | Should -BeGreaterThan 0; (Get-Rows $Name 'CollectorManifest')[0].HostsReached | Should -Contain 'sql01.contoso.com' } }
        @{ Name = 'role-database-port'; What = 'nor are protocol and instance'; Test = { (Get-Report $Name '' 'tcp|inst1|1533').Count | Should -Be 0 } }
        @{ Name = 'system-list-timeout'; What = 'that the computers are not known is said'; Test = { foreach ($c in $HostClasses) { (Get-Report $Name $c 'the computers').Count | Should -Be 1 } } }
        @{ Name = 'error-midway'; What = 'what was not come to is said'; Test = { (Get-Report $Name 'ADUser')[0].Reason | Should -Match 'not come to'; (Get-Report $Name 'SqlPrincipal')[0].Reason | Should -Match 'not come to' } }
        @{ Name = 'bind-fails'; What = 'the reason is the server''s'; Test = { (Get-Report $Name 'ADDomain')[0].Reason | Should -Match 'not operational' } }
        @{ Name = 'domain-unreachable'; What = 'the other domain is read'; Test = { (Get-Report $Name 'ADUser' 'emea').Count | Should -BeGreaterThan 0; (Get-Rows $Name 'ADDomain').Count | Should -Be 1 } }
        @{ Name = 'domain-search-fails'; What = 'nobody says that all accounts are there'; Test = { @((Get-Rows $Name 'ADUser') | Where-Object { $_.SID -match '-50[12]$' }).Count | Should -Be 0 } }
        @{ Name = 'too-many-accounts'; What = 'that not all are there is reported'; Test = { (Get-Report $Name 'ADUser' 'contoso').Count | Should -Be 1; @((Get-Rows $Name 'ADUser') | Where-Object { $_.SID -match '-50[12]$' }).Count | Should -Be 0 } }
        @{ Name = 'group-of-3200'; What = 'all members are there'; Test = { @((Get-Rows $Name 'ADGroupMembers') | Where-Object { $_.Group -eq 'Helpdesk' })[0].Members.Count | Should -Be 3200 } }
        @{ Name = 'group-of-3000'; What = 'all members are there, also of a whole number of portions'; Test = { @((Get-Rows $Name 'ADGroupMembers') | Where-Object { $_.Group -eq 'Helpdesk' })[0].Members.Count | Should -Be 3000 } }
        @{ Name = 'member-of-unreachable-domain'; What = 'the others are kept, and the group is reported'; Test = { @((Get-Rows $Name 'ADGroupMembers') | Where-Object { $_.Group -eq 'Helpdesk' })[0].Members.Count | Should -Be 2; (Get-Report $Name 'ADGroupMembers' 'Helpdesk').Count | Should -Be 1 } }
        @{ Name = 'member-attributes-hidden'; What = 'its place is written, and no domain without a name'; Test = { $m = @((Get-Rows $Name 'ADGroupMembers') | Where-Object { $_.Group -eq 'Helpdesk' })[0].Members; @($m | Where-Object { $_.Name -match '\\$' }).Count | Should -Be 0; @($m | Where-Object { $_.SamAccountName -eq '' })[0].DistinguishedName | Should -Match '^CN='; (Get-Report $Name 'ADGroupMembers' 'Helpdesk').Count | Should -Be 1 } }
        @{ Name = 'member-without-account-name'; What = 'a contact is none of a domain'; Test = { @((Get-Rows $Name 'ADGroupMembers').Members | Where-Object { $_ -and $_.Name -match '\\$' }).Count | Should -Be 0 } }
        @{ Name = 'attributes-hidden'; What = 'what may not be read is not known'; Test = { foreach ($row in (Get-Rows $Name 'ADUser')) { foreach ($p in 'Enabled', 'LockedOut', 'PasswordLastSet', 'PrimaryGroupID') { $row[$p] | Should -BeNullOrEmpty } } } }
        @{ Name = 'odd-distinguished-names'; What = 'all of them are found'; Test = { $m = @((Get-Rows $Name 'ADGroupMembers') | Where-Object { $_.Group -eq 'Helpdesk' })[0].Members; @($m | ForEach-Object { $_.SamAccountName } | Sort-Object) | Should -Be ([string[]] ('odd1', 'odd2', 'odd3', 'odd4')) } }
        @{ Name = 'other-suffix'; What = 'an account is found by a name with another suffix'; Test = { @((Get-Rows $Name 'ADUser') | Where-Object { $_.UserPrincipalName -eq 'svc-suffix@corp.example' }).Count | Should -Be 1 } }
        @{ Name = 'domain-named-twice'; What = 'a domain is read once'; Test = { (Get-Rows $Name 'ADDomain').Count | Should -Be 1 } }
        @{ Name = 'server-named'; What = 'its forest is read'; Test = { (Get-Rows $Name 'ADDomain').Count | Should -Be 1; (Get-Report $Name 'ADDomain').Count | Should -Be 0 } }
        @{ Name = 'sql-metadata-hidden'; What = 'hidden metadata are no proof'; Test = { (Get-Report $Name 'SqlRoleMember').Count | Should -Be 8; (Get-Report $Name 'SqlRoleMember')[0].Reason | Should -Match 'VIEW ANY DEFINITION' } }
        @{ Name = 'skip-hosts'; What = 'what is left out is said'; Test = { foreach ($c in $HostClasses) { (Get-Report $Name $c 'the computers').Count | Should -Be 1 }; Get-Rows $Name 'SourceSitePermission' | Should -BeNullOrEmpty } }
        @{ Name = 'skip-computer'; What = 'what is left out is said'; Test = { (Get-Report $Name 'LocalGroupMembers' '^sup1')[0].Reason | Should -Match 'left out'; (Get-Report $Name 'SqlPrincipal' '^sql01').Count | Should -Be 1 } }
        @{ Name = 'table-comma-text'; What = 'one text with commas is a list'; Test = { (Get-Rows $Name 'CollectorManifest')[0].Parameters.Table | Should -Be ([string[]] ('user_rights', 'local_groups')) } }
        @{ Name = 'table-blank'; What = 'a list with blanks is one'; Test = { (Get-Rows $Name 'CollectorManifest')[0].Parameters.Table | Should -Be ([string[]] ('user_rights', 'local_groups')); Get-Rows $Name 'SMS_Admin' | Should -BeNullOrEmpty } }
        @{ Name = 'table-trusts'; What = 'nothing else is asked for'; Test = { (Get-Played $Name).Calls['cim.get.SMS_SCI_SysResUse'] | Should -BeNullOrEmpty; Get-Rows $Name 'SMS_SCI_SysResUse' | Should -BeNullOrEmpty } }
        @{ Name = 'strict'; What = 'the folder is the same, row by row'; Test = { foreach ($file in [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($output, 'plain'))) { $short = [System.IO.Path]::GetFileName($file); if ($short -like 'CollectorManifest*') { continue }; [System.IO.File]::ReadAllText([System.IO.Path]::Combine($output, 'strict', $short)) | Should -Be ([System.IO.File]::ReadAllText($file)) -Because $short } } }
        @{ Name = 'passwords'; What = 'that there are passwords is still said'; Test = { @((Get-Judgement $Name).findings | Where-Object { $_.rule -eq 'clear-text-password' }).Count | Should -BeGreaterThan 0 } }
        @{ Name = 'passwords-kept'; What = 'command lines are there'; Test = { [System.IO.File]::ReadAllText([System.IO.Path]::Combine($output, $Name, 'SMS_TaskSequencePackage.json')) | Should -Match 'schtasks /create' } }
        @{ Name = 'scale-site'; What = 'few round trips'; Test = { $calls = (Get-Played $Name).Calls; ($calls.Keys | Where-Object { $_ -match '^cim\.\w+\.SMS_SCI_SysResUse$' -and $_ -notmatch 'rows' } | ForEach-Object { $calls[$_] } | Measure-Object -Sum).Sum | Should -BeLessOrEqual 5; $calls['cim.query.SMS_R_System'] | Should -Be 1; $calls['cim.rows.SMS_R_System'] | Should -BeLessOrEqual 3 } }
        @{ Name = 'scale-messages'; What = 'one query for all accounts'; Test = { $calls = (Get-Played $Name).Calls; $calls['cim.query.SMS_StatusMessage'] | Should -Be 1; $calls['cim.query.SMS_StatMsgInsStrings'] | Should -BeNullOrEmpty; (Get-Rows $Name 'AccountChange').Count | Should -BeGreaterThan 0 } }
        @{ Name = 'scale-directory'; What = 'accounts once, members in pages'; Test = { $calls = (Get-Played $Name).Calls; $calls['ldap.Entry'] | Should -BeLessThan 27000; $calls['ldap.Search.Base'] + $calls['ldap.Search.Subtree'] | Should -BeLessThan 100; @((Get-Rows $Name 'ADGroupMembers') | Where-Object { $_.Group -eq 'Helpdesk' })[0].Members.Count | Should -Be 5000 } }
        @{ Name = 'scale-accounts'; What = 'four thousand accounts are looked up fifty at a time'; Test = { (Get-Played $Name).Calls['cim.get.SMS_TaskSequencePackage'] | Should -Be 2005; (Get-Played $Name).Calls['ldap.Search.Subtree'] | Should -BeLessThan 120 } }
        @{ Name = 'scale-sequences'; What = 'two thousand task sequences, each fetched once'; Test = { (Get-Played $Name).Calls['cim.get.SMS_TaskSequencePackage'] | Should -Be 2005; (Get-Rows $Name 'SMS_TaskSequencePackage').Count | Should -Be 2004 } }
    ) {
        if (-not (Test-Played $Name)) { Set-ItResult -Skipped -Because "$Name was not played"; return }
        & $Test
    }
}
